"""HTTP in: service requests (INT-2), one by one, several of a contact, or by the sheet (`aftersales import`)."""

from typing import Annotated

from fastapi import APIRouter, Path

from aftersales.common.http.batches import Batch, Outcomes, take
from aftersales.engine import PROBLEMS, Call, Cursor, Desk, Limit, Page, prepare_call
from aftersales.intake.archive.domain.contact import CustomerId
from aftersales.intake.archive.store import about, standing
from aftersales.intake.requests.domain.form import FIELDS, CancelRequest, RegisterContact, RegisterRequest
from aftersales.intake.requests.domain.request import ServiceRequest
from aftersales.intake.requests.handlers import requests
from aftersales.intake.vocabulary import KINDS, RequestKind, RequestNumber

router = APIRouter(responses=PROBLEMS)
CustomerNumber = Annotated[CustomerId, Path()]
Number = Annotated[RequestNumber, Path()]


@router.post("/requests", status_code=201)
async def register_request(form: RegisterRequest, desk: Desk) -> ServiceRequest:
    """Record a contact (INT-2)."""
    return await desk.do(requests.register_request, form, desk.library)


@router.post("/imports/requests")
async def import_requests(batch: Batch, desk: Desk) -> Outcomes:
    """Record contacts (INT-2): each form as `POST /requests` takes it."""

    def job(form: RegisterRequest) -> Call[ServiceRequest]:
        return prepare_call(requests.register_request, form, desk.library)

    return await take(desk, batch, RegisterRequest, job)


@router.post("/contacts", status_code=201)
async def register_contact(contact: RegisterContact, desk: Desk) -> list[ServiceRequest]:
    """Record one contact about several products: each becomes a request of its own (INT-2)."""
    return await desk.do(requests.register_contact, contact, desk.library)


@router.get("/forms")
async def show_forms() -> dict[RequestKind, tuple[str, ...]]:
    """Name the fields that each kind of request must have, besides customer and product (INT-4)."""
    return {kind: FIELDS.get(kind, ()) for kind in KINDS}


@router.get("/requests/{number}")
async def show_request(number: Number, desk: Desk) -> ServiceRequest:
    return await desk.read(ServiceRequest, number)


@router.get("/customers/{customer}/requests")
async def list_requests(
    customer: CustomerNumber, desk: Desk, cursor: Cursor = None, limit: Limit = 50
) -> Page[ServiceRequest]:
    """Their service requests, the newest first, with those of everybody who was merged into them."""
    owner = await standing(desk.mongo, customer)
    return await desk.page(ServiceRequest, about(owner), cursor, limit)


@router.post("/requests/{number}/cancel")
async def cancel_request(number: Number, command: CancelRequest, desk: Desk) -> ServiceRequest:
    return await desk.do(requests.cancel_request, number, command)
