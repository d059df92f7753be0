"""The choice of a technician and the appointment (DSP-1, DSP-4, DSP-5)."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from aftersales.common.events.dispatch import AppointmentMoved, AssignmentDeferred, TechnicianAssigned
from aftersales.dispatch.technicians.domain import Technician
from aftersales.policy import sla
from aftersales.policy.sla import ChangeNote, SlaClock, Terms
from aftersales.policy.sla.stages import stage_terms, stages_of, stop_stage

from .order import (
    ARRIVAL,
    OrderDecision,
    OrderPolicy,
    WorkOrder,
    enter_state,
    finish_change,
    make_event,
    pass_milestone,
    sla_situation,
)

RETRY_AT_MOST = timedelta(days=1)
"""Longest time between two searches for a technician, if nothing has changed meanwhile."""
_GROWTH = 3
_OF_THE_ASSIGNMENT = {"product", "fault", "priority", "appointment_start", "appointment_end", "plan"}


def choose_technician(
    order: WorkOrder, technicians: Iterable[Technician], start: datetime, end: datetime
) -> tuple[Technician | None, str]:
    """Return the least loaded technician who fits (DSP-4), or None and the reason."""
    left = list(technicians)
    for reason, fits in (
        ("no_skill", lambda someone: someone.has_skill(order.product.line)),
        ("no_licence", lambda someone: someone.may_work(until=end)),
        ("nobody_on_duty", lambda someone: someone.shift.covers(start)),
        ("all_declined", lambda someone: someone.id not in order.declined_by),
    ):
        left = [someone for someone in left if fits(someone)]
        if not left:
            return None, reason
    return min(left, key=lambda someone: (len(someone.open_orders), someone.id)), ""


def earliest_start(order: WorkOrder, now: datetime, policy: OrderPolicy) -> datetime:
    """Return when a technician can be there: not before the customer's wanted time, nor before missing parts."""
    return max(order.wanted_at or now, now + policy.lead) + _delay(order, policy)


def _delay(order: WorkOrder, policy: OrderPolicy) -> timedelta:
    return policy.shortage_delay if order.parts_state == "short" else timedelta()


def assign_technician(
    order: WorkOrder, technicians: Iterable[Technician], now: datetime, by: str, policy: OrderPolicy
) -> tuple[Technician | None, OrderDecision]:
    """Assign a technician, or defer the order (DSP-2). Returns the technician with the order in their load."""
    technicians = tuple(technicians)
    start = earliest_start(order, now, policy)
    chosen, reason = choose_technician(order, technicians, start, start + policy.window)
    if chosen is None:
        on_duty = next_on_duty(order, technicians, now, policy)
        return None, _deferred(order, reason, now, now + _pause(order, reason, now, policy), on_duty)
    agreed = agree_appointment(order, start, now, policy)
    sent = enter_state(agreed, "offered", now, by, technician=chosen.id, retry_at=None)
    sent = sent.but(deferred_for=None, deferred_at=None)
    sent = sent.but(clocks=stop_stage(sent.clocks, "dispatch", now))
    if sent.parts_state == "none":
        sent = sent.but(parts_state="pending")
    assigned = make_event(
        TechnicianAssigned,
        sent,
        now,
        technician=chosen.id,
        **sent.model_dump(include=_OF_THE_ASSIGNMENT),
    )
    return chosen.take(order.id), finish_change(order, sent, now, assigned)


def next_on_duty(
    order: WorkOrder, technicians: Iterable[Technician], now: datetime, policy: OrderPolicy
) -> datetime | None:
    """Return when to try again because a technician who fits otherwise comes on duty; None if nobody does."""
    start = earliest_start(order, now, policy)
    begins = [
        begin
        for someone in technicians
        if someone.has_skill(order.product.line) and someone.id not in order.declined_by
        if (begin := someone.shift.next_start(start)) > start and someone.may_work(until=begin + policy.window)
    ]
    return min(begins) - policy.lead - _delay(order, policy) if begins else None


