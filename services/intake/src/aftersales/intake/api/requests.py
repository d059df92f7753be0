"""HTTP in: service requests (INT-2)."""

from typing import Annotated

from fastapi import APIRouter, Path

from aftersales.common.service import PROBLEMS, Cursor, Desk, Limit, Page
from aftersales.common.values import Code
from aftersales.intake.domain.branch import Branch
from aftersales.intake.domain.product import Product
from aftersales.intake.domain.request import CancelRequest, RegisterRequest, ServiceRequest, State
from aftersales.intake.handlers import requests
from aftersales.intake.store import caller

router = APIRouter(responses=PROBLEMS)
Number = Annotated[str, Path(pattern=r"^SR-[0-9]{6}-[0-9A-HJKMNP-TV-Z]{4}$")]


@router.post("/requests", status_code=201)
async def register_request(form: RegisterRequest, desk: Desk) -> ServiceRequest:
    """Record a contact (INT-2)."""
    needs = ((Branch, form.branch), caller(form.customer.phone), (Product, form.product.serial))
    settings = desk.settings
    return await desk.do(requests.register_request, form, settings.policy(), settings.entitlements, needs=needs)


@router.get("/requests")
async def list_requests(
    desk: Desk, branch: Code | None = None, state: State | None = None, cursor: Cursor = None, limit: Limit = 50
) -> Page[ServiceRequest]:
    return await desk.page(ServiceRequest, {"branch": branch, "state": state}, cursor, limit)


@router.get("/requests/{number}")
async def show_request(number: Number, desk: Desk) -> ServiceRequest:
    return await desk.read(ServiceRequest, number)


@router.post("/requests/{number}/cancel")
async def cancel_request(number: Number, command: CancelRequest, desk: Desk) -> ServiceRequest:
    return await desk.do(requests.cancel_request, number, command, needs=((ServiceRequest, number),))
