"""Documents of requests, and the indexes of lists and boards."""

from datetime import datetime
from typing import Any

from aftersales.engine import Aggregate, Document, Index, Retained

from .domain.request import ServiceRequest

AGAIN: Document = {"visit": {"$gt": 1}}
"""Filter for reopened requests. They are few, so their index costs other requests nothing."""
UNCLEAR: Document = {"unclear.what": {"$exists": True}}
"""Filter for requests with words that no catalogue has."""
NUMBERS_ELSEWHERE = ("order.number", "order.account", "elsewhere.number")
"""Fields with a number that a request has in another system."""
_NEWEST = ("-registered_at", "-_id")
_WORDS = ("state", "kind", "channel", "priority")
"""Fields with few values at the end of an index: lists filter by them before they read documents."""


def _open(*fields: str) -> Index:
    """Return a small index of open requests only. `open` is a key too, or MongoDB would read every document."""
    return Index("open", *fields, partial={"open": True})


INDEXES: dict[type[Aggregate], tuple[Index, ...]] = {
    ServiceRequest: (
        _open("branch", "pressing", "_id", "due_at", "stage", "owner", *_WORDS, "at_risk_at", "registered_at"),
        _open("owner", "pressing", "_id", "branch", "stage", *_WORDS),
        _open("pressing", "_id", "stage", *_WORDS),
        *(_open(name, "pressing", "_id") for name in ("kind", "channel")),
        Index("branch", *_NEWEST, "open", *_WORDS),
        Index("branch", "state", *_NEWEST, "kind"),
        Index(*_NEWEST, "open", *_WORDS),
        *(Index(name, *_NEWEST, "open") for name in ("owner", "customer", "product.serial", "kind", "channel")),
        *(Index(name, *_NEWEST, "open", partial={name: {"$gt": ""}}) for name in (*NUMBERS_ELSEWHERE, "repeats")),
        Index("danger_words.0", "pressing", "_id", partial={"danger_words.0": {"$exists": True}}),
        Index("unclear.what", "pressing", "_id", partial=UNCLEAR),
        Index("asked", "pressing", "_id", partial={"asked": {"$gt": ""}}),
        Index("tail"),
        Index("flag", *_NEWEST, partial={"flag": {"$gt": ""}}),
        Index("branch", "-_id"),
        Index("branch", "history.at", partial=AGAIN),
        *(Index(f"{name}.at", partial={f"{name}.0": {"$exists": True}}) for name in ("contacts", "answers")),
    ),
}


def order_filter(word: str) -> Document:
    """Return the filter for requests with a number elsewhere: of an order, its buyer, or a request there (INT-15)."""
    return {"$or": [{field: word} for field in NUMBERS_ELSEWHERE]}


def _ended(before: datetime) -> dict[str, Any]:
    """Select closed or cancelled requests that have not changed since `before`."""
    ended = {"state": {"$in": ["closed", "cancelled"]}, "open": False}
    return {**ended, "registered_at": {"$lt": before}, "history.at": {"$not": {"$gte": before}}}


RETAINED = (Retained(ServiceRequest, _ended),)
