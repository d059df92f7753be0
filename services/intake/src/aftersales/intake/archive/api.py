"""HTTP API: customers, merges, products and the register of models (INT-3)."""

from typing import Annotated

from fastapi import APIRouter, HTTPException, Path, Query, Response
from pydantic import BaseModel, StringConstraints

from aftersales.engine import PROBLEMS, Cursor, Limit, Malformed, Page, RequestContext
from aftersales.values import Code, Serial

from . import handlers, store
from .domain import search
from .domain.consent import ConsentForm
from .domain.contact import CustomerId
from .domain.customer import ChangeCustomer, Customer
from .domain.duplicates import Duplicate
from .domain.merge import Merge, MergeCustomers, UndoMerge
from .domain.model import Model, ModelForm
from .domain.product import MarkProduct, Product, SettleProduct, TransferProduct
from .domain.warranty import WarrantyRecord

router = APIRouter(responses=PROBLEMS)
ArchivedCustomerId = Annotated[CustomerId, Path()]
Purpose = Annotated[Code, Path()]
"""The code of the purpose, such as `letters`."""
Words = Annotated[str | None, Query(max_length=100)]
"""Words to search for."""
ArchivedSerial = Annotated[Serial, Path()]
ModelCode = Annotated[Code, Path()]
"""The code of the model."""


@router.get("/customers")
async def find_customers(
    context: RequestContext,
    q: Words = None,
    branch: Code | None = None,
    cursor: Annotated[CustomerId | None, Query(description="`next` of the page before")] = None,
    limit: Limit = 20,
) -> Page[Customer]:
    """Find customers that match all words of `q`, newest first.

    A word is a part of a Chinese name, its pinyin or initials, a phone or its last digits (4 or more), a serial number
    or its end, or a part of an address. If all words are very common, a page may be short or empty and still have a
    `next`.
    """
    words = search.parse_query(q) if q else ()
    if q and not words:
        raise Malformed("search.nothing_to_look_for")
    items, after = await store.find_customers(context.mongo, store.Search(words, branch, cursor, limit))
    return Page(items=items, next=after)


@router.get("/customers/unconfirmed")
async def list_unconfirmed(
    context: RequestContext, branch: Code | None = None, cursor: Cursor = None, limit: Limit = 50
) -> Page[Customer]:
    """List customers whose data is due for confirmation, the longest ago first; never confirmed ones come last.

    The setting `CONFIRM_EVERY` is the interval.
    """
    where = store.unconfirmed_filter(context.now - context.settings.confirm_every) | {"branch": branch}
    return await context.page(Customer, where, cursor, limit, "confirmed_at")


@router.patch("/customers/unconfirmed", include_in_schema=False)
async def refuse_correction() -> None:
    """Refuse this path, which `PATCH /customers/{customer}` would otherwise match."""
    raise HTTPException(405)


@router.post("/customers/{customer}/confirmed")
async def confirm_customer(customer: ArchivedCustomerId, context: RequestContext) -> Customer:
    """Record that the customer confirmed name, phones and addresses (INT-16); a change of them counts as well."""
    return await context.do(handlers.confirm_customer, customer)


@router.get("/customers/{customer}")
async def show_customer(customer: ArchivedCustomerId, context: RequestContext, response: Response) -> Customer:
    """Show a customer; for a merged one, the surviving customer with its path in `Content-Location`."""
    standing = (await store.find_surviving_customer(context.mongo, customer)).id
    if standing != customer:
        response.headers["Content-Location"] = f"/customers/{standing}"
    return await context.read(Customer, standing)


@router.patch("/customers/{customer}")
async def change_customer(customer: ArchivedCustomerId, command: ChangeCustomer, context: RequestContext) -> Customer:
    """Change a customer (INT-3).

    Only fields that the body names change: null removes a value, a list replaces the stored list.
    """
    return await context.do(handlers.change_customer, customer, command, context.settings.class_weights)


@router.put("/customers/{customer}/consents/{purpose}")
async def note_consent(
    customer: ArchivedCustomerId, purpose: Purpose, form: ConsentForm, context: RequestContext
) -> Customer:
    """Record that the customer agrees to a purpose or withdraws consent (ALL-6)."""
    return await context.do(handlers.note_consent, customer, purpose, form)


