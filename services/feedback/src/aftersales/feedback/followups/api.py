"""HTTP in: clerks read callbacks."""

from typing import Annotated

from fastapi import APIRouter, Path

from aftersales.engine import PROBLEMS, Cursor, Desk, Limit, Page
from aftersales.values import Code

from .domain import ID, FollowUp, State

router = APIRouter(responses=PROBLEMS)
FollowUpId = Annotated[str, Path(pattern=ID)]


@router.get("/followups", response_model_exclude={"items": {"__all__": {"survey_token"}}})
async def list_followups(
    desk: Desk, branch: Code | None = None, state: State | None = None, cursor: Cursor = None, limit: Limit = 50
) -> Page[FollowUp]:
    return await desk.page(FollowUp, {"branch": branch, "state": state}, cursor, limit)


@router.get("/followups/{key}", response_model_exclude={"survey_token"})
async def show_followup(key: FollowUpId, desk: Desk) -> FollowUp:
    return await desk.read(FollowUp, key)
