"""HTTP: lists and shows issue slips."""

from typing import Annotated

from fastapi import APIRouter, Path

from aftersales.engine import PROBLEMS, Cursor, Limit, Page, RequestContext
from aftersales.values import Code

from .domain import IssueSlip, SlipState

router = APIRouter(responses=PROBLEMS)
SlipNumber = Annotated[str, Path(pattern=r"^IS-[0-9]{6}-[0-9A-HJKMNP-TV-Z]{4}-[1-9][0-9]{0,3}$")]
"""The number of the issue slip, such as `IS-261122-7K3F-1`."""


@router.get("/slips")
async def list_slips(
    context: RequestContext,
    branch: Code | None = None,
    state: SlipState | None = None,
    cursor: Cursor = None,
    limit: Limit = 50,
) -> Page[IssueSlip]:
    """List issue slips."""
    return await context.page(IssueSlip, {"branch": branch, "state": state}, cursor, limit)


@router.get("/slips/{number}")
async def show_slip(number: SlipNumber, context: RequestContext) -> IssueSlip:
    """Show an issue slip with its lines."""
    return await context.read(IssueSlip, number)
