"""HTTP in: service requests (INT-2), one by one, several of a contact, or by the sheet (`aftersales import`)."""

from typing import Annotated

from fastapi import APIRouter, Path

from aftersales.common.http.batches import Batch, Job, Outcomes, take
from aftersales.common.policies import LIST
from aftersales.engine import PROBLEMS, Cursor, Desk, Limit, Needs, Page
from aftersales.intake.archive.domain.contact import CustomerId
from aftersales.intake.archive.store import about, standing
from aftersales.intake.network.domain import Branch
from aftersales.intake.requests.domain.form import FIELDS, CancelRequest, RegisterContact, RegisterRequest
from aftersales.intake.requests.domain.request import ServiceRequest
from aftersales.intake.requests.handlers import requests
from aftersales.intake.sales.store import caller, owned
from aftersales.intake.vocabulary import KINDS, RequestKind, RequestNumber

router = APIRouter(responses=PROBLEMS)
CustomerNumber = Annotated[CustomerId, Path()]
Number = Annotated[RequestNumber, Path()]


@router.post("/requests", status_code=201)
async def register_request(form: RegisterRequest, desk: Desk) -> ServiceRequest:
    """Record a contact (INT-2)."""
    return await desk.do(requests.register_request, form, desk.library, needs=_registered(form))


@router.post("/imports/requests")
async def import_requests(batch: Batch, desk: Desk) -> Outcomes:
    """Record contacts (INT-2): each form as `POST /requests` takes it."""

    def job(form: RegisterRequest) -> Job:
        return Job(requests.register_request, (form, desk.library), _registered(form))

    return await take(desk, batch, RegisterRequest, job)


@router.post("/contacts", status_code=201)
async def register_contact(contact: RegisterContact, desk: Desk) -> list[ServiceRequest]:
    """Record one contact about several products: each becomes a request of its own (INT-2)."""
    products = (need for one in contact.subjects for need in owned(one.product.serial, one.product.model))
    needs = (*_ground(contact), *products)
    return await desk.do(requests.register_contact, contact, desk.library, needs=needs)


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
    return await desk.do(requests.cancel_request, number, command, needs=((ServiceRequest, number),))


def _registered(form: RegisterRequest) -> Needs:
    return *_ground(form), *owned(form.product.serial, form.product.model)


def _ground(form: RegisterRequest | RegisterContact) -> Needs:
    return (Branch, form.branch), caller(form.customer.phone), *LIST
