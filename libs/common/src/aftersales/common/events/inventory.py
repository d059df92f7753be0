"""Events that inventory publishes."""

from datetime import datetime

from aftersales.common import events
from aftersales.common.events import Event, Part
from aftersales.values import Money


class ReservedLine(Part):
    part: str
    lot: str
    bin: str
    quantity: int


class MissingLine(Part):
    part: str
    quantity: int


class SlipEvent(Event):
    """The fields of every event about an issue slip (出库单)."""

    slip: str
    order: str
    request: str
    branch: str
    visit: int
    at: datetime
    slip_version: int = 0
    """The slip's version, which shows the newer of two events; 0 if the producer does not set it."""


class PartReserved(SlipEvent):
    """All parts of the slip are reserved, oldest lots first (INV-3)."""

    TYPE = "inventory.part_reserved.v1"
    lines: tuple[ReservedLine, ...]


class PartShort(SlipEvent):
    """Some parts are missing; the available ones stay reserved and the rest waits for a receipt (INV-13)."""

    TYPE = "inventory.part_short.v1"
    missing: tuple[MissingLine, ...]


class PartUsed(SlipEvent):
    """A part was used on an order, traceable to its lot (INV-14)."""

    TYPE = "inventory.part_used.v1"
    lines: tuple[ReservedLine, ...]
    technician: str


class ReservationReleased(SlipEvent):
    """Reserved parts are free again."""

    TYPE = "inventory.reservation_released.v1"
    lines: tuple[ReservedLine, ...]
    reason: str


class StockReceived(Event):
    """A lot was received."""

    TYPE = "inventory.stock_received.v1"
    branch: str
    part: str
    lot: str
    quantity: int
    at: datetime


class PartPriced(Event):
    """A part has a list price, the same in all branches, or what the price list says of it has changed (INV-15)."""

    TYPE = "inventory.part_priced.v1"
    part: str
    name: str
    model: str | None = None
    specification: str | None = None
    lines: tuple[str, ...] = ()
    """Codes of the product lines that it fits; empty: any."""
    price: Money | None
    """The price of one piece; null: it has none any more."""
    since: datetime
    """The time since which this price holds."""
    revision: int
    """The part's version, which shows the newer of two events."""


class InventoryHeartbeat(events.Heartbeat):
    """Dispatch's heartbeat, passed on."""

    TYPE = "inventory.heartbeat.v1"


class InventoryPersonalDataErased(events.PersonalDataErased):
    """This service has erased a customer's personal data, or had none (ALL-6)."""

    TYPE = "inventory.personal_data_erased.v1"


PRODUCES = (
    PartReserved,
    PartShort,
    PartUsed,
    ReservationReleased,
    StockReceived,
    PartPriced,
    InventoryHeartbeat,
    InventoryPersonalDataErased,
)
