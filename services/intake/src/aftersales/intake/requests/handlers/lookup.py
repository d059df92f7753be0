"""Reads everything that a desk needs for a call (INT-2, INT-3). It changes nothing."""

import asyncio
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import NamedTuple, TypeVar

from aftersales.engine import Aggregate, Document, Malformed, Reads
from aftersales.intake.agreements.domain.contract import Contract
from aftersales.intake.agreements.domain.entitlement import Entitlement
from aftersales.intake.archive import store as archive
from aftersales.intake.archive.domain import search
from aftersales.intake.archive.domain.customer import Customer
from aftersales.intake.archive.domain.product import Product
from aftersales.intake.network.domain import Branch
from aftersales.intake.network.handlers import known_branch
from aftersales.intake.requests.domain.coverage import CoverageCase, decide_coverage, work_of
from aftersales.intake.requests.domain.lookup import (
    MOST_LAST,
    Covered,
    Lookup,
    LookupItem,
    ReaderWords,
    describe_caller,
    show_caller,
)
from aftersales.intake.requests.domain.prepaid import PrepaidQuestion, find_prepaid
from aftersales.intake.requests.domain.request import ServiceRequest
from aftersales.intake.requests.store import order_filter
from aftersales.intake.sales.domain import Shipment
from aftersales.intake.sales.store import waybill_filter
from aftersales.policy.choose import Facts, PolicyIndex, choose_policy

A = TypeVar("A", bound=Aggregate)
MOST_CUSTOMERS, MOST_PRODUCTS, MOST_OPEN = 5, 20, 20
"""The most customers shown, and the most products and open requests of each."""


class Desk(NamedTuple):
    """What every caller of one lookup shares."""

    mongo: Reads
    policies: PolicyIndex
    words: ReaderWords
    now: datetime
    confirm_every: timedelta


async def show_call(desk: Desk, query: str, numbered: Document | None) -> Lookup:
    """Return the customers whom the query finds, or whose request has the number `numbered` or is about this order."""
    found, more = await _find_callers(desk.mongo, query, numbered)
    items = await asyncio.gather(*(_show(desk, customer) for customer in found))
    return Lookup(items=tuple(items), more=more)


async def _find_callers(mongo: Reads, query: str, numbered: Document | None) -> tuple[list[Customer], bool]:
    asked = search.parse_query(query)
    if not asked and not numbered:
        raise Malformed("search.nothing_to_look_for")
    of_requests: list[Customer] = []
    for filter in (numbered, order_filter(query.strip())):
        if filter:
            rows = await mongo.rows(ServiceRequest, filter, limit=MOST_CUSTOMERS, only=("customer",))
            of_requests += [await archive.find_surviving_customer(mongo, row["customer"]) for row in rows]
    owners = await _owners_of_parcel(mongo, query)
    of_requests += [await archive.find_surviving_customer(mongo, owner) for owner in owners]
    found: list[Customer] = []
    if asked and not (numbered and "_id" in numbered):
        found, _ = await archive.find_customers(mongo, archive.Search(asked, limit=MOST_CUSTOMERS + 1))
    each = {customer.id: customer for customer in (*of_requests, *found)}
    return [*each.values()][:MOST_CUSTOMERS], len(each) > MOST_CUSTOMERS


async def _owners_of_parcel(mongo: Reads, query: str) -> list[str]:
    """Return the owners of the products in a parcel with this waybill (INT-12)."""
    parcels = await mongo.rows(Shipment, waybill_filter(query), limit=MOST_CUSTOMERS, only=("serials",))
    serials = [serial for parcel in parcels for serial in parcel["serials"]]
    rows = await mongo.rows(Product, {"_id": {"$in": serials}}, only=("customer",)) if serials else []
    return list(dict.fromkeys(row["customer"] for row in rows if row["customer"]))[:MOST_CUSTOMERS]


async def _show(desk: Desk, customer: Customer) -> LookupItem:
    theirs = archive.customer_filter(customer)
    newest = ("-registered_at", "-_id")
    place, products, waiting, last = await asyncio.gather(
        known_branch(desk.mongo, customer.branch),
        desk.mongo.find(Product, theirs, sort=("-_id",), limit=MOST_PRODUCTS),
        desk.mongo.find(ServiceRequest, theirs | {"open": True}, sort=newest, limit=MOST_OPEN),
        desk.mongo.find(ServiceRequest, theirs, sort=newest, limit=MOST_LAST),
    )
    contracts = await _several(desk.mongo, Contract, customer.contracts)
    parcels = await _parcels(desk.mongo, [product.id for product in products])
    entitlements = await _several(desk.mongo, Entitlement, [id for product in products for id in product.entitled])
    covered = [
        _cover(desk, customer, product, place, (contracts, [one for one in entitlements if one.id in product.entitled]))
        for product in products
    ]
    covered = [one._replace(shipments=tuple(parcels.get(one.product.id, ()))) for one in covered]
    caller = describe_caller(customer, place, desk.now, desk.confirm_every)
    return show_caller(caller, place, covered, (*waiting, *last), desk.words)


async def _parcels(mongo: Reads, serials: Sequence[str]) -> dict[str, list[Shipment]]:
    """Return the parcels with these products, by serial number, the newest first (INT-12)."""
    found: dict[str, list[Shipment]] = {}
    where: Document = {"serials": {"$in": [*serials]}}
    for parcel in await mongo.find(Shipment, where, sort=("-_id",), limit=MOST_PRODUCTS) if serials else ():
        for serial in parcel.serials:
            found.setdefault(serial, []).append(parcel)
    return {serial: sorted(each, key=lambda one: one.shipped_on, reverse=True) for serial, each in found.items()}


async def _several(mongo: Reads, kind: type[A], ids: Sequence[str]) -> list[A]:
    return await mongo.find(kind, {"_id": {"$in": [*ids]}}) if ids else []


def _cover(
    desk: Desk,
    customer: Customer,
    product: Product,
    branch: Branch,
    prepaid: tuple[list[Contract], list[Entitlement]],
) -> Covered:
    """Decide who would pay for a repair that came in now."""
    day = branch.day_of(desk.now)
    member = customer.is_member(day)
    policy = choose_policy(desk.policies, Facts(branch.id, product.line, "repair", customer.known_as, day, member))
    asked = PrepaidQuestion(product.ref, "repair", work_of("repair"), day, desk.now)
    case = CoverageCase(product, "repair", prepaid=find_prepaid(*prepaid, asked))
    return Covered(product, decide_coverage(case, policy, day, desk.now, ""))
