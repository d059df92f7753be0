"""HTTP in: customers archived with what they own, one by one or by the sheet (`aftersales import`, INT-3)."""

from fastapi import APIRouter

from aftersales.common.http.batches import Batch, Outcomes, take
from aftersales.engine import PROBLEMS, Call, Desk, prepare_call
from aftersales.intake.archive.domain.customer import ArchiveCustomer, Customer
from aftersales.intake.archive.domain.product import Product

from . import handlers
from .domain import ImportProduct

router = APIRouter(responses=PROBLEMS)


@router.post("/customers", status_code=201)
async def archive_customer(form: ArchiveCustomer, desk: Desk) -> Customer:
    """Archive a customer with what they own (INT-3); one who is found by phone is brought up to date."""
    weights = desk.settings.class_weights
    return await desk.do(handlers.archive_customer, form, weights, desk.library)


@router.post("/imports/customers")
async def import_customers(batch: Batch, desk: Desk) -> Outcomes:
    """Archive customers with what they own (INT-3): each form as `POST /customers` takes it."""

    def job(form: ArchiveCustomer) -> Call[Customer]:
        return prepare_call(handlers.import_customer, form, desk.settings.class_weights, desk.library)

    return await take(desk, batch, ArchiveCustomer, job)


@router.post("/imports/products")
async def import_products(batch: Batch, desk: Desk) -> Outcomes:
    """Archive products of known customers (INT-3): `phone` or `customer` (an id), and the product's fields."""

    def job(form: ImportProduct) -> Call[Product]:
        return prepare_call(handlers.import_product, form, desk.library)

    return await take(desk, batch, ImportProduct, job)
