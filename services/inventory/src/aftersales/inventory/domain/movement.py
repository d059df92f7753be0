"""The ledger (INV-14): every piece that came, was set aside, given back or used; entries are only added.

For each lot: received = free + reserved + used, reserved = entries reserved - released - used.
"""

from datetime import datetime
from typing import ClassVar, Literal, NamedTuple

from aftersales.common.aggregate import Aggregate
from aftersales.common.events.inventory import ReservedLine

Kind = Literal["received", "reserved", "released", "used"]


class Entry(NamedTuple):
    """A line for the ledger."""

    kind: Kind
    line: ReservedLine


class Movement(Aggregate):
    COLLECTION: ClassVar[str] = "movements"

    kind: Kind
    part: str
    lot: str
    bin: str
    quantity: int
    at: datetime
    order: str | None = None
    request: str | None = None
    serial: str | None = None
    """Of the product that was repaired."""
    technician: str | None = None
