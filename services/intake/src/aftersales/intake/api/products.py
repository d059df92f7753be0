"""HTTP in: products and the register of models (INT-3)."""

from typing import Annotated

from fastapi import APIRouter, Path, Query
from pydantic import BaseModel, StringConstraints

from aftersales.common.service import PROBLEMS, Cursor, Desk, Limit, Page
from aftersales.common.values import Code, Serial
from aftersales.intake.domain import search
from aftersales.intake.domain.customer import Customer
from aftersales.intake.domain.model import REGISTER, Model, ModelForm, ModelRegister
from aftersales.intake.domain.product import MarkProduct, Product, SettleProduct, TransferProduct
from aftersales.intake.domain.warranty import WarrantyRecord
from aftersales.intake.handlers import models, products
from aftersales.intake.store import archive as store

router = APIRouter(responses=PROBLEMS)
SerialNumber = Annotated[Serial, Path()]
ModelCode = Annotated[Code, Path()]


class Wanted(BaseModel):
    """Which products to show."""

    q: Annotated[str, StringConstraints(max_length=64)] = ""
    """How the serial number begins or ends (4 characters or more), a model, or a batch."""
    quarantined: bool = False
    """Only those that somebody must settle."""
    branch: Code | None = None
    cursor: Serial | None = None
    """`next` of the page before."""
    limit: Limit = 50


@router.get("/products")
async def find_products(wanted: Annotated[Wanted, Query()], desk: Desk) -> Page[Product]:
    """Find products, the greatest serial number first."""
    narrow = {"status": "quarantined"} if wanted.quarantined else {}
    narrow |= {"branch": wanted.branch} if wanted.branch else {}
    query = search.width(wanted.q).strip()
    items, after = await store.find_products(desk.mongo, query, narrow, wanted.cursor, wanted.limit)
    return Page(items=items, next=after)


@router.get("/products/{serial:path}/warranty")
async def show_warranty(serial: SerialNumber, desk: Desk) -> WarrantyRecord:
    """The record that is given at sale, in the caller's language: term, scope, liability, and how it stands today."""
    product = await desk.read(Product, serial)
    return await products.warranty_record(desk.mongo, product, desk.now, desk.library, desk.locale)


@router.get("/products/{serial:path}")
async def show_product(serial: SerialNumber, desk: Desk) -> Product:
    """Show a product with its warranty card (INT-3)."""
    return await desk.read(Product, serial)


@router.post("/products/{serial:path}/transfer")
async def transfer_product(serial: SerialNumber, command: TransferProduct, desk: Desk) -> Product:
    """Give the product to another customer; its warranty card stays with it."""
    needs = ((Product, serial), (Customer, command.to))
    return await desk.do(products.transfer_product, serial, command, needs=needs)


@router.post("/products/{serial:path}/settle")
async def settle_product(serial: SerialNumber, command: SettleProduct, desk: Desk) -> Product:
    """Let a product out of quarantine: with another model or line, or confirmed as it is."""
    return await desk.do(products.settle_product, serial, command, needs=((Product, serial),))


@router.post("/products/{serial:path}/status")
async def mark_product(serial: SerialNumber, command: MarkProduct, desk: Desk) -> Product:
    """Say that the product is scrapped, was returned, or is in use again."""
    return await desk.do(products.mark_product, serial, command, needs=((Product, serial),))


@router.put("/models/{code}")
async def enter_model(code: ModelCode, form: ModelForm, desk: Desk) -> Model:
    """Enter a model. From the first one on, products of other models are quarantined when they are archived."""
    return await desk.do(models.enter_model, code, form, needs=((Model, code), (ModelRegister, REGISTER)))


@router.get("/models")
async def list_models(desk: Desk, cursor: Cursor = None, limit: Limit = 50) -> Page[Model]:
    return await desk.page(Model, {}, cursor, limit)


@router.get("/models/{code}")
async def show_model(code: ModelCode, desk: Desk) -> Model:
    return await desk.read(Model, code)
