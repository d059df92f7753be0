"""HTTP API: customers archived with their products, singly or from a sheet (`aftersales import`, INT-3); parcels."""

from enum import Enum
from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict, Field

from aftersales.common.http.batches import Batch, BatchOutcome, Import, take_batch
from aftersales.engine import PROBLEMS, Call, Document, Page, RequestContext, prepare_call
from aftersales.intake.archive.domain.customer import ArchiveCustomer, Customer
from aftersales.intake.archive.domain.product import Product
from aftersales.intake.catalogues.domain import unclear_notes
from aftersales.values import Code, Serial

from . import handlers
from .domain import ImportProduct, Shipment
from .store import waybill_filter

router = APIRouter(responses=PROBLEMS)
ARCHIVE: list[str | Enum] = ["archive"]
"""The group of routes that archive customers and products; their use cases are here because a sale does more."""


class ShipmentFilter(BaseModel):
    """Select parcels that match all given fields."""

    model_config = ConfigDict(extra="forbid")

    waybill: Annotated[str | None, Field(max_length=64, description="The whole number, in any case")] = None
    serial: Annotated[Serial | None, Field(description="Of a product in the parcel")] = None
    order_number: Annotated[str | None, Field(max_length=64)] = None
    branch: Code | None = None
    cursor: Annotated[str | None, Field(max_length=1000, description="`next` of the page before")] = None
    limit: Annotated[int, Field(ge=1, le=200)] = 50


@router.get("/shipments")
async def list_shipments(asked: Annotated[ShipmentFilter, Query()], context: RequestContext) -> Page[Shipment]:
    """List parcels on the way to customers and branches, as partners reported them (INT-12)."""
    where: Document = {"order_number": asked.order_number, "branch": asked.branch, "serials": asked.serial}
    if asked.waybill:
        where |= waybill_filter(asked.waybill)
    return await context.page(Shipment, where, asked.cursor, asked.limit)


@router.post("/customers", status_code=201, tags=ARCHIVE)
async def archive_customer(form: ArchiveCustomer, context: RequestContext) -> Customer:
    """Archive a customer with their products (INT-3); a customer found by phone is updated."""
    weights = context.settings.class_weights
    return await context.do(handlers.archive_customer, form, weights, context.catalogue)


@router.post("/imports/customers", tags=ARCHIVE)
async def import_customers(batch: Batch, context: RequestContext) -> BatchOutcome:
    """Archive customers with their products (INT-3); each form is as in `POST /customers`."""

    def job(form: ArchiveCustomer) -> Call[Customer]:
        return prepare_call(handlers.import_customer, form, context.settings.class_weights, context.catalogue)

    return await take_batch(context, batch, Import(ArchiveCustomer, job))


@router.post("/imports/products", tags=ARCHIVE)
async def import_products(batch: Batch, context: RequestContext) -> BatchOutcome:
    """Archive products of known customers (INT-3): `phone` or `customer` (an id), and the product's fields."""

    def job(form: ImportProduct) -> Call[Product]:
        return prepare_call(handlers.import_product, form, context.catalogue)

    return await take_batch(
        context, batch, Import(ImportProduct, job, notes=lambda product: unclear_notes(product.unclear))
    )
