"""Who read whom (ALL-6): a record for each answer with personal data in full."""

import json
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any, ClassVar

from aftersales.common.aggregate import Aggregate
from aftersales.common.mongo import Index

READINGS_KEPT = timedelta(days=1096)
"""Three years, the limitation period of most claims (Civil Code of China, article 188)."""
MOST_CUSTOMERS = 500
"""The most customers that one record names."""


class Reading(Aggregate):
    """One answer with personal data in full."""

    COLLECTION: ClassVar[str] = "readings"
    AUDITED: ClassVar[bool] = False  # it is a record itself, and nothing changes it

    at: datetime
    who: str
    """The caller, as the audit trail names them."""
    subject: str
    """The subject of the caller's token."""
    route: str
    """Method and path of the route."""
    asked: str
    """The path that was asked for, with its ids and without the query, which may have personal data."""
    customers: tuple[str, ...]
    """The ids of the customers in the answer; empty if it is a file, or about somebody who is no customer."""


READING_INDEXES = (Index("customers", "-at"), Index("who", "-at"), Index("at", ttl=READINGS_KEPT))


def customers_in(body: bytes) -> tuple[str, ...]:
    """Return the ids of the customers in a JSON answer, in order of appearance."""
    try:
        found = dict.fromkeys(_customers_in(json.loads(body)))
    except ValueError:
        return ()
    return tuple(found)[:MOST_CUSTOMERS]


def _customers_in(value: Any) -> Iterator[str]:
    if isinstance(value, list):
        for item in value:
            yield from _customers_in(item)
    if isinstance(value, dict):
        if "customer_class" in value and isinstance(value.get("id"), str):
            yield value["id"]
        for name, inner in value.items():
            if name == "customer" and isinstance(inner, str):
                yield inner
            elif name == "customer" and isinstance(inner, dict) and isinstance(inner.get("id"), str):
                yield inner["id"]
            yield from _customers_in(inner)
