"""HTTP API: the preview of a request before it is saved, and similar requests (INT-2)."""

from fastapi import APIRouter, HTTPException

from aftersales.engine import PROBLEMS, RequestContext
from aftersales.intake.requests.domain.form import RegisterRequest
from aftersales.intake.requests.domain.preview import Preview
from aftersales.intake.requests.domain.request import ServiceRequest
from aftersales.intake.requests.domain.similar import Similar
from aftersales.intake.requests.handlers import preview

from .requests import CurrentClassifier, ServiceRequestNumber

router = APIRouter(responses=PROBLEMS)


@router.post("/requests/check")
async def check_request(form: RegisterRequest, context: RequestContext, classifier: CurrentClassifier) -> Preview:
    """Show what `POST /requests` would do with the same body, and what is already known. Nothing is stored."""
    checked = await context.rehearse(preview.check_request, form, context.catalogue, classifier)
    within = context.settings.duplicate_within
    alike = await preview.similar_to_form(context.mongo, form, checked, within, context.now)
    return checked.model_copy(update={"duplicates": alike})


@router.api_route("/requests/check", methods=["GET", "PATCH"], include_in_schema=False)
@router.patch("/requests/export", include_in_schema=False)
@router.patch("/requests/rows", include_in_schema=False)
async def refuse_reading() -> None:
    """Refuse these paths, which `GET` and `PATCH /requests/{number}` would otherwise match."""
    raise HTTPException(405)


@router.get("/requests/{number}/similar")
async def list_similar(number: ServiceRequestNumber, context: RequestContext) -> tuple[Similar, ...]:
    """List requests with the same fault and the same person or product, open or from about the same time."""
    request = await context.read(ServiceRequest, number)
    return await preview.similar_to(context.mongo, request, context.settings.duplicate_within, context.now)