def _pause(order: WorkOrder, reason: str, now: datetime, policy: OrderPolicy) -> timedelta:
    """Return a wait that grows while nobody fits. A change of technicians or parts causes an earlier search."""
    since = order.deferred_at if order.deferred_at and order.deferred_for == reason else now
    return min(max(policy.retry_after, (now - since) * _GROWTH), RETRY_AT_MOST)


def _deferred(
    order: WorkOrder, reason: str, now: datetime, latest: datetime, on_duty: datetime | None
) -> OrderDecision:
    """Wait until the next technician comes on duty, `latest` at most; publish each reason only once."""
    retry_at = min(latest, on_duty) if on_duty else latest
    if order.deferred_at and order.deferred_for == reason:
        return finish_change(order, order.but(retry_at=retry_at), now)
    later = order.but(retry_at=retry_at, deferred_for=reason, deferred_at=now)
    return finish_change(
        order, later, now, make_event(AssignmentDeferred, later, now, reason=reason, retry_at=retry_at)
    )


def is_news(before: WorkOrder, planned: WorkOrder) -> bool:
    """Whether a search between two tries changed anything that must be recorded."""
    if planned.state != "waiting" or planned.deferred_for != before.deferred_for:
        return True
    return bool(planned.retry_at and before.retry_at and planned.retry_at < before.retry_at)


def agree_appointment(
    order: WorkOrder, start: datetime, now: datetime, policy: OrderPolicy, why: str = "assigned"
) -> WorkOrder:
    """Set the appointment. A promise that still runs moves along.

    After a broken promise, or for a second arrival, another is made, which must be kept (DSP-5). If a policy promises
    arrival within so many minutes of the report (DSP-3), that promise stays, unless the customer wanted another time.
    The same holds for a contract's target (INT-13).
    """
    end = start + policy.window
    made = _promises(order)
    there = sla_situation(order, policy, end)
    stage, by_contract = stages_of(there).get(ARRIVAL), ARRIVAL in order.response
    clocks = order.clocks
    if made and made[-1].outcome == "open":
        if order.wanted_at or (not by_contract and (stage is None or stage.agreed_in)):
            clocks = sla.retarget_clock(clocks, made[-1].key, end, ChangeNote(now, "dispatch", why))
    else:
        key = f"{ARRIVAL}-{order.visit}" + (f"-{len(made) + 1}" if made else "")
        promised = stage_terms(ARRIVAL, now, there) if stage and (stage.agreed_in or by_contract) else None
        clocks = sla.start_clock(clocks, ARRIVAL, key, now, promised or Terms(target=end - now, until=end, agreed=True))
    return order.but(appointment_start=start, appointment_end=end, clocks=clocks)


def move_appointment(
    order: WorkOrder, start: datetime, now: datetime, reason: str, policy: OrderPolicy
) -> tuple[WorkOrder, AppointmentMoved]:
    """Set another appointment with the customer, and return the event about it too."""
    moved = agree_appointment(order, start, now, policy, reason)
    window = moved.model_dump(include={"appointment_start", "appointment_end"})
    return moved, make_event(AppointmentMoved, moved, now, reason=reason, **window)


def keep_appointment(order: WorkOrder, now: datetime, policy: OrderPolicy) -> WorkOrder:
    """End every promise of arrival and begin the work, because the technician is there (DSP-8)."""
    clocks = order.clocks
    for promise in _promises(order):
        clocks = sla.stop_clock(clocks, promise.key, now)
    return pass_milestone(order.but(clocks=clocks), "technician_arrived", now, policy)


def _promises(order: WorkOrder) -> list[SlaClock]:
    """List the visit's promises of arrival, oldest first."""
    first = f"{ARRIVAL}-{order.visit}"
    return [clock for clock in order.clocks if clock.key == first or clock.key.startswith(f"{first}-")]
