"""HTTP in: customers (INT-3)."""

from typing import Annotated

from fastapi import APIRouter, Path, Query, Response

from aftersales.common.errors import Malformed
from aftersales.common.service import PROBLEMS, Cursor, Desk, Limit, Page
from aftersales.common.values import Code
from aftersales.intake.domain import search
from aftersales.intake.domain.contact import CustomerId
from aftersales.intake.domain.customer import ChangeCustomer, ConsentForm, Customer
from aftersales.intake.domain.duplicates import Duplicate
from aftersales.intake.domain.product import Product
from aftersales.intake.domain.search import SearchEntry
from aftersales.intake.handlers import archive
from aftersales.intake.store import archive as store

router = APIRouter(responses=PROBLEMS)
Id = Annotated[CustomerId, Path()]
Purpose = Annotated[Code, Path()]
Words = Annotated[str | None, Query(max_length=100)]


@router.get("/customers")
async def find_customers(
    desk: Desk,
    q: Words = None,
    branch: Code | None = None,
    cursor: Annotated[CustomerId | None, Query(description="`next` of the page before")] = None,
    limit: Limit = 20,
) -> Page[Customer]:
    """Find customers, the newest first, by all the words of `q`.

    A word is a part of a name in Chinese, its pinyin or initials, a phone or its last digits (4 or more), a serial
    number or its end, a part of an address. Where only very common words meet, a page may be short, or empty, and
    still have a `next`.
    """
    words = search.words(q) if q else ()
    if q and not words:
        raise Malformed("search.nothing_to_look_for")
    items, after = await store.find_customers(desk.mongo, store.Search(words, branch, cursor, limit))
    return Page(items=items, next=after)


@router.get("/customers/{customer}")
async def show_customer(customer: Id, desk: Desk, response: Response) -> Customer:
    """Show a customer. Of one who was merged into another, that other is shown (`Content-Location`)."""
    standing = (await store.standing(desk.mongo, customer)).id
    if standing != customer:
        response.headers["Content-Location"] = f"/customers/{standing}"
    return await desk.read(Customer, standing)


@router.patch("/customers/{customer}")
async def change_customer(customer: Id, command: ChangeCustomer, desk: Desk) -> Customer:
    """Change what the body names; null takes a particular away, a list replaces the known one (INT-3)."""
    needs = ((Customer, customer), (SearchEntry, customer))
    return await desk.do(archive.change_customer, customer, command, desk.settings.class_weights, needs=needs)


@router.put("/customers/{customer}/consents/{purpose}")
async def note_consent(customer: Id, purpose: Purpose, form: ConsentForm, desk: Desk) -> Customer:
    """Note that the customer agrees to a purpose, or takes that back (ALL-6)."""
    needs = ((Customer, customer), (SearchEntry, customer))
    return await desk.do(archive.note_consent, customer, purpose, form, needs=needs)


@router.get("/customers/{customer}/products")
async def list_products(customer: Id, desk: Desk, cursor: Cursor = None, limit: Limit = 50) -> Page[Product]:
    owner = await store.standing(desk.mongo, customer)
    return await desk.page(Product, store.about(owner), cursor, limit)


@router.get("/customers/{customer}/duplicates")
async def list_duplicates(customer: Id, desk: Desk) -> list[Duplicate]:
    """Show who may be the same customer, and why: to be merged, or not (INT-3)."""
    return await store.find_duplicates(desk.mongo, await store.standing(desk.mongo, customer))
