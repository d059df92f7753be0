"""HTTP: lists and shows work orders."""

from typing import Annotated

from fastapi import APIRouter, Path

from aftersales.engine import PROBLEMS, Cursor, Limit, Page, RequestContext
from aftersales.values import Code

from .domain.order import NUMBER, State, WorkOrder

router = APIRouter(responses=PROBLEMS)
OrderNumber = Annotated[str, Path(pattern=NUMBER)]
"""The number of a work order, such as `WO-261122-7K3F`."""


@router.get("/orders")
async def list_orders(  # noqa: PLR0913, PLR0917 (three filters and the page)
    context: RequestContext,
    branch: Code | None = None,
    state: State | None = None,
    technician: Code | None = None,
    cursor: Cursor = None,
    limit: Limit = 50,
) -> Page[WorkOrder]:
    """List work orders."""
    where = {"branch": branch, "state": state, "technician": technician}
    return await context.page(WorkOrder, where, cursor, limit)


@router.get("/orders/{number}")
async def show_order(number: OrderNumber, context: RequestContext) -> WorkOrder:
    """Show a work order with its assignment, its steps and its clocks."""
    return await context.read(WorkOrder, number)
