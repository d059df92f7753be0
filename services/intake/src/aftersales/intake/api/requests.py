"""HTTP in: service requests (INT-2)."""

from typing import Annotated

from fastapi import APIRouter, Path

from aftersales.common.policies import LIST
from aftersales.common.service import PROBLEMS, Desk
from aftersales.common.work.piece import Needs
from aftersales.intake.domain.branch import Branch
from aftersales.intake.domain.form import FIELDS, CancelRequest, RegisterContact, RegisterRequest
from aftersales.intake.domain.request import ServiceRequest
from aftersales.intake.handlers import requests
from aftersales.intake.store.archive import caller, owned
from aftersales.intake.vocabulary import KINDS, RequestKind

router = APIRouter(responses=PROBLEMS)
Number = Annotated[str, Path(pattern=r"^SR-[0-9]{6}-[0-9A-HJKMNP-TV-Z]{4}$")]


@router.post("/requests", status_code=201)
async def register_request(form: RegisterRequest, desk: Desk) -> ServiceRequest:
    """Record a contact (INT-2)."""
    needs = (*_ground(form), *owned(form.product.serial, form.product.model))
    return await desk.do(requests.register_request, form, desk.library, needs=needs)


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


@router.post("/requests/{number}/cancel")
async def cancel_request(number: Number, command: CancelRequest, desk: Desk) -> ServiceRequest:
    return await desk.do(requests.cancel_request, number, command, needs=((ServiceRequest, number),))


def _ground(form: RegisterRequest | RegisterContact) -> Needs:
    return (Branch, form.branch), caller(form.customer.phone), *LIST
