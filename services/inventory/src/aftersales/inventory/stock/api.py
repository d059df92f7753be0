"""HTTP: lists stock and the ledger."""

from fastapi import APIRouter

from aftersales.engine import PROBLEMS, Cursor, Limit, Page, RequestContext
from aftersales.values import Code

from .domain import Movement, StockItem

router = APIRouter(responses=PROBLEMS)


@router.get("/stock")
async def list_stock(
    context: RequestContext,
    branch: Code | None = None,
    part: Code | None = None,
    cursor: Cursor = None,
    limit: Limit = 50,
) -> Page[StockItem]:
    """List the stock, by part, lot and bin."""
    return await context.page(StockItem, {"branch": branch, "part": part}, cursor, limit)


@router.get("/movements")
async def list_movements(
    context: RequestContext,
    part: Code | None = None,
    order: Code | None = None,
    cursor: Cursor = None,
    limit: Limit = 50,
) -> Page[Movement]:
    """List movements of stock, which together make up the ledger."""
    return await context.page(Movement, {"part": part, "order": order}, cursor, limit)
