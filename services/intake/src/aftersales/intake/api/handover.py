"""HTTP in: shift handover (ALL-7)."""

from typing import Annotated

from fastapi import APIRouter, Path

from aftersales.common.policies import LIST
from aftersales.common.service import PROBLEMS, Cursor, Desk, Limit, Page
from aftersales.common.values import Code
from aftersales.intake.domain.branch import Branch
from aftersales.intake.domain.handover import HandoverForm, Settle, ShiftHandover
from aftersales.intake.domain.people import Person
from aftersales.intake.domain.request import ServiceRequest
from aftersales.intake.handlers import handover
from aftersales.intake.store.office import open_requests
from aftersales.intake.vocabulary import RequestNumber

router = APIRouter(responses=PROBLEMS)
Number = Annotated[RequestNumber, Path()]
HandoverNumber = Annotated[str, Path(pattern=r"^SH-[0-9]{6}-[0-9A-HJKMNP-TV-Z]{4}$")]


@router.post("/handovers", status_code=201)
async def list_shift(form: HandoverForm, desk: Desk) -> ShiftHandover:
    """List what is open at the end of a shift for the next one, which has until noon."""
    requests = await open_requests(desk.mongo, form.branch, form.from_person if form.only_own else None)
    return await desk.do(handover.list_shift, form, requests, desk.library, needs=((Branch, form.branch), *LIST))


@router.get("/handovers")
async def list_handovers(
    desk: Desk, branch: Code | None = None, open: bool | None = None, cursor: Cursor = None, limit: Limit = 50
) -> Page[ShiftHandover]:
    return await desk.page(ShiftHandover, {"branch": branch, "open": open}, cursor, limit)


@router.get("/handovers/{id}")
async def show_handover(id: HandoverNumber, desk: Desk) -> ShiftHandover:
    return await desk.read(ShiftHandover, id)


@router.post("/handovers/{id}/lines/{number}/take")
async def take_line(id: HandoverNumber, number: Number, desk: Desk) -> ShiftHandover:
    """Take the request over, as somebody of the next shift (X-Actor): from now on they own it."""
    needs = ((ShiftHandover, id), (ServiceRequest, number), (Person, desk.actor))
    return await desk.do(handover.take_line, id, number, needs=needs)


@router.post("/handovers/{id}/lines/{number}/settle")
async def settle_line(id: HandoverNumber, number: Number, form: Settle, desk: Desk) -> ShiftHandover:
    """Say what became of it, as somebody of the next shift (X-Actor)."""
    needs = ((ShiftHandover, id), (Person, desk.actor))
    return await desk.do(handover.settle_line, id, number, form, needs=needs)
