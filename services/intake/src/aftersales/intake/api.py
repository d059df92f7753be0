"""HTTP in: branches, customers, products and service requests, for branch desks."""

from typing import Annotated

from fastapi import APIRouter, Path

from aftersales.common.service import PROBLEMS, Cursor, Desk, Limit, Page
from aftersales.common.values import Code, Serial

from . import handlers
from .domain.branch import Branch, BranchForm
from .domain.customer import ArchiveCustomer, Customer
from .domain.product import Product
from .domain.request import CancelRequest, RegisterRequest, ServiceRequest, State
from .store import caller

router = APIRouter(responses=PROBLEMS)
BranchCode = Annotated[Code, Path()]
Number = Annotated[str, Path(pattern=r"^SR-[0-9]{6}-[0-9A-HJKMNP-TV-Z]{4}$")]
CustomerId = Annotated[str, Path(pattern=r"^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$")]


@router.post("/requests", status_code=201)
async def register_request(form: RegisterRequest, desk: Desk) -> ServiceRequest:
    """Record a contact (INT-2)."""
    needs = ((Branch, form.branch), caller(form.customer.phone), (Product, form.product.serial))
    return await desk.do(handlers.register_request, form, desk.settings.policy(), needs=needs)


@router.put("/branches/{code}")
async def register_branch(code: BranchCode, form: BranchForm, desk: Desk) -> Branch:
    return await desk.do(handlers.register_branch, code, form, needs=((Branch, code),))


@router.get("/branches")
async def list_branches(desk: Desk, cursor: Cursor = None, limit: Limit = 50) -> Page[Branch]:
    return await desk.page(Branch, {}, cursor, limit)


@router.get("/branches/{code}")
async def show_branch(code: BranchCode, desk: Desk) -> Branch:
    return await desk.read(Branch, code)


@router.post("/customers", status_code=201)
async def archive_customer(form: ArchiveCustomer, desk: Desk) -> Customer:
    """Archive a customer with what they own (INT-3); one who is found by phone is brought up to date."""
    products = [(Product, product.serial) for product in form.products]
    needs = ((Branch, form.branch), caller(form.phone), *products)
    return await desk.do(handlers.archive_customer, form, needs=needs)


@router.get("/customers/{customer}")
async def show_customer(customer: CustomerId, desk: Desk) -> Customer:
    return await desk.read(Customer, customer)


@router.get("/products/{serial:path}")
async def show_product(serial: Annotated[Serial, Path()], desk: Desk) -> Product:
    """Show a product with its warranty card (INT-3)."""
    return await desk.read(Product, serial)


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
    return await desk.do(handlers.cancel_request, number, command, needs=((ServiceRequest, number),))
