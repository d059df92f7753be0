"""Work orders: use cases of other services' events and the clock, and functions shared with the technician's steps."""

from contextlib import suppress

from aftersales.common.deeds import Deed
from aftersales.common.events.intake import (
    CoverageDecided,
    QuotationAccepted,
    RequestCancelled,
    RequestContacted,
    RequestCorrected,
    RequestFacts,
    RequestReopened,
    RequestReprioritised,
)
from aftersales.common.events.inventory import PartReserved
from aftersales.dispatch.technicians.domain import SecondLook, Technician
from aftersales.engine import BranchHours, DocumentRef, Event, NotYet, UnitOfWork, use_case
from aftersales.policy.choose import Facts
from aftersales.values import sibling_number

from .domain import assignment, correction, deeds, parts, quotation, waits
from .domain import order as orders
from .domain.order import ENDED, OrderPolicy, WorkOrder
from .store import Rules

OfRequest = (
    RequestFacts
    | RequestContacted
    | RequestCancelled
    | RequestReopened
    | RequestReprioritised
    | CoverageDecided
    | QuotationAccepted
)
STEP = 50
"""Orders in one step, so that the writer can run other jobs in between."""


@use_case(
    preload=lambda event: (
        _order_of(event),
        (Technician, {"branch": event.branch}),
        (BranchHours, event.branch),
    )
)
async def open_order(work: UnitOfWork, event: RequestFacts, rules: Rules) -> None:
    """Open the request's one order, and assign a technician immediately (DSP-2)."""
    number = sibling_number(event.request, "WO")
    if event.on_site and not await work.get(WorkOrder, number):
        facts = Facts(event.branch, event.product.line, event.work_type or event.kind, "", event.registered_at.date())
        policy = rules.figures(await rules.catalogue.of(work, event.policy, facts))
        order, events = orders.open_order(number, event, work.now, work.actor, policy)
        order, marks = await _by_newest_hours(work, order, policy)
        await assign_technician(work, order, (*events, *marks), policy)


@use_case(preload=lambda event: (_order_of(event),))
async def cancel_order(work: UnitOfWork, event: RequestCancelled) -> None:
    if not event.on_site:
        return
    order = await _order(work, sibling_number(event.request, "WO"))
    if order.called_off is None:
        await release_technician(work, order)
        ended, events = orders.cancel_order(order, event, work.now, work.actor)
        work.put(ended, *events)


@use_case(preload=lambda event: (_order_of(event),))
async def reopen_order(work: UnitOfWork, event: RequestReopened, rules: Rules) -> None:
    """Send a technician again (DSP-7); without effect if that visit is known or the order was cancelled."""
    order = await _order(work, sibling_number(event.request, "WO"))
    if order.state == "cancelled" or order.visit >= event.visit:
        return
    policy = await rules.of(work, order)
    order, _ = await _by_newest_hours(work, order, policy)
    again, events = orders.reopen_order(order, event, work.now, work.actor, policy)
    if again.state == "cancelled":
        work.put(again, *events)
    else:
        await assign_technician(work, again, events, policy)


@use_case(preload=lambda event: (_order_of(event),))
async def reprioritise_order(work: UnitOfWork, event: RequestReprioritised, rules: Rules) -> None:
    if event.on_site:
        order = await _order(work, sibling_number(event.request, "WO"))
        ranked, events = correction.reprioritise_order(order, event, work.now, await rules.of(work, order))
        _keep(work, order, ranked, *events)


@use_case(preload=lambda event: (_order_of(event), (Technician, {"branch": event.branch}), (BranchHours, event.branch)))
async def correct_order(work: UnitOfWork, event: RequestCorrected, rules: Rules) -> None:
    """Follow a corrected request (INT-2): plan again, move the visit, end the order, or open one."""
    order = await work.get(WorkOrder, sibling_number(event.request, "WO"))
    if order is None:
        if event.was_on_site:
            raise NotYet("order.unknown", order=sibling_number(event.request, "WO"))
        return await open_order(work, event, rules)
    if correction.is_past_correction(order, event):
        return None
    if order.visit < event.visit:
        raise NotYet("order.not_completed", order=order.id, visit=event.visit - 1)
    policy = await rules.of(work, order.but(policy=event.policy))
    if event.on_site and correction.needs_plan(order, event):
        await release_technician(work, order)
        planned, events = correction.withdraw_plan(order, event, work.now, work.actor, policy)
        planned, marks = await _by_newest_hours(work, planned, policy)
        await assign_technician(work, planned, (*events, *marks), policy)
        return None
    corrected, events = correction.follow_correction(order, event, work.now, work.actor, policy)
    if corrected.state in ENDED:
        await release_technician(work, order)
    elif order.state in correction.AHEAD and order.wanted_at != event.wanted_at:
        return await _move_visit(work, corrected, events, policy)
    _keep(work, order, corrected, *events)
    return None


async def _move_visit(work: UnitOfWork, order: WorkOrder, events: tuple[Event, ...], policy: OrderPolicy) -> None:
    """Move the visit to the time that the customer now wants; somebody else goes if the technician cannot."""
    someone = await work.get(Technician, order.technician) if order.technician else None
    start = assignment.earliest_start(order, work.now, policy)
    if someone and assignment.choose_technician(order, [someone], start, start + policy.window)[0]:
        moved, told = assignment.move_appointment(order, start, work.now, correction.WHY, policy)
        moved, marks = orders.finish_change(order, moved, work.now, told)
        work.put(moved, *events, *marks)
        return
    await release_technician(work, order)
    await assign_technician(work, order.but(state="waiting", technician=None), events, policy)


