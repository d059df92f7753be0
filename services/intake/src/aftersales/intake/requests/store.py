"""Requests and messages to customers: documents, and the indexes of lists and boards."""

from datetime import datetime
from typing import Any

from aftersales.engine import Aggregate, Document, Index, Retained

from .domain.message import CustomerMessage
from .domain.request import ServiceRequest

AGAIN: Document = {"visit": {"$gt": 1}}
"""Requests that were reopened; few, so that their index costs the others nothing."""
_NEWEST = ("-registered_at", "-_id")
_WORDS = ("state", "kind", "channel", "priority")
"""Fields of few values stand at the end of an index: so a list filters by them before it reads a document."""


def _open(*fields: str) -> Index:
    """An index of open requests only, which stays small. `open` is a key too: else every document would be read."""
    return Index("open", *fields, partial={"open": True})


INDEXES: dict[type[Aggregate], tuple[Index, ...]] = {
    ServiceRequest: (
        _open("branch", "due_at", "_id", "stage", "owner", *_WORDS, "at_risk_at", "registered_at"),
        _open("owner", "due_at", "_id", "branch", "stage", *_WORDS),
        _open("due_at", "_id", "stage", *_WORDS),
        *(_open(name, "due_at", "_id") for name in ("kind", "channel")),
        Index("branch", *_NEWEST, "open", *_WORDS),
        Index("branch", "state", *_NEWEST, "kind"),
        Index(*_NEWEST, "open", *_WORDS),
        *(Index(name, *_NEWEST, "open") for name in ("owner", "customer", "product.serial", "kind", "channel")),
        Index("tail"),
        Index("branch", "-_id"),
        Index("branch", "history.at", partial=AGAIN),
    ),
    CustomerMessage: (
        Index("branch", "state", "-_id"),
        Index("branch", "-_id"),
        Index("state", "-_id"),
        Index("customer"),
    ),
}


def _ended(before: datetime) -> dict[str, Any]:
    """Requests that are closed or cancelled, and to which nothing has happened since then."""
    ended = {"state": {"$in": ["closed", "cancelled"]}, "open": False}
    return {**ended, "registered_at": {"$lt": before}, "history.at": {"$not": {"$gte": before}}}


RETAINED = (Retained(ServiceRequest, _ended),)
