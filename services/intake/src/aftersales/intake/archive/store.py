"""Documents and indexes of the archive, and the searches for customers and products (INT-3)."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from aftersales.common.mongo import from_document
from aftersales.engine import Aggregate, Document, Index, NotFound, Reads

from .domain import duplicates
from .domain.customer import ContactPoint, Customer
from .domain.duplicates import Duplicate
from .domain.file import CustomerFile
from .domain.merge import Merge
from .domain.model import Model, ModelRegister
from .domain.product import Product
from .domain.search import TAIL, QueryWord, SearchEntry, SearchUpgrade, branch_token, likeness_tokens, text_tokens

INDEXES: dict[type[Aggregate], tuple[Index, ...]] = {
    Customer: (Index("branch", "confirmed_at", "_id"), Index("confirmed_at", "_id")),
    ContactPoint: (),
    SearchEntry: (Index("tokens", "-customer"),),
    SearchUpgrade: (),
    Merge: (Index("winner", "-_id"),),
    CustomerFile: (
        Index("customer", "removed", "-_id"),
        Index("customer", "sha256", unique=True, partial={"removed": False}),
    ),
    Model: (),
    ModelRegister: (),
    Product: (
        Index("customer", "-_id"),
        Index("branch", "-_id"),
        Index("model", "_id"),
        Index("batch", "_id"),
        Index("backwards"),
        Index("status", "-_id", partial={"status": "quarantined"}),
    ),
}
_DETAILS, _FEW, _COUNTED = 8, 100, 2000
"""Limits for counting the last (most specific) tokens of a query: tokens, entries per token at first, then in total."""
_ENDS = 2000
"""The most products read whose serial numbers have the same end."""
_SOME = 50
"""The most products read per serial number, and the most duplicates shown."""


class Search(NamedTuple):
    """A search: all words must match; without words and branch it finds every customer."""

    words: tuple[QueryWord, ...] = ()
    branch: str | None = None
    below: str | None = None
    """The id below which the page begins."""
    limit: int = 20
    looks: tuple[int, int] = (200, 800)
    """The entries read for a page, at first and in a second step."""


async def find_customers(mongo: Reads, search: Search) -> tuple[list[Customer], str | None]:
    """Return a page of customers, newest first, and the id after which the next begins (None on the last page).

    If all words are very common, a page may be short or empty without being the last.
    """
    scope = (branch_token(search.branch),) if search.branch else ()
    tokens = tuple(dict.fromkeys((*(token for word in search.words for token in word.tokens), *scope)))
    if not tokens:
        where: Document = {"merged_into": None} | ({"_id": {"$lt": search.below}} if search.below else {})
        found = await mongo.find(Customer, where, sort=("-_id",), limit=search.limit + 1)
        return found[: search.limit], found[search.limit - 1].id if len(found) > search.limit else None
    ids, last = await _by_tokens(mongo, search, tokens)
    for word in search.words:
        if word.serial:
            others = (token for other in search.words if other is not word for token in other.tokens)
            ids += await _by_serial(mongo, word.serial, {*scope, *others})
    reached = (id for id in {*ids} if (not search.below or id < search.below) and (last is None or id >= last))
    newest = sorted(reached, reverse=True)
    page = newest[: search.limit]
    rows = await mongo.find(Customer, {"_id": {"$in": page}}, sort=("-_id",))
    return rows, page[-1] if len(newest) > search.limit else last


async def _by_tokens(mongo: Reads, search: Search, tokens: Sequence[str]) -> tuple[list[str], str | None]:
    """Return ids of customers with all the tokens, and the last id read unless there are no more."""
    rarest = await _rarest(mongo, tokens[-_DETAILS:])
    rest = [token for token in tokens if token != rarest]
    fits = {"$and": [{"$in": [token, "$tokens"]} for token in rest]}  # a third faster than $setIsSubset
    hit = {"$cond": [fits, "$customer", "$$REMOVE"]} if rest else "$customer"
    looked = {"_id": None, "ids": {"$push": hit}, "seen": {"$sum": 1}, "last": {"$last": "$customer"}}
    ids: list[str] = []
    below = search.below
    for size in search.looks if rest else (search.limit + 1,):
        where = {"tokens": rarest} | ({"customer": {"$lt": below}} if below else {})
        pipeline: list[Document] = [
            {"$match": where},
            {"$sort": {"customer": -1}},
            {"$limit": size},
            {"$group": looked},
        ]
        rows = await mongo.aggregate(SearchEntry, pipeline)
        ids += [id for row in rows for id in row["ids"]]
        if not rows or rows[0]["seen"] < size:
            return ids, None
        below = rows[0]["last"]
        if len(ids) > search.limit:
            break
    return ids, below


async def _rarest(mongo: Reads, tokens: Sequence[str]) -> str:
    """Return the token that the fewest entries have, as far as counting pays; the last one of equals."""
    rarest, *others = reversed(tokens)
    for most in (_FEW, _COUNTED // len(tokens)) if others else ():
        counted = await mongo.aggregate(SearchEntry, _union("search_entries", [_count(t, most) for t in tokens]))
        times = dict.fromkeys(tokens, 0) | {row["token"]: row["times"] for row in counted}
        rarest = min(reversed(tokens), key=times.__getitem__)
        if times[rarest] < most:
            break
    return rarest


def _count(token: str, most: int) -> list[Document]:
    named = {"$addFields": {"token": {"$literal": token}}}
    return [{"$match": {"tokens": token}}, {"$limit": most}, {"$count": "times"}, named]


def _union(collection: str, pipelines: Sequence[list[Document]]) -> list[Document]:
    """Combine several pipelines on one collection into one round trip."""
    first, *others = pipelines
    return first + [{"$unionWith": {"coll": collection, "pipeline": other}} for other in others]


async def _by_serial(mongo: Reads, serial: str, tokens: set[str]) -> list[str]:
    """Return ids of owners of a product whose serial number is or ends with `serial`, if they have all the tokens."""
    where: Document = {"$or": [{"_id": serial}, {"backwards": _begins(serial[::-1])}]}
    owners = {row["customer"] for row in await mongo.rows(Product, where, limit=_SOME, only=("customer",))}
    if not owners:
        return []
    fits: Document = {"_id": {"$in": [*owners]}}
    if tokens:  # without tokens the index alone answers
        fits["$expr"] = {"$setIsSubset": [[*tokens], "$tokens"]}
    return [row["_id"] for row in await mongo.rows(SearchEntry, fits, only=("_id",))]


async def find_products(
    mongo: Reads, query: str, narrow: Document, below: str | None, limit: int
) -> tuple[list[Product], str | None]:
    """Return a page of products by beginning or end of the serial number, model or batch, highest serial first."""
    upper = query.upper()
    either = {"$in": [query, upper]}
    by: list[Document] = [{"_id": _begins(upper)}, {"model": either}, {"batch": either}]
    further = narrow | ({"_id": {"$lt": below}} if below else {})
    page: list[Document] = [{"$match": further}, {"$sort": {"_id": -1}}, {"$limit": limit + 1}]
    pipelines = [[{"$match": where}, *page] for where in by] if query else [page]
    if len(upper) >= TAIL:
        pipelines.append([{"$match": {"backwards": _begins(upper[::-1])}}, {"$limit": _ENDS}, *page])
    rows = {row["_id"]: row for row in await mongo.aggregate(Product, _union("products", pipelines))}
    found = [from_document(Product, rows[serial]) for serial in sorted(rows, reverse=True)[: limit + 1]]
    return found[:limit], found[limit - 1].id if len(found) > limit else None


def _begins(text: str) -> Document:
    return {"$gte": text, "$lt": text + "\uffff"}


async def find_duplicates(mongo: Reads, customer: Customer) -> list[Duplicate]:
    """Return customers who may be the same, with the reasons; at most a screenful."""
    alike = await mongo.rows(SearchEntry, {"tokens": {"$in": [*likeness_tokens(customer)]}}, limit=_SOME)
    name = {"$setIsSubset": [[*text_tokens(customer.name)], "$tokens"]}
    for tail in duplicates.phone_tails(customer):
        alike += await mongo.rows(SearchEntry, {"tokens": tail, "$expr": name}, limit=_SOME)
    share = await _sharing(mongo, (customer.id, *customer.also))
    ids = {row["customer"] for row in alike} | share
    found = await mongo.find(Customer, {"_id": {"$in": sorted(ids - {customer.id})[:_SOME]}, "merged_into": None})
    compared = ((one, duplicates.compare_customers(customer, one, share_a_product=one.id in share)) for one in found)
    return [Duplicate(customer=one, reasons=reasons) for one, reasons in compared if reasons]


async def _sharing(mongo: Reads, ids: Iterable[str]) -> set[str]:
    """Return other customers who asked about these customers' products, or own products that these asked about.

    Transferred products do not count.
    """
    mine: Document = {"customer": {"$in": [*ids]}}
    kept: Document = {"history.what": {"$ne": "transferred"}}
    requests = await mongo.rows("requests", mine, sort=("-_id",), limit=_SOME, only=("product.serial",))
    products = await mongo.rows("products", mine | kept, sort=("-_id",), limit=_SOME, only=("_id",))
    spoken_of = [row["product"]["serial"] for row in requests]
    owners = await mongo.rows("products", {"_id": {"$in": spoken_of}} | kept, only=("customer",))
    theirs: Document = {"product.serial": {"$in": [row["_id"] for row in products]}}
    callers = await mongo.rows("requests", theirs, limit=_SOME * 4, only=("customer",))
    return {row["customer"] for row in (*owners, *callers) if row["customer"]} - {*ids}


async def find_surviving_customer(mongo: Reads, id: str) -> Customer:
    """Return the customer, or the one they were merged into. Raises `NotFound`."""
    found: Customer | None = None
    wanted: str | None = id
    while wanted:
        found = await mongo.get(Customer, wanted)
        wanted = found.merged_into if found else None
    if found is None:
        raise NotFound("customers.unknown", id=id)
    return found


def unconfirmed_filter(before: datetime) -> Document:
    """Return the filter for customers whose data was last confirmed before that time, or never (INT-16)."""
    return {"confirmed_at": {"$not": {"$gte": before}}, "merged_into": None}


def customer_filter(customer: Customer) -> dict[str, Any]:
    """Return the filter for everything of a customer, including customers merged into them."""
    return {"customer": {"$in": [customer.id, *customer.also]} if customer.also else customer.id}
