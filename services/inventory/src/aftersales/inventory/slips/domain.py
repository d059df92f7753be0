"""The issue slip (出库单): which parts one visit of an order needs, has reserved, and used (INV-2, INV-13).

Slips and stock together: which slip gets the free parts, and what becomes of them (INV-3, INV-13, INV-14).
"""

from collections.abc import Iterable
from datetime import datetime
from typing import Any, ClassVar, Literal, NamedTuple, TypeVar

from aftersales.common.aggregate import Aggregate
from aftersales.common.events import Event
from aftersales.common.events.dispatch import (
    OrderCancelled,
    OrderEvent,
    PlanWithdrawn,
    RepairCompleted,
    TechnicianAssigned,
)
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
from aftersales.inventory.parts.domain import Part
from aftersales.inventory.stock import domain as stock
from aftersales.inventory.stock.domain import Entry, Kind, Pick, Picks, StockItem, total_quantity
from aftersales.values import Value, sibling_number

SlipState = Literal["open", "reserved", "short", "used", "cancelled"]
ENDED: tuple[SlipState, ...] = ("used", "cancelled")
E = TypeVar("E", bound=SlipEvent)
SlipDecision = tuple["IssueSlip", tuple[Event, ...]]


class SlipLine(Value):
    part: str
    """The code of the part."""
    wanted: int
    """The number of pieces that the visit needs."""
    reserved: Picks = ()
    """The pieces that are set aside, by lot."""

    @property
    def missing(self) -> int:
        return self.wanted - total_quantity(self.reserved)


class IssueSlip(Aggregate):
    COLLECTION: ClassVar[str] = "slips"
    OF_CONTACT: ClassVar[bool] = True

    order: str
    """The number of the work order."""
    request: str
    """The number of the request."""
    visit: int
    """The number of the visit, from 1."""
    plan: int = 1
    """The number of the order's plan; a corrected request gets another one, which may need other parts (INT-2)."""
    product: ProductRef | None = None
    """None on a slip that only records a cancellation."""
    state: SlipState = "open"
    lines: tuple[SlipLine, ...] = ()
    """The parts, wanted and reserved."""
    used: tuple[ReservedLine, ...] = ()
    """The parts that were used."""
    discrepancies: tuple[MissingLine, ...] = ()
    """Parts that the technician used, but that were not in the books."""

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
    """Return the id of a visit's slip. A visit has one slip, so opening it twice is impossible."""
    return f"{sibling_number(request, 'IS')}-{visit}"


def _blank(event: OrderEvent) -> IssueSlip:
    return IssueSlip(
        id=slip_id(event.request, event.visit),
        branch=event.branch,
        order=event.order,
        request=event.request,
        visit=event.visit,
    )


def open_slip(event: TechnicianAssigned, parts: Iterable[Part]) -> IssueSlip:
    """Return a slip with the parts that this kind of repair needs; nothing is reserved yet."""
    lines = tuple(SlipLine(part=part.id, wanted=part.quantity_per_job) for part in parts)
    return _blank(event).but(product=event.product, lines=lines, plan=event.plan)


def replan_slip(slip: IssueSlip, event: TechnicianAssigned, parts: Iterable[Part]) -> IssueSlip:
    """Return the visit's slip with the parts of another plan, after those of the earlier one were released."""
    fresh = open_slip(event, parts)
    return slip.but(state="open", branch=fresh.branch, product=fresh.product, plan=fresh.plan, lines=fresh.lines)


def withdraw_slip(slip: IssueSlip, released: tuple[ReservedLine, ...], now: datetime) -> SlipDecision:
    """Empty the slip, whose plan has ended; the same plan is not opened again."""
    return slip.but(state="open", lines=()), _released(slip, released, "plan_withdrawn", now)


def remember_cancellation(event: OrderCancelled) -> IssueSlip:
    """Return a slip that is cancelled from the start, so that an assignment that arrives later has no effect."""
    return _blank(event).but(state="cancelled")


def remember_withdrawal(event: PlanWithdrawn) -> IssueSlip:
    """Return an empty slip of a withdrawn plan, so that its assignment, which arrives later, has no effect."""
    return _blank(event).but(plan=event.plan)


def request_part(slip: IssueSlip, part: str, quantity: int) -> IssueSlip:
    """Add `quantity` to what the slip needs of a part (INV-13)."""
    line = slip.line(part)
    return slip.with_line(line.model_copy(update={"wanted": line.wanted + quantity}))


def settle_slip(slip: IssueSlip, now: datetime) -> SlipDecision:
    """Publish whether all parts are reserved, after the needed parts have changed."""
    if missing := slip.missing:
        return slip.but(state="short"), (_fact(PartShort, slip, now, missing=missing),)
    return fill_slip(slip, now)


def fill_slip(slip: IssueSlip, now: datetime) -> SlipDecision:
    """Publish that all parts are reserved; a slip that still lacks one keeps waiting."""
    if slip.missing:
        return slip, ()
    lines = tuple(pick.of(line.part) for line in slip.lines for pick in line.reserved)
    return slip.but(state="reserved"), (_fact(PartReserved, slip, now, lines=lines),)


