"""HTTP API: complaints from the public page, as desks handle them (INT-11)."""

from typing import Annotated

from fastapi import APIRouter, Path

from aftersales.engine import PROBLEMS, Cursor, Limit, Page, RequestContext
from aftersales.intake.public import handlers
from aftersales.intake.public.domain import ComplaintState, PublicComplaint

router = APIRouter(responses=PROBLEMS)
ComplaintNumber = Annotated[str, Path(pattern=r"^CP-[0-9]{6}-[0-9A-HJKMNP-TV-Z]{4}$")]


@router.get("/complaints")
async def list_complaints(
    context: RequestContext, state: ComplaintState | None = None, cursor: Cursor = None, limit: Limit = 50
) -> Page[PublicComplaint]:
    """List complaints, oldest first."""
    return await context.page(PublicComplaint, {"state": state}, cursor, limit, "received_at")


@router.get("/complaints/{number}")
async def show_complaint(number: ComplaintNumber, context: RequestContext) -> PublicComplaint:
    return await context.read(PublicComplaint, number)


@router.post("/complaints/{number}/take")
async def take_complaint(number: ComplaintNumber, context: RequestContext) -> PublicComplaint:
    """Take responsibility for the complaint."""
    return await context.do(handlers.take_complaint, number)
