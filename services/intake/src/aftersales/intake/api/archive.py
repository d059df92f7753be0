"""HTTP in: the customer archive (INT-3)."""

from typing import Annotated

from fastapi import APIRouter, Path

from aftersales.common.service import PROBLEMS, Desk
from aftersales.common.values import Serial
from aftersales.intake.domain.branch import Branch
from aftersales.intake.domain.customer import ArchiveCustomer, Customer
from aftersales.intake.domain.product import Product
from aftersales.intake.handlers import archive
from aftersales.intake.store import caller

router = APIRouter(responses=PROBLEMS)
CustomerId = Annotated[str, Path(pattern=r"^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$")]


@router.post("/customers", status_code=201)
async def archive_customer(form: ArchiveCustomer, desk: Desk) -> Customer:
    """Archive a customer with what they own (INT-3); one who is found by phone is brought up to date."""
    products = [(Product, product.serial) for product in form.products]
    needs = ((Branch, form.branch), caller(form.phone), *products)
    return await desk.do(archive.archive_customer, form, needs=needs)


@router.get("/customers/{customer}")
async def show_customer(customer: CustomerId, desk: Desk) -> Customer:
    return await desk.read(Customer, customer)


@router.get("/products/{serial:path}")
async def show_product(serial: Annotated[Serial, Path()], desk: Desk) -> Product:
    """Show a product with its warranty card (INT-3)."""
    return await desk.read(Product, serial)
