"""Who is sent, and when: the choice of a technician and the appointment (DSP-1, DSP-4, DSP-5)."""

from collections.abc import Iterable
from datetime import datetime

from aftersales.common import sla
from aftersales.common.events.dispatch import AppointmentMoved, AssignmentDeferred, TechnicianAssigned
from aftersales.common.sla import Said, SlaClock, Terms
from aftersales.common.stages import stop, terms
from aftersales.dispatch.domain.order import Decision, Policy, WorkOrder, entered, fact, reached, settled, situation
from aftersales.dispatch.domain.technician import Technician


def choose(
    order: WorkOrder, technicians: Iterable[Technician], start: datetime, end: datetime
) -> tuple[Technician | None, str]:
    """Take the least loaded of those who fit (DSP-4), or nobody and the reason."""
    left = list(technicians)
    for reason, fits in (
        ("no_skill", lambda someone: order.product.line in someone.skills),
        ("no_licence", lambda someone: someone.may_work(until=end)),
        ("nobody_on_duty", lambda someone: someone.shift.covers(start)),
        ("all_declined", lambda someone: someone.id not in order.declined_by),
    ):
        left = [someone for someone in left if fits(someone)]
        if not left:
            return None, reason
    return min(left, key=lambda someone: (len(someone.open_orders), someone.id)), ""


def earliest(order: WorkOrder, now: datetime, policy: Policy) -> datetime:
    """When somebody can be there: not before the customer wants it, nor before the missing parts are."""
    start = max(order.wanted_at or now, now + policy.lead)
    return start + policy.shortage_delay if order.parts_state == "short" else start


def assign(
    order: WorkOrder, technicians: Iterable[Technician], now: datetime, by: str, policy: Policy
) -> tuple[Technician | None, Decision]:
    """Send somebody, or try again later (DSP-2). The technician comes back with the order taken on."""
    start = earliest(order, now, policy)
    chosen, reason = choose(order, technicians, start, start + policy.window)
    if chosen is None:
        return None, _deferred(order, reason, now, policy)
    agreed = agree(order, start, now, policy)
    sent = entered(agreed, "offered", now, by, technician=chosen.id, retry_at=None, deferred_for=None)
    sent = sent.but(clocks=stop(sent.clocks, "dispatch", now))
    if sent.parts_state == "none":
        sent = sent.but(parts_state="pending")
    assigned = fact(
        TechnicianAssigned,
        sent,
        now,
        technician=chosen.id,
        **sent.model_dump(include={"product", "fault", "priority", "appointment_start", "appointment_end"}),
    )
    return chosen.take(order.id), settled(order, sent, now, assigned)


def _deferred(order: WorkOrder, reason: str, now: datetime, policy: Policy) -> Decision:
    retry_at = now + policy.retry_after
    later = order.but(retry_at=retry_at, deferred_for=reason)
    return settled(order, later, now, fact(AssignmentDeferred, later, now, reason=reason, retry_at=retry_at))


def agree(order: WorkOrder, start: datetime, now: datetime, policy: Policy, why: str = "assigned") -> WorkOrder:
    """Give the order a time. A promise that still runs moves along.

    After a broken one, or for a second coming, another is made, which must be kept (DSP-5). A policy that promises
    arrival within so many minutes of the report (DSP-3) is held to them, unless the customer wanted another time.
    """
    end = start + policy.window
    made = _promises(order)
    stage = policy.service.stages.get("arrival")
    clocks = order.clocks
    if made and made[-1].outcome == "open":
        if stage is None or stage.agreed_in or order.wanted_at:
            clocks = sla.retarget(clocks, made[-1].key, end, Said(now, "dispatch", why))
    else:
        key = f"arrival-{order.visit}" + (f"-{len(made) + 1}" if made else "")
        promised = terms("arrival", now, situation(order, policy, end)) if stage and stage.agreed_in else None
        clocks = sla.start(clocks, "arrival", key, now, promised or Terms(target=end - now))
    return order.but(appointment_start=start, appointment_end=end, clocks=clocks)


def move(
    order: WorkOrder, start: datetime, now: datetime, reason: str, policy: Policy
) -> tuple[WorkOrder, AppointmentMoved]:
    """Agree another time with the customer, and say so."""
    moved = agree(order, start, now, policy, reason)
    window = moved.model_dump(include={"appointment_start", "appointment_end"})
    return moved, fact(AppointmentMoved, moved, now, reason=reason, **window)


def kept(order: WorkOrder, now: datetime, policy: Policy) -> WorkOrder:
    """Somebody is there: every promise to come has ended, and the work begins (DSP-8)."""
    clocks = order.clocks
    for promise in _promises(order):
        clocks = sla.stop(clocks, promise.key, now)
    return reached(order.but(clocks=clocks), "technician_arrived", now, policy)


def _promises(order: WorkOrder) -> list[SlaClock]:
    """List the visit's promises to come, oldest first."""
    first = f"arrival-{order.visit}"
    return [clock for clock in order.clocks if clock.key == first or clock.key.startswith(f"{first}-")]
