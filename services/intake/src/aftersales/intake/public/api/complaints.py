"""HTTP API: complaints from the public page, as desks handle them (INT-11)."""

from typing import Annotated

from fastapi import APIRouter, Path

from aftersales.engine import PROBLEMS, Cursor, Limit, Page, RequestContext
from aftersales.intake.public import handlers
from aftersales.intake.public.domain.complaint import AnswerComplaint, ComplaintState, PublicComplaint, VerifyComplaint

router = APIRouter(responses=PROBLEMS)
ComplaintNumber = Annotated[str, Path(pattern=r"^CP-[0-9]{6}-[0-9A-HJKMNP-TV-Z]{4}$")]
"""The number of a complaint, such as `CP-261122-7K3F`."""


@router.get("/complaints")
async def list_complaints(
    context: RequestContext, state: ComplaintState | None = None, cursor: Cursor = None, limit: Limit = 50
) -> Page[PublicComplaint]:
    """List complaints, oldest first."""
    return await context.page(PublicComplaint, {"state": state}, cursor, limit, "received_at")


@router.get("/complaints/{number}")
async def show_complaint(number: ComplaintNumber, context: RequestContext) -> PublicComplaint:
    """Show a complaint."""
    return await context.read(PublicComplaint, number)


@router.post("/complaints/{number}/take")
async def take_complaint(number: ComplaintNumber, context: RequestContext) -> PublicComplaint:
    """Take responsibility for the complaint."""
    return await context.do(handlers.take_complaint, number)


@router.post("/complaints/{number}/answer")
async def answer_complaint(number: ComplaintNumber, form: AnswerComplaint, context: RequestContext) -> PublicComplaint:
    """Record what the customer was told, due within a day in the presets, with the promised time (FBK-3, INT-18)."""
    return await context.do(handlers.answer_complaint, number, form, context.catalogue, context.settings.zone)


@router.post("/complaints/{number}/verify")
async def verify_complaint(number: ComplaintNumber, form: VerifyComplaint, context: RequestContext) -> PublicComplaint:
    """Record whether the complaint is founded, due within three working days in the presets (FBK-3)."""
    return await context.do(handlers.verify_complaint, number, form)
