"""The issue slip (出库单): which parts one visit of an order needs, has set aside, and used (INV-2, INV-13)."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any, ClassVar, Literal, TypeVar

from aftersales.common.aggregate import Aggregate
from aftersales.common.events import Event
from aftersales.common.events.dispatch import OrderCancelled, OrderEvent, RepairCompleted, TechnicianAssigned
from aftersales.common.events.intake import ProductRef
from aftersales.common.events.inventory import (
    MissingLine,
    PartReserved,
    PartShort,
    PartUsed,
    ReservationReleased,
    ReservedLine,
    SlipEvent,
)
from aftersales.common.values import Value, sibling
from aftersales.inventory.domain.part import Part
from aftersales.inventory.domain.stock import Picks, total

State = Literal["open", "reserved", "short", "used", "cancelled"]
ENDED: tuple[State, ...] = ("used", "cancelled")
E = TypeVar("E", bound=SlipEvent)
Decision = tuple["IssueSlip", tuple[Event, ...]]


class SlipLine(Value):
    part: str
    wanted: int
    reserved: Picks = ()

    @property
    def missing(self) -> int:
        return self.wanted - total(self.reserved)


class IssueSlip(Aggregate):
    COLLECTION: ClassVar[str] = "slips"
    OF_CONTACT: ClassVar[bool] = True

    order: str
    request: str
    visit: int
    product: ProductRef | None = None
    """Unknown on a slip that only remembers a cancellation."""
    state: State = "open"
    lines: tuple[SlipLine, ...] = ()
    used: tuple[ReservedLine, ...] = ()
    discrepancies: tuple[MissingLine, ...] = ()
    """What the technician used and the books did not have."""

    def line(self, part: str) -> SlipLine:
        return next((line for line in self.lines if line.part == part), SlipLine(part=part, wanted=0))

    def with_line(self, line: SlipLine) -> "IssueSlip":
        """Replace the line of the same part, or add it at the end."""
        lines = {known.part: known for known in self.lines} | {line.part: line}
        return self.but(lines=tuple(lines.values()))

    @property
    def missing(self) -> tuple[MissingLine, ...]:
        return tuple(MissingLine(part=line.part, quantity=line.missing) for line in self.lines if line.missing)


def slip_id(request: str, visit: int) -> str:
    """One request's visit has one slip, so that opening it twice is impossible."""
    return f"{sibling(request, 'IS')}-{visit}"


def _blank(event: OrderEvent) -> IssueSlip:
    return IssueSlip(
        id=slip_id(event.request, event.visit),
        branch=event.branch,
        order=event.order,
        request=event.request,
        visit=event.visit,
    )


def open_slip(event: TechnicianAssigned, parts: Iterable[Part]) -> IssueSlip:
    """Write down what this kind of repair needs; nothing is set aside yet."""
    lines = tuple(SlipLine(part=part.id, wanted=part.quantity_per_job) for part in parts)
    return _blank(event).but(product=event.product, lines=lines)


def remember_cancellation(event: OrderCancelled) -> IssueSlip:
    """Make a slip that is cancelled from the start: an assignment that is heard of later is old news."""
    return _blank(event).but(state="cancelled")


def need(slip: IssueSlip, part: str, quantity: int) -> IssueSlip:
    """Want more of a part (INV-13)."""
    line = slip.line(part)
    return slip.with_line(line.model_copy(update={"wanted": line.wanted + quantity}))


def settle(slip: IssueSlip, now: datetime) -> Decision:
    """Say whether all is set aside, after what is wanted has changed."""
    if missing := slip.missing:
        return slip.but(state="short"), (_fact(PartShort, slip, now, missing=missing),)
    return fill(slip, now)


def fill(slip: IssueSlip, now: datetime) -> Decision:
    """Say that all is set aside, once it is; a slip that still lacks something goes on waiting."""
    if slip.missing:
        return slip, ()
    lines = tuple(pick.of(line.part) for line in slip.lines for pick in line.reserved)
    return slip.but(state="reserved"), (_fact(PartReserved, slip, now, lines=lines),)


def close(slip: IssueSlip, event: RepairCompleted, released: tuple[ReservedLine, ...], now: datetime) -> Decision:
    """End it with what was used (INV-14)."""
    events: tuple[Event, ...] = ()
    if slip.used:
        events = (_fact(PartUsed, slip, now, lines=slip.used, technician=event.technician),)
    return slip.but(state="used"), events + _released(slip, released, "repair_completed", now)


def cancel(slip: IssueSlip, released: tuple[ReservedLine, ...], now: datetime) -> Decision:
    return slip.but(state="cancelled"), _released(slip, released, "order_cancelled", now)


def _released(slip: IssueSlip, lines: tuple[ReservedLine, ...], reason: str, now: datetime) -> tuple[Event, ...]:
    return (_fact(ReservationReleased, slip, now, lines=lines, reason=reason),) if lines else ()


def _fact(kind: type[E], slip: IssueSlip, now: datetime, **more: Any) -> E:
    """Say something about the slip, with the version that this change gives it."""
    about = slip.model_dump(include={"order", "request", "branch", "visit"})
    return kind(slip=slip.id, at=now, slip_version=slip.version + 1, **about, **more)
