"""HTTP API: recalls and upgrades (INT-4)."""

from typing import Annotated, Literal

from fastapi import APIRouter, Path
from pydantic import BaseModel

from aftersales.engine import PROBLEMS, Cursor, Limit, Page, RequestContext
from aftersales.values import Code, Serial

from . import handlers
from .domain import CaseState, CloseRecall, Recall, RecallCase, RecallForm, RecallStep, TakeStep

router = APIRouter(responses=PROBLEMS)
RecallNumber = Annotated[str, Path(pattern=r"^RC-[0-9]{6}-[0-9A-HJKMNP-TV-Z]{4}$")]
"""The number of the recall, such as `RC-261122-7K3F`."""
RecallState = Literal["open", "closed"]


class RecallProgress(BaseModel):
    """A recall and its progress."""

    recall: Recall
    searched: bool
    """Whether the whole archive was searched."""
    total: int
    counts: dict[CaseState, int]
    completion: float
    """The percentage of cases that are done."""


def _progress(recall: Recall) -> RecallProgress:
    return RecallProgress(
        recall=recall,
        searched=recall.cursor is None,
        total=recall.total,
        counts=recall.counts,
        completion=recall.completion,
    )


@router.post("/recalls", status_code=201)
async def open_recall(form: RecallForm, context: RequestContext) -> Recall:
    """Open a recall or an upgrade, and start to search the archive for affected products immediately (INT-4)."""
    return await context.do(handlers.open_recall, form)


@router.get("/recalls")
async def list_recalls(
    context: RequestContext, state: RecallState | None = None, cursor: Cursor = None, limit: Limit = 50
) -> Page[RecallProgress]:
    """List recalls and upgrades."""
    page = await context.page(Recall, {"state": state}, cursor, limit)
    return Page(items=[_progress(recall) for recall in page.items], next=page.next)


@router.get("/recalls/{number}")
async def show_recall(number: RecallNumber, context: RequestContext) -> RecallProgress:
    """Show a recall or an upgrade."""
    return _progress(await context.read(Recall, number))


@router.post("/recalls/{number}/close")
async def close_recall(number: RecallNumber, form: CloseRecall, context: RequestContext) -> Recall:
    """Close the recall for new products; its cases can still be done."""
    return await context.do(handlers.close_recall, number, form)


@router.get("/recalls/{number}/cases")
async def list_cases(  # noqa: PLR0913, PLR0917 (its query string)
    number: RecallNumber,
    context: RequestContext,
    state: CaseState | None = None,
    branch: Code | None = None,
    cursor: Cursor = None,
    limit: Limit = 50,
) -> Page[RecallCase]:
    """List the affected products of a recall, each with its progress."""
    return await context.page(RecallCase, {"recall": number, "state": state, "branch": branch}, cursor, limit)


@router.post("/recalls/{number}/cases/{serial:path}/{step}")
async def take_step(
    number: RecallNumber, serial: Annotated[Serial, Path()], step: RecallStep, form: TakeStep, context: RequestContext
) -> RecallCase:
    """Record a step for an affected product (INT-4): `told`, `scheduled`, `done`, `declined` or `unreachable`."""
    return await context.do(handlers.take_step, number, serial, step, form)
