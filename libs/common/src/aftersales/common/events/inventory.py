"""Events that inventory publishes."""

from datetime import datetime

from aftersales.common import events
from aftersales.common.events import Event, Part


class ReservedLine(Part):
    part: str
    lot: str
    bin: str
    quantity: int


class MissingLine(Part):
    part: str
    quantity: int


class SlipEvent(Event):
    """What every event about an issue slip (出库单) says."""

    slip: str
    order: str
    request: str
    branch: str
    visit: int
    at: datetime
    slip_version: int = 0
    """The slip's version, to tell which of two that crossed is newer; 0 from a producer that does not say."""


class PartReserved(SlipEvent):
    """All parts of the slip are set aside, oldest lots first (INV-3)."""

    TYPE = "inventory.part_reserved.v1"
    lines: tuple[ReservedLine, ...]


class PartShort(SlipEvent):
    """Some parts are missing; what is there stays reserved and the rest waits for a receipt (INV-13)."""

    TYPE = "inventory.part_short.v1"
    missing: tuple[MissingLine, ...]


class PartUsed(SlipEvent):
    """Used on an order, traceable to its lot (INV-14)."""

    TYPE = "inventory.part_used.v1"
    lines: tuple[ReservedLine, ...]
    technician: str


class ReservationReleased(SlipEvent):
    """What was set aside is free again."""

    TYPE = "inventory.reservation_released.v1"
    lines: tuple[ReservedLine, ...]
    reason: str


class StockReceived(Event):
    """A lot came in."""

    TYPE = "inventory.stock_received.v1"
    branch: str
    part: str
    lot: str
    quantity: int
    at: datetime


class InventoryHeartbeat(events.Heartbeat):
    """Dispatch's beat, passed on."""

    TYPE = "inventory.heartbeat.v1"


PRODUCES = (PartReserved, PartShort, PartUsed, ReservationReleased, StockReceived, InventoryHeartbeat)
