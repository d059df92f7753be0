"""HTTP in: branches (ALL-2) and when they are open (ALL-3)."""

from datetime import timedelta
from typing import Annotated

from fastapi import APIRouter, Path, Query

from aftersales.common.branch_hours import BranchHours
from aftersales.common.business_time import Span, spans
from aftersales.common.errors import Malformed
from aftersales.common.service import PROBLEMS, Cursor, Desk, Limit, Page
from aftersales.common.values import Code, Moment
from aftersales.intake.domain.branch import Branch, BranchForm
from aftersales.intake.handlers import branches

router = APIRouter(responses=PROBLEMS)
BranchCode = Annotated[Code, Path()]
MOST_DAYS = 92
"""So long a stretch is explained at once: a quarter."""


@router.put("/branches/{code}")
async def register_branch(code: BranchCode, form: BranchForm, desk: Desk) -> Branch:
    return await desk.do(branches.register_branch, code, form, needs=((Branch, code), (BranchHours, code)))


@router.get("/branches")
async def list_branches(desk: Desk, cursor: Cursor = None, limit: Limit = 50) -> Page[Branch]:
    return await desk.page(Branch, {}, cursor, limit)


@router.get("/branches/{code}")
async def show_branch(code: BranchCode, desk: Desk) -> Branch:
    return await desk.read(Branch, code)


@router.get("/branches/{code}/hours")
async def show_hours(
    code: BranchCode,
    desk: Desk,
    since: Annotated[Moment, Query(alias="from")],
    until: Annotated[Moment, Query(alias="to")],
) -> list[Span]:
    """Tell of all time from `from` to `to` (92 days at most) whether the branch is open, and why (ALL-3)."""
    if not timedelta() < until - since <= timedelta(days=MOST_DAYS):
        raise Malformed("calendar.range_malformed", days=MOST_DAYS)
    branch = await desk.read(Branch, code)
    return list(spans(branch.calendar, since, until))