@use_case(preload=lambda event: (_order_of(event),))
async def hear_of_contact(work: UnitOfWork, event: RequestContacted) -> None:
    order = await _order(work, sibling_number(event.request, "WO"))
    _keep(work, order, correction.record_contact(order, event))


async def change_order_hours(work: UnitOfWork, order: WorkOrder, hours: BranchHours, rules: Rules) -> None:
    """Apply the branch's new hours (ALL-3)."""
    moved, marks = orders.change_order_hours(order, hours.calendar, hours.said, work.now, await rules.of(work, order))
    _keep(work, order, moved, *marks)


@use_case(preload=lambda event: ((WorkOrder, event.order),))
async def hear_of_parts(work: UnitOfWork, event: parts.PartNews, rules: Rules) -> None:
    """Plan the visit by the parts that inventory could reserve (INV-13)."""
    order = await _order(work, event.order)
    if parts.is_old(order, event):
        return
    policy = await rules.of(work, order)
    if isinstance(event, PartReserved):
        planned, events = parts.record_reservation(order, event, work.now, work.actor, policy)
        if planned.state == "waiting" and order.parts_state == "short":  # a technician may be free earlier
            await assign_technician(work, planned, events, policy)
            return
    else:
        planned, events = parts.record_shortage(order, event, work.now, work.actor, policy)
    work.put(planned, *events)


@use_case(preload=lambda event: (_order_of(event),))
async def hear_of_coverage(work: UnitOfWork, event: CoverageDecided) -> None:
    if event.on_site:
        _keep(
            work,
            order := await _order(work, sibling_number(event.request, "WO")),
            quotation.record_coverage(order, event),
        )


@use_case(preload=lambda event: (_order_of(event),))
async def hear_of_quotation(work: UnitOfWork, event: QuotationAccepted) -> None:
    if event.on_site:
        order = await _order(work, sibling_number(event.request, "WO"))
        going, events = waits.end_waits(quotation.record_acceptance(order, event), work.now, "waiting_approval")
        going, events = orders.finish_change(order, going, work.now, *events)
        _keep(work, order, going, *events)


async def wake_order(work: UnitOfWork, number: str, rules: Rules) -> None:
    """Publish what became late (ALL-3), and search again for a technician if that is due."""
    order = await work.get(WorkOrder, number)
    if order is None or order.wake_at is None or order.wake_at > work.now:
        return
    ticked, marks = waits.tick_order(order, work.now)
    if ticked.state == "waiting" and ticked.retry_at and ticked.retry_at <= work.now:
        await assign_technician(work, ticked, marks, await rules.of(work, order))
    else:
        work.put(ticked, *marks)


async def look_again(work: UnitOfWork, branch: str, rules: Rules) -> None:
    """Try some of the branch's waiting orders again; an order that still fits nobody stays unchanged."""
    look = await work.get(SecondLook, branch)
    if look is None or look.wake_at is None or look.wake_at > work.now:
        return
    where = {"branch": branch, "state": "waiting", "_id": {"$gt": look.after}}
    orders = await work.page(WorkOrder, where, STEP)
    for order in orders:
        if order.state == "waiting" and order.deferred_for:
            with suppress(NotYet):  # an order without its policy waits for its own timer
                await _assign_if_news(work, order, await rules.of(work, order))
    if len(orders) == STEP:
        work.put(look.but(after=orders[-1].id, wake_at=work.now))
    else:
        work.delete(look)


async def assign_technician(
    work: UnitOfWork, order: WorkOrder, events: tuple[Event, ...], policy: OrderPolicy
) -> WorkOrder:
    """Assign one of the branch's technicians, or defer the order; `events` are staged before those of this decision."""
    known = await work.find(Technician, branch=order.branch)
    chosen, (planned, more) = assignment.assign_technician(order, known, work.now, work.actor, policy)
    if chosen:
        work.put(chosen)
    return work.put(planned, *events, *more)


def put_deed(work: UnitOfWork, before: WorkOrder, decision: orders.OrderDecision, deed: Deed) -> WorkOrder:
    """Stage an order after a technician's deed."""
    order, events = deeds.note_deed(before, decision, deed)
    return work.put(order, *events)


async def release_technician(work: UnitOfWork, order: WorkOrder) -> None:
    """Remove the order from its technician's load; without effect if it was removed before."""
    someone = await work.get(Technician, order.technician) if order.technician else None
    if someone and order.id in someone.open_orders:
        work.put(someone.leave(order.id))


def _keep(work: UnitOfWork, before: WorkOrder, order: WorkOrder, *events: Event) -> None:
    if order != before:
        work.put(order, *events)


def _order_of(event: OfRequest) -> DocumentRef:
    return WorkOrder, sibling_number(event.request, "WO")


async def _order(work: UnitOfWork, number: str) -> WorkOrder:
    order = await work.get(WorkOrder, number)
    if order is None:
        raise NotYet("order.unknown", order=number)
    return order


async def _assign_if_news(work: UnitOfWork, order: WorkOrder, policy: OrderPolicy) -> None:
    known = await work.find(Technician, branch=order.branch)
    chosen, (planned, events) = assignment.assign_technician(order, known, work.now, work.actor, policy)
    if chosen:
        work.put(chosen)
    if assignment.is_news(order, planned):
        work.put(planned, *events)


async def _by_newest_hours(work: UnitOfWork, order: WorkOrder, policy: OrderPolicy) -> orders.OrderDecision:
    """Return the order with the branch's present hours, in case the walk of a change missed it."""
    hours = await work.get(BranchHours, order.branch)
    if hours is None:
        return order, ()
    return orders.change_order_hours(order, hours.calendar, hours.said, work.now, policy)