def close_slip(
    slip: IssueSlip, event: RepairCompleted, released: tuple[ReservedLine, ...], now: datetime
) -> SlipDecision:
    """Close the slip with the parts that were used (INV-14)."""
    events: tuple[Event, ...] = ()
    if slip.used:
        events = (_fact(PartUsed, slip, now, lines=slip.used, technician=event.technician),)
    return slip.but(state="used"), events + _released(slip, released, "repair_completed", now)


def cancel_slip(slip: IssueSlip, released: tuple[ReservedLine, ...], now: datetime) -> SlipDecision:
    return slip.but(state="cancelled"), _released(slip, released, "order_cancelled", now)


def _released(slip: IssueSlip, lines: tuple[ReservedLine, ...], reason: str, now: datetime) -> tuple[Event, ...]:
    return (_fact(ReservationReleased, slip, now, lines=lines, reason=reason),) if lines else ()


def _fact(kind: type[E], slip: IssueSlip, now: datetime, **more: Any) -> E:
    """Return an event about the slip, with the version that this change produces."""
    about = slip.model_dump(include={"order", "request", "branch", "visit"})
    return kind(slip=slip.id, at=now, slip_version=slip.version + 1, **about, **more)


class Change(NamedTuple):
    """One part's stock and one slip after a decision, and the entries for the ledger."""

    item: StockItem
    slip: IssueSlip
    entries: tuple[Entry, ...]


def allot_part(item: StockItem, slip: IssueSlip) -> Change:
    """Reserve what the slip lacks of this part; while something is missing, it waits in line.

    Only the first slip in line receives anything (INV-13), because what is free may be about to be reserved for it.
    """
    line = slip.line(item.part)
    is_first = not item.waiting or item.waiting[0] == slip.id
    item, picks = stock.reserve_stock(item, line.missing if is_first else 0)
    line = line.model_copy(update={"reserved": (*line.reserved, *picks)})
    waiting = item.waiting
    if not line.missing:
        waiting = _without(waiting, slip.id)
    elif slip.id not in waiting:
        waiting = (*waiting, slip.id)
    return Change(item.but(waiting=waiting), slip.with_line(line), _entries("reserved", item.part, picks))


def want_successor(item: StockItem, slip: IssueSlip, new: str) -> tuple[StockItem, IssueSlip]:
    """Want what is missing of a part from its successor: the old stock is used up first (ALL-9)."""
    line = slip.line(item.part)
    kept = line.model_copy(update={"wanted": line.wanted - line.missing})
    lines = (kept if one.part == item.part else one for one in slip.lines)
    left = slip.but(lines=tuple(one for one in lines if one.wanted))
    return item.but(waiting=_without(item.waiting, slip.id)), request_part(left, new, line.missing)


def serve_queue(item: StockItem, queue: Iterable[IssueSlip]) -> tuple[StockItem, tuple[Change, ...]]:
    """Reserve free stock for the slips that wait for it, oldest first (INV-13)."""
    changes: list[Change] = []
    for slip in queue:
        if not item.free:
            break
        changes.append(allot_part(item, slip))
        item = changes[-1].item
    return item, tuple(changes)


def finish_part(item: StockItem, slip: IssueSlip, quantity: int) -> Change:
    """Record `quantity` of this part as used, first what was reserved for the slip, then what is free.

    The rest is released. Units that were used but are not in the books are recorded on the slip.
    """
    line = slip.line(item.part)
    used, rest = _split(line.reserved, quantity)
    item, extra = stock.reserve_stock(item, quantity - total_quantity(used))
    taken = used + extra
    item = stock.release_stock(stock.use_stock(item, taken), rest)
    if line.reserved:
        slip = slip.with_line(line.model_copy(update={"reserved": ()}))
    if lacking := quantity - total_quantity(taken):
        slip = slip.but(discrepancies=(*slip.discrepancies, MissingLine(part=item.part, quantity=lacking)))
    slip = slip.but(used=(*slip.used, *(pick.of(item.part) for pick in taken)))
    entries = _entries("reserved", item.part, extra) + _entries("used", item.part, taken)
    entries += _entries("released", item.part, rest)
    return Change(item.but(waiting=_without(item.waiting, slip.id)), slip, entries)


def _split(picks: Picks, quantity: int) -> tuple[Picks, Picks]:
    """Split picks into the first `quantity` units and the rest."""
    first: list[Pick] = []
    rest: list[Pick] = []
    for pick in picks:
        take = min(pick.quantity, quantity - total_quantity(first))
        for part, amount in ((first, take), (rest, pick.quantity - take)):
            if amount:
                part.append(pick.model_copy(update={"quantity": amount}))
    return tuple(first), tuple(rest)


def _without(waiting: tuple[str, ...], slip: str) -> tuple[str, ...]:
    return tuple(other for other in waiting if other != slip)


def _entries(kind: Kind, part: str, picks: Picks) -> tuple[Entry, ...]:
    return tuple(Entry(kind, pick.of(part)) for pick in picks)
