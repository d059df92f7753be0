"""HTTP in: service requests (INT-2)."""

from typing import Annotated

from fastapi import APIRouter, Path

from aftersales.common.service import PROBLEMS, Desk
from aftersales.intake.domain.branch import Branch
from aftersales.intake.domain.product import Product
from aftersales.intake.domain.request import CancelRequest, RegisterRequest, ServiceRequest
from aftersales.intake.handlers import requests
from aftersales.intake.store import caller

router = APIRouter(responses=PROBLEMS)
Number = Annotated[str, Path(pattern=r"^SR-[0-9]{6}-[0-9A-HJKMNP-TV-Z]{4}$")]


@router.post("/requests", status_code=201)
async def register_request(form: RegisterRequest, desk: Desk) -> ServiceRequest:
    """Record a contact (INT-2)."""
    needs = ((Branch, form.branch), caller(form.customer.phone), (Product, form.product.serial))
    return await desk.do(requests.register_request, form, desk.settings.policy(), needs=needs)


@router.get("/requests/{number}")
async def show_request(number: Number, desk: Desk) -> ServiceRequest:
    return await desk.read(ServiceRequest, number)


@router.post("/requests/{number}/cancel")
async def cancel_request(number: Number, command: CancelRequest, desk: Desk) -> ServiceRequest:
    return await desk.do(requests.cancel_request, number, command, needs=((ServiceRequest, number),))
