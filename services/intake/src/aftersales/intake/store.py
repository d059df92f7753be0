"""Intake's documents, their indexes, and what is loaded together."""

from aftersales.common.aggregate import Aggregate
from aftersales.common.heartbeat import Heartbeat
from aftersales.common.mongo import Index
from aftersales.common.work.piece import Need

from .domain.branch import Branch
from .domain.classification import ClassificationRules
from .domain.complaint import PublicComplaint
from .domain.customer import ContactPoint, Customer
from .domain.product import Product
from .domain.request import ServiceRequest

_NEWEST, _OLDEST = ("-registered_at", "-_id"), ("received_at", "_id")
_WORDS = ("state", "kind", "channel", "priority")
"""Fields of few values stand at the end of an index: so a list filters by them before it reads a document."""


def _open(*fields: str) -> Index:
    """An index of open requests only, which stays small. `open` is a key too: else every document would be read."""
    return Index("open", *fields, partial={"open": True})


INDEXES: dict[type[Aggregate], tuple[Index, ...]] = {
    Branch: (),
    Customer: (),
    ContactPoint: (),
    Product: (),
    ClassificationRules: (),
    Heartbeat: (),
    PublicComplaint: (Index("state", *_OLDEST), Index(*_OLDEST)),
    ServiceRequest: (
        _open("branch", "due_at", "_id", "stage", "owner", *_WORDS, "at_risk_at", "registered_at"),
        _open("owner", "due_at", "_id", "branch", "stage", *_WORDS),
        _open("due_at", "_id", "stage", *_WORDS),
        Index("branch", *_NEWEST, "open", *_WORDS),
        Index(*_NEWEST, "open", *_WORDS),
        *(Index(name, *_NEWEST) for name in ("owner", "customer", "product.serial", "kind", "channel")),
        Index("tail"),
    ),
}


def caller(phone: str) -> Need:
    """Whoever this phone belongs to."""
    return ContactPoint, phone, lambda contact: ((Customer, contact.customer),)
