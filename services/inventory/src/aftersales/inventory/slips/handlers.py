"""Use cases of issue slips, for events of dispatch and for the timer of a long line of slips."""

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import datetime

from aftersales.common.events.dispatch import (
    OrderCancelled,
    OrderEvent,
    PartNeeded,
    PlanWithdrawn,
    RepairCompleted,
    TechnicianAssigned,
)
from aftersales.common.events.intake import DesignChanged
from aftersales.common.events.inventory import ReservedLine
from aftersales.engine import DocumentRef, NotYet, UnitOfWork, use_case
from aftersales.inventory.parts import handlers as parts
from aftersales.inventory.parts.domain import Part, Supersedence, repair_kind, without_successors
from aftersales.inventory.stock.domain import Entry, StockItem, stock_id
from aftersales.inventory.stock.handlers import record_movements
from aftersales.inventory.stock.store import stock_of

from . import domain
from .domain import ENDED, IssueSlip, slip_id

SERVED_AT_ONCE = 200
"""Most slips that one job serves, so that other jobs can run in between."""


@use_case(
    preload=lambda event: (
        _slip_of(event),
        (
            Part,
            {"jobs": repair_kind(event.product.line, event.fault)},
            lambda part: ((StockItem, stock_id(event.branch, part.id)),),
        ),
    )
)
async def open_slip(work: UnitOfWork, event: TechnicianAssigned) -> None:
    """Reserve the parts of this kind of repair. Only another plan changes the parts of a visit."""
    known = await work.get(IssueSlip, slip_id(event.request, event.visit))
    if known and known.plan >= event.plan:
        return
    await _wait_for_earlier_visit(work, event)
    needed = without_successors(await work.find(Part, jobs=repair_kind(event.product.line, event.fault)))
    slip = domain.replan_slip(await _empty(work, known), event, needed) if known else domain.open_slip(event, needed)
    await _set_aside(work, slip, [part.id for part in needed])


@use_case(preload=lambda event: (_slip_of(event),))
async def withdraw_plan(work: UnitOfWork, event: PlanWithdrawn) -> None:
    """Release the parts of a plan that has ended, unless another one has followed (INT-2)."""
    slip = await work.get(IssueSlip, slip_id(event.request, event.visit))
    if slip is None:
        work.put(domain.remember_withdrawal(event))
    elif slip.plan <= event.plan and slip.state not in ENDED:
        await _empty(work, slip)


async def _empty(work: UnitOfWork, slip: IssueSlip) -> IssueSlip:
    slip, released = await _finish(work, slip, {})
    slip, events = domain.withdraw_slip(slip, released, work.now)
    return work.put(slip, *events)


@use_case(preload=lambda event: (_slip_of(event), (StockItem, stock_id(event.branch, event.part))))
async def add_part(work: UnitOfWork, event: PartNeeded) -> None:
    """Reserve one more part (INV-13). An unknown part is short until it is registered and received."""
    slip = await _slip(work, event)
    if slip.state not in ENDED:
        await _set_aside(work, domain.request_part(slip, event.part, event.quantity), [event.part])


@use_case(
    preload=lambda event: (
        _slip_of(event),
        *((StockItem, stock_id(event.branch, used.part)) for used in event.parts_used),
    )
)
async def close_slip(work: UnitOfWork, event: RepairCompleted) -> None:
    """Record the parts that were used, and release the rest (INV-14)."""
    slip = await _slip(work, event)
    if slip.state in ENDED:
        return
    used: Counter[str] = Counter()
    for line in event.parts_used:
        used[line.part] += line.quantity
    slip, released = await _finish(work, slip, used, event.technician)
    slip, events = domain.close_slip(slip, event, released, work.now)
    work.put(slip, *events)


@use_case(preload=lambda event: (_slip_of(event),))
async def cancel_slip(work: UnitOfWork, event: OrderCancelled) -> None:
    """Release everything. If the slip was not opened yet, and perhaps never will be, it is stored as cancelled."""
    slip = await work.get(IssueSlip, slip_id(event.request, event.visit))
    if slip is None:
        work.put(domain.remember_cancellation(event))
    elif slip.state not in ENDED:
        slip, released = await _finish(work, slip, {})
        slip, events = domain.cancel_slip(slip, released, work.now)
        work.put(slip, *events)


@use_case(
    preload=lambda event: tuple(
        ref for pair in event.supersessions for ref in ((Supersedence, pair.old), (Part, pair.old), (Part, pair.new))
    )
)
async def follow_design(work: UnitOfWork, event: DesignChanged) -> None:
    """Keep which part replaces which, and wake the stock of old parts for which slips wait (ALL-9)."""
    await parts.replace_parts(work, event)
    for old in sorted({pair.old for pair in event.supersessions}):
        for item in await work.find(StockItem, part=old):
            if item.waiting:
                work.put(item.but(wake_at=await _next_wake(work, item)))


