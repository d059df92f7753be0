"""HTTP in: what a desk sees before it saves a request, and requests that may be the same (INT-2)."""

from fastapi import APIRouter, HTTPException

from aftersales.engine import PROBLEMS, Desk
from aftersales.intake.requests.domain.form import RegisterRequest
from aftersales.intake.requests.domain.preview import Preview
from aftersales.intake.requests.domain.request import ServiceRequest
from aftersales.intake.requests.domain.similar import Similar
from aftersales.intake.requests.handlers import preview

from .requests import Number

router = APIRouter(responses=PROBLEMS)


@router.post("/requests/check")
async def check_request(form: RegisterRequest, desk: Desk) -> Preview:
    """Say what `POST /requests` would do with the same body, and what is known already. Nothing is stored."""
    checked = await desk.rehearse(preview.check_request, form, desk.library)
    caller, within = checked.customer.id if checked.customer else None, desk.settings.duplicate_within
    alike = await preview.similar_to_form(desk.mongo, form, caller, within, desk.now)
    return checked.model_copy(update={"duplicates": alike})


@router.get("/requests/check", include_in_schema=False)
async def refuse_reading() -> None:
    """Not a request's number, which `GET /requests/{number}` would take it for."""
    raise HTTPException(405)


@router.get("/requests/{number}/similar")
async def list_similar(number: Number, desk: Desk) -> tuple[Similar, ...]:
    """Requests with the same fault of the same person or product, open or of about the same time."""
    request = await desk.read(ServiceRequest, number)
    return await preview.similar_to(desk.mongo, request, desk.settings.duplicate_within, desk.now)
