"""HTTP: clerks read callbacks."""

from typing import Annotated

from fastapi import APIRouter, Path

from aftersales.engine import PROBLEMS, Cursor, Limit, Page, RequestContext
from aftersales.values import Code

from .domain import ID, FollowUp, FollowUpState

router = APIRouter(responses=PROBLEMS)
FollowUpId = Annotated[str, Path(pattern=ID)]
"""The id of a callback, such as `FU-261122-7K3F-1`."""


@router.get("/followups", response_model_exclude={"items": {"__all__": {"survey_token"}}})
async def list_followups(
    context: RequestContext,
    branch: Code | None = None,
    state: FollowUpState | None = None,
    cursor: Cursor = None,
    limit: Limit = 50,
) -> Page[FollowUp]:
    """List callbacks."""
    return await context.page(FollowUp, {"branch": branch, "state": state}, cursor, limit)


@router.get("/followups/{key}", response_model_exclude={"survey_token"})
async def show_followup(key: FollowUpId, context: RequestContext) -> FollowUp:
    """Show a callback with its outcome."""
    return await context.read(FollowUp, key)