@router.get("/customers/{customer}/products")
async def list_products(
    customer: ArchivedCustomerId, context: RequestContext, cursor: Cursor = None, limit: Limit = 50
) -> Page[Product]:
    """List a customer's products."""
    owner = await store.find_surviving_customer(context.mongo, customer)
    return await context.page(Product, store.customer_filter(owner), cursor, limit)


@router.get("/customers/{customer}/duplicates")
async def list_duplicates(customer: ArchivedCustomerId, context: RequestContext) -> list[Duplicate]:
    """List possible duplicates with the reasons, for a desk to merge or not (INT-3)."""
    return await store.find_duplicates(context.mongo, await store.find_surviving_customer(context.mongo, customer))


@router.post("/customers/{customer}/merge")
async def merge_customers(customer: ArchivedCustomerId, command: MergeCustomers, context: RequestContext) -> Merge:
    """Merge another customer into this one: phones, addresses and products move here, and requests are found here."""
    return await context.do(handlers.merge_customers, customer, command)


@router.get("/customers/{customer}/merges")
async def list_merges(
    customer: ArchivedCustomerId, context: RequestContext, cursor: Cursor = None, limit: Limit = 50
) -> Page[Merge]:
    """List the merges into this customer, newest first."""
    return await context.page(Merge, {"winner": customer}, cursor, limit)


@router.post("/merges/{merge}/undo")
async def undo_merge(merge: ArchivedCustomerId, command: UndoMerge, context: RequestContext) -> Merge:
    """Undo a merge. Exactly what it moved is moved back; refused when some of it now belongs to another customer."""
    return await context.do(handlers.undo_merge, merge, command)


class Wanted(BaseModel):
    """Filters of products."""

    q: Annotated[str, StringConstraints(max_length=64)] = ""
    """The beginning or end (4 characters or more) of a serial number, a model, or a batch."""
    quarantined: bool = False
    """Only products that somebody must settle."""
    branch: Code | None = None
    cursor: Serial | None = None
    """`next` of the previous page."""
    limit: Limit = 50


@router.get("/products")
async def find_products(wanted: Annotated[Wanted, Query()], context: RequestContext) -> Page[Product]:
    """Find products, highest serial number first."""
    narrow = {"status": "quarantined"} if wanted.quarantined else {}
    narrow |= {"branch": wanted.branch} if wanted.branch else {}
    query = search.normalise_width(wanted.q).strip()
    items, after = await store.find_products(context.mongo, query, narrow, wanted.cursor, wanted.limit)
    return Page(items=items, next=after)


@router.get("/products/{serial:path}/warranty")
async def show_warranty(serial: ArchivedSerial, context: RequestContext) -> WarrantyRecord:
    """Show the warranty record of the sale in the caller's language, with term, scope, liability and state today."""
    product = await context.read(Product, serial)
    return await handlers.warranty_record(context.mongo, product, context.now, context.catalogue, context.locale)


@router.get("/products/{serial:path}")
async def show_product(serial: ArchivedSerial, context: RequestContext) -> Product:
    """Show a product with its warranty card (INT-3)."""
    return await context.read(Product, serial)


@router.post("/products/{serial:path}/transfer")
async def transfer_product(serial: ArchivedSerial, command: TransferProduct, context: RequestContext) -> Product:
    """Transfer the product to another customer; the warranty card stays with the product."""
    return await context.do(handlers.transfer_product, serial, command)


@router.post("/products/{serial:path}/settle")
async def settle_product(serial: ArchivedSerial, command: SettleProduct, context: RequestContext) -> Product:
    """Release a product from quarantine, with another model or line or confirmed as it is."""
    return await context.do(handlers.settle_product, serial, command)


@router.post("/products/{serial:path}/status")
async def mark_product(serial: ArchivedSerial, command: MarkProduct, context: RequestContext) -> Product:
    """Mark the product as scrapped, returned or in use again."""
    return await context.do(handlers.mark_product, serial, command)


@router.put("/models/{code}")
async def enter_model(code: ModelCode, form: ModelForm, context: RequestContext) -> Model:
    """Save a model of the register.

    As soon as the register has a model, products of unknown models are quarantined when they are archived.
    """
    return await context.do(handlers.enter_model, code, form)


@router.get("/models")
async def list_models(context: RequestContext, cursor: Cursor = None, limit: Limit = 50) -> Page[Model]:
    """List models of the register."""
    return await context.page(Model, {}, cursor, limit)


@router.get("/models/{code}")
async def show_model(code: ModelCode, context: RequestContext) -> Model:
    """Show a model of the register."""
    return await context.read(Model, code)
