"""Documents of correspondence, and one list of all that was written, read from where it is stored (INT-16)."""

import asyncio
import re
from collections.abc import Iterator
from datetime import datetime
from typing import Any, NamedTuple

from aftersales.common.http.paging import Place
from aftersales.engine import Aggregate, Document, Index, Reads
from aftersales.intake.messages.domain.message import CustomerMessage
from aftersales.intake.requests.domain.request import ServiceRequest

from .domain import WRITTEN, Correspondence

INDEXES: dict[type[Aggregate], tuple[Index, ...]] = {
    Correspondence: (
        Index("branch", "-at", "-_id"),
        Index("customer", "-at", "-_id"),
        Index("line", "-at", "-_id"),
        Index("-at", "-_id"),
    ),
}
_WRITTEN: Document = {"$in": [*WRITTEN]}


class EntryFilter(NamedTuple):
    """The wanted entries."""

    scope: Document
    """Conditions on fields that have the same name in all documents: branch and customer."""
    about: Document
    """Conditions on fields of an entry."""
    span: tuple[datetime, datetime] | None = None
    """From the first time until before the second."""


class _Source(NamedTuple):
    """A collection, the field with the time, and what makes its documents entries."""

    name: str
    collection: str
    at: str
    where: Document
    stages: list[Document]
    fields: Document


_REQUESTED: Document = {
    "direction": {"$literal": "in"},
    "request": "$_id",
    "serial": "$product.serial",
    "line": "$product.line",
}


def _of_requests(name: str, field: str, text: str, direction: str) -> _Source:
    """Return the source of what is listed in requests: further contacts, or replies."""
    return _Source(
        name,
        ServiceRequest.COLLECTION,
        f"{field}.at",
        {f"{field}.0": {"$exists": True}, f"{field}.channel": _WRITTEN},
        [
            {"$unwind": {"path": f"${field}", "includeArrayIndex": "place"}},
            {"$match": {f"{field}.channel": _WRITTEN, f"{field}.from_request": None}},
        ],
        _REQUESTED
        | {
            "direction": {"$literal": direction},
            "channel": f"${field}.channel",
            "subject": f"${field}.{text}",
            "words": f"${field}.{text}",
            "by": f"${field}.by",
            "key": {"$concat": [f"{name}|", "$_id", "|", {"$toString": "$place"}]},
        },
    )


_SOURCES = (
    _Source(
        "record",
        Correspondence.COLLECTION,
        "at",
        {},
        [],
        {name: f"${name}" for name in ("direction", "channel", "request", "serial", "line", "subject", "files")}
        | {
            "by": "$recorded_by",
            "words": {"$concat": ["$subject", " ", "$text", " ", {"$ifNull": ["$reference", ""]}]},
        },
    ),
    _Source(
        "request",
        ServiceRequest.COLLECTION,
        "registered_at",
        {"channel": _WRITTEN},
        [],
        _REQUESTED
        | {"channel": "$channel", "subject": "$description", "words": "$description", "by": "$registered_by"},
    ),
    _of_requests("contact", "contacts", "said", "in"),
    _of_requests("reply", "answers", "text", "out"),
    _Source(
        "message",
        CustomerMessage.COLLECTION,
        "changed_at",
        {"state": {"$in": ["sent", "delivered"]}, "channel": _WRITTEN},
        [
            {"$lookup": {"from": "requests", "localField": "request", "foreignField": "_id", "as": "about"}},
            {"$set": {"about": {"$first": "$about.product"}, "attempt": {"$last": "$attempts"}}},
        ],
        {
            "direction": {"$literal": "out"},
            "channel": "$channel",
            "request": "$request",
            "serial": "$about.serial",
            "line": "$about.line",
            "subject": "$template",
            "words": "$template",
            "by": "$attempt.by",
        },
    ),
)


async def find_entries(mongo: Reads, wanted: EntryFilter, after: Place, limit: int) -> list[Document]:
    """Return entries after this place, the newest first."""
    pages = await asyncio.gather(
        *(mongo.aggregate(one.collection, [*_stages(one, wanted, after), {"$limit": limit}]) for one in _SOURCES)
    )
    found = [row | {"_id": row["key"]} for page in pages for row in page]
    return sorted(found, key=lambda row: (row["at"], row["key"]), reverse=True)[:limit]


async def count_entries(mongo: Reads, wanted: EntryFilter, most: int) -> int:
    """Return the number of entries, as far as `most` of each kind."""
    counted: list[Document] = [{"$limit": most}, {"$count": "times"}]
    pages = await asyncio.gather(
        *(mongo.aggregate(one.collection, [*_stages(one, wanted, Place("-at")), *counted]) for one in _SOURCES)
    )
    return sum(row["times"] for page in pages for row in page)


def _stages(source: _Source, wanted: EntryFilter, after: Place) -> Iterator[Document]:
    """Yield the stages of one source: its index gives the order, unless they are unwound, which are few."""
    times: dict[str, Any] = {"$gte": wanted.span[0], "$lt": wanted.span[1]} if wanted.span else {}
    if after.value is not None:
        times["$lte"] = after.value
    within: Document = {source.at: times} if times else {}
    yield {"$match": wanted.scope | source.where | within}
    in_order = "." not in source.at
    if in_order:
        yield {"$sort": {source.at: -1, "_id": -1}}
    yield from source.stages
    if within:
        yield {"$match": within}
    key = {"$concat": [f"{source.name}|", "$_id"]}
    common = {
        "_id": 1,
        "at": f"${source.at}",
        "branch": 1,
        "customer": 1,
        "key": key,
        "source": {"$literal": source.name},
    }
    yield {"$project": common | source.fields}
    beyond: Document = {}
    if after.value is not None:
        beyond = {"$or": [{"at": {"$lt": after.value}}, {"at": after.value, "key": {"$lt": after.id}}]}
    if conditions := [condition for condition in (wanted.about, beyond) if condition]:
        yield {"$match": {"$and": conditions}}
    if not in_order:
        yield {"$sort": {"at": -1, "key": -1}}


def words_filter(text: str) -> Document:
    """Return the condition for entries whose subject or text contains these words."""
    return {"words": {"$regex": re.escape(text), "$options": "i"}}