async def wake_stock(work: UnitOfWork, id: str) -> None:
    """Serve the next slips in a long line; once nothing is left of a replaced part, they want its successor (ALL-9)."""
    item = await work.get(StockItem, id)
    if not (item and item.wake_at and item.wake_at <= work.now):
        return
    item = work.put(await serve_waiting(work, item))
    after = await work.get(Supersedence, item.part)
    if not item.free and after and after.begins <= work.now:
        for slip in await work.several(IssueSlip, item.waiting[:SERVED_AT_ONCE]):
            await _set_aside(work, slip, [item.part])
        item = await stock_of(work, item.branch, item.part)
        work.put(item.but(wake_at=await _next_wake(work, item)))


async def serve_waiting(work: UnitOfWork, item: StockItem) -> StockItem:
    """Reserve what became free for the slips that wait, and publish which of them are complete.

    Each slip in line takes at least one unit, so no more slips are loaded than units are free. A timer serves the rest
    of a long line.
    """
    queue = await work.several(IssueSlip, item.waiting[: min(item.free, SERVED_AT_ONCE)])
    item, changes = domain.serve_queue(item, queue)
    for change in changes:
        _record_for(work, change.slip, change.entries)
        slip, events = domain.fill_slip(change.slip, work.now)
        work.put(slip, *events)
    return item.but(wake_at=await _next_wake(work, item))


async def _next_wake(work: UnitOfWork, item: StockItem) -> datetime | None:
    """Return the time at which more can be done for the slips in line: now, or the day of a design change."""
    if item.waiting and item.free:
        return work.now
    after = await work.get(Supersedence, item.part) if item.waiting else None
    return max(after.begins, work.now) if after else None


def _slip_of(event: OrderEvent) -> DocumentRef:
    """Return the reference of the visit's slip, which also preloads the stock of its lines."""
    return (
        IssueSlip,
        slip_id(event.request, event.visit),
        lambda slip: [(StockItem, stock_id(slip.branch, line.part)) for line in slip.lines],
    )


async def _slip(work: UnitOfWork, event: OrderEvent) -> IssueSlip:
    """Return the visit's slip. Raises `NotYet` if the assignment, which creates it, has not arrived."""
    slip = await work.get(IssueSlip, slip_id(event.request, event.visit))
    if slip is None:
        raise NotYet("slip.unknown", slip=slip_id(event.request, event.visit))
    return slip


async def _wait_for_earlier_visit(work: UnitOfWork, event: TechnicianAssigned) -> None:
    """Raise `NotYet` while the previous visit is open here; an order must not compete with itself for the last part."""
    if event.visit > 1:
        earlier = await work.get(IssueSlip, slip_id(event.request, event.visit - 1))
        if earlier is None or earlier.state not in ENDED:
            raise NotYet("slip.earlier_visit_open", slip=slip_id(event.request, event.visit - 1))


async def _set_aside(work: UnitOfWork, slip: IssueSlip, wanted: Iterable[str]) -> None:
    """Reserve these parts of the slip, and publish whether all are there."""
    left, seen = [*wanted], set[str]()
    while left:
        part = left.pop(0)
        seen.add(part)
        item, slip, entries = domain.allot_part(await stock_of(work, slip.branch, part), slip)
        after = await work.get(Supersedence, part) if slip.line(part).missing else None
        if after and after.begins > work.now:
            item = item.but(wake_at=await _next_wake(work, item))
        elif after and after.new not in seen:
            item, slip = domain.want_successor(item, slip, after.new)
            left.append(after.new)
        work.put(item)
        _record_for(work, slip, entries)
    slip, events = domain.settle_slip(slip, work.now)
    work.put(slip, *events)


async def _finish(
    work: UnitOfWork, slip: IssueSlip, used: Mapping[str, int], technician: str | None = None
) -> tuple[IssueSlip, tuple[ReservedLine, ...]]:
    """Record used parts and release the rest, for each part; also return what was released."""
    released: list[ReservedLine] = []
    for part in sorted({*used, *(line.part for line in slip.lines)}):
        known = await stock_of(work, slip.branch, part)
        item, slip, entries = domain.finish_part(known, slip, used.get(part, 0))
        _record_for(work, slip, entries, technician)
        released += [line for kind, line in entries if kind == "released"]
        if item != known:
            work.put(await serve_waiting(work, item))
    return slip, tuple(released)


def _record_for(work: UnitOfWork, slip: IssueSlip, entries: Iterable[Entry], technician: str | None = None) -> None:
    """Write the ledger, with the repair that the slip is for."""
    serial = slip.product.serial if slip.product else None
    about = slip.model_dump(include={"order", "request"}) | {"serial": serial, "technician": technician}
    record_movements(work, slip.branch, entries, about)
