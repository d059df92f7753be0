"""HTTP API: customers archived with their products, singly or from a sheet (`aftersales import`, INT-3)."""

from fastapi import APIRouter

from aftersales.common.http.batches import Batch, BatchOutcome, Import, take_batch
from aftersales.engine import PROBLEMS, Call, RequestContext, prepare_call
from aftersales.intake.archive.domain.customer import ArchiveCustomer, Customer
from aftersales.intake.archive.domain.product import Product
from aftersales.intake.catalogues.domain import unclear_notes

from . import handlers
from .domain import ImportProduct

router = APIRouter(responses=PROBLEMS)


@router.post("/customers", status_code=201)
async def archive_customer(form: ArchiveCustomer, context: RequestContext) -> Customer:
    """Archive a customer with their products (INT-3); a customer found by phone is updated."""
    weights = context.settings.class_weights
    return await context.do(handlers.archive_customer, form, weights, context.catalogue)


@router.post("/imports/customers")
async def import_customers(batch: Batch, context: RequestContext) -> BatchOutcome:
    """Archive customers with their products (INT-3); each form is as in `POST /customers`."""

    def job(form: ArchiveCustomer) -> Call[Customer]:
        return prepare_call(handlers.import_customer, form, context.settings.class_weights, context.catalogue)

    return await take_batch(context, batch, Import(ArchiveCustomer, job))


@router.post("/imports/products")
async def import_products(batch: Batch, context: RequestContext) -> BatchOutcome:
    """Archive products of known customers (INT-3): `phone` or `customer` (an id), and the product's fields."""

    def job(form: ImportProduct) -> Call[Product]:
        return prepare_call(handlers.import_product, form, context.catalogue)

    return await take_batch(
        context, batch, Import(ImportProduct, job, notes=lambda product: unclear_notes(product.unclear))
    )
