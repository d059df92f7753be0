"""HTTP in: issue slips are read."""

from typing import Annotated

from fastapi import APIRouter, Path

from aftersales.engine import PROBLEMS, Cursor, Desk, Limit, Page
from aftersales.values import Code

from .domain import IssueSlip, State

router = APIRouter(responses=PROBLEMS)
SlipNumber = Annotated[str, Path(pattern=r"^IS-[0-9]{6}-[0-9A-HJKMNP-TV-Z]{4}-[1-9][0-9]{0,3}$")]


@router.get("/slips")
async def list_slips(
    desk: Desk, branch: Code | None = None, state: State | None = None, cursor: Cursor = None, limit: Limit = 50
) -> Page[IssueSlip]:
    return await desk.page(IssueSlip, {"branch": branch, "state": state}, cursor, limit)


@router.get("/slips/{number}")
async def show_slip(number: SlipNumber, desk: Desk) -> IssueSlip:
    return await desk.read(IssueSlip, number)
