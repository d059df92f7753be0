"""The proof of an erasure and the record of an export: numbers and counts, no personal data (ALL-6). Pure."""

from datetime import datetime, timedelta
from typing import ClassVar, Literal

from aftersales.common.aggregate import Aggregate
from aftersales.common.events import ErasedCollection
from aftersales.common.privacy.holdings import DataSubject
from aftersales.values import Value

Asker = Literal["customer", "representative", "authority", "company"]
"""Who asked: the customer, somebody with a power of attorney, an authority, or the company, whose period has ended."""
OTHERS = frozenset({"dispatch", "inventory", "feedback"})
"""The services that must confirm an erasure."""
LATE_AFTER = timedelta(hours=1)
"""The time from which an erasure that is not confirmed everywhere raises an alert."""


class ServiceErasure(Value):
    """What another service has erased."""

    service: str
    at: datetime
    collections: tuple[ErasedCollection, ...]


class Erasure(Aggregate):
    """The proof that a customer's personal data was erased. Its id is the customer's, so there is one for each.

    It has numbers and counts, no personal data. The services look again and again for data that came late (`eraser`).
    """

    COLLECTION: ClassVar[str] = "erasures"
    NETWORK_WIDE: ClassVar[bool] = True

    subject: DataSubject
    """The numbers of what is the customer's."""
    traces: tuple[str, ...] = ()
    """Dead letters and stored answers with one of the customer's telephone numbers or addresses."""
    asked_by: Asker | None = None
    """Who asked for it; null outside of intake."""
    why: str = ""
    """The reason."""
    evidence: str = ""
    """Where the evidence is, such as the number of a letter."""
    by: str = ""
    """The person who ordered it."""
    at: datetime
    """The time of the order."""
    erased: tuple[ErasedCollection, ...] = ()
    """What this service has erased."""
    erased_at: datetime | None = None
    """The time at which this service had erased everything."""
    confirmed: tuple[ServiceErasure, ...] = ()
    """What the other services have erased."""
    completed_at: datetime | None = None
    """The time at which all services had erased everything."""
    whole: bool = True
    """Whether everything must be gone through, at first and after late data was found."""


class PersonalDataExported(Aggregate):
    """The record of an export: who has got all that is stored about a customer, and when."""

    COLLECTION: ClassVar[str] = "personal_exports"
    NETWORK_WIDE: ClassVar[bool] = True

    customer: str
    by: str
    at: datetime
    collections: dict[str, int]
    """The number of documents of each collection."""


def count_erased(erasure: Erasure, collection: str, documents: int, fields: int) -> Erasure:
    """Add to what was erased from a collection."""
    if not documents:
        return erasure
    found = {one.collection: one for one in erasure.erased}
    old = found.get(collection, ErasedCollection(collection=collection, documents=0, fields=0))
    found[collection] = ErasedCollection(
        collection=collection, documents=old.documents + documents, fields=old.fields + fields
    )
    return erasure.but(erased=tuple(found[name] for name in sorted(found)))


def complete_erasure(erasure: Erasure, now: datetime) -> Erasure:
    """Complete the proof once intake and all others have erased everything."""
    whole = erasure.erased_at and {one.service for one in erasure.confirmed} >= OTHERS
    return erasure.but(completed_at=now) if whole and not erasure.completed_at else erasure
