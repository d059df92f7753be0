"""Other times and waits, as the customer and the technician agree on them (ALL-3, DSP-5, DSP-7). Pure."""

from datetime import datetime
from typing import Literal, Self

from pydantic import model_validator

from aftersales.common.deeds import DeedForm
from aftersales.common.events.dispatch import CustomerNotReached
from aftersales.dispatch.orders.domain import assignment, waits
from aftersales.dispatch.orders.domain.order import (
    ENDED,
    ON_SITE,
    OrderDecision,
    OrderPolicy,
    Wait,
    WorkOrder,
    await_customer,
    finish_change,
    make_event,
    sla_situation,
)
from aftersales.policy.sla import ChangeNote
from aftersales.policy.sla.stages import reach_milestone
from aftersales.values import Line, Moment
from aftersales.values.errors import DomainError

OrderWait = Literal["waiting_customer", "waiting_approval", "meal_break", "interrupted"]
"""Waits that people report; `waiting_part` comes from inventory."""


class MoveAppointment(DeedForm):
    """Another time for the visit, agreed with the customer."""

    start: Moment
    asked_by: Literal["customer", "us"]
    """At the customer's wish all promises move along; at ours only as often as the policy allows (DSP-5)."""
    why: Line


class PauseWork(DeedForm):
    """A wait; the customer must have agreed to an interruption, and know when the work goes on (DSP-7)."""

    reason: OrderWait
    """The reason of the wait."""
    why: Line = "-"
    until: Moment | None = None
    """The time at which the work goes on by itself; a meal break and an interruption need one."""
    customer_agreed: bool = False
    """Whether the customer agreed to the interruption."""

    @model_validator(mode="after")
    def _complete(self) -> Self:
        if self.reason in {"meal_break", "interrupted"} and self.until is None:
            raise ValueError("order.return_time_missing")
        if self.reason == "interrupted" and not self.customer_agreed:
            raise ValueError("order.consent_missing")
        return self


class ResumeWork(DeedForm):
    reason: OrderWait


class TakeUnit(DeedForm):
    """The product was taken away for repair (取回)."""

    promised_at: Moment
    """The time at which the customer was promised to have it back."""


class NotReached(DeedForm):
    """The customer was called in vain."""

    channel: Literal["phone", "message", "on_site"] = "phone"
    """The channel on which the customer was tried."""
    why: Line = "-"


def rebook_visit(order: WorkOrder, form: MoveAppointment, now: datetime, by: str, policy: OrderPolicy) -> OrderDecision:
    """Agree on another time, so that nobody waits for the customer any more.

    At our wish more often than allowed, the promise of arrival stays (DSP-5).
    """
    if order.state not in {"offered", "accepted", "on_the_way"}:
        raise DomainError("order.no_appointment", order=order.id, state=order.state)
    if form.start <= now:
        raise DomainError("order.appointment_past", order=order.id, start=form.start.isoformat())
    said = ChangeNote(now, by, form.why)
    met, events = waits.end_waits(order, now, "waiting_customer")
    if form.asked_by == "customer":
        moved = await_customer(met.but(wanted_at=form.start), form.start, said, policy)
    else:
        moved = met.but(moved_by_us=order.moved_by_us + 1)
    kept = moved.clocks
    moved, told = assignment.move_appointment(moved, form.start, now, form.why, policy)
    allowed = policy.service.appointments.moves if policy.service.appointments else 1
    if form.asked_by == "us" and moved.moved_by_us > allowed:
        moved = moved.but(clocks=kept)
    return finish_change(order, moved, now, *events, told.model_copy(update={"asked_by": form.asked_by}))


def pause_work(order: WorkOrder, form: PauseWork, now: datetime, by: str) -> OrderDecision:
    """Pause the clocks that allow the reason (ALL-3)."""
    if order.state in ENDED or (form.reason in {"meal_break", "interrupted"} and order.state not in ON_SITE):
        raise DomainError("order.no_wait", order=order.id, state=order.state, reason=form.reason)
    if any(wait.reason == form.reason for wait in order.waits):
        raise DomainError("order.waits_already", order=order.id, reason=form.reason)
    if form.until and form.until <= now:
        raise DomainError("order.return_past", order=order.id, until=form.until.isoformat())
    waiting, events = waits.begin_wait(
        order, Wait(reason=form.reason, why=form.why, since=now, by=by, until=form.until)
    )
    return finish_change(order, waiting, now, *events)


def resume_work(order: WorkOrder, form: ResumeWork, now: datetime) -> OrderDecision:
    """Go on with the work."""
    if not any(wait.reason == form.reason for wait in order.waits):
        raise DomainError("order.waits_not", order=order.id, reason=form.reason)
    resumed, events = waits.end_waits(order, now, form.reason)
    return finish_change(order, resumed, now, *events)


def take_unit(order: WorkOrder, form: TakeUnit, now: datetime, policy: OrderPolicy) -> OrderDecision:
    """Take the product to the workshop; the promised time is a clock (DSP-9)."""
    if order.state in ENDED or order.unit_due_at:
        raise DomainError("order.unit_not_to_take", order=order.id, state=order.state)
    if form.promised_at <= now:
        raise DomainError("order.return_past", order=order.id, until=form.promised_at.isoformat())
    there = sla_situation(order, policy, form.promised_at)._replace(again=_times_taken(order))
    clocks = reach_milestone(order.clocks, "unit_taken", now, ("workshop",), there)
    return finish_change(order, order.but(clocks=clocks, unit_due_at=form.promised_at), now)


def return_unit(order: WorkOrder, now: datetime, policy: OrderPolicy) -> OrderDecision:
    """Bring the product back, which stops the clock (DSP-9)."""
    if order.unit_due_at is None:
        raise DomainError("order.unit_not_taken", order=order.id)
    clocks = reach_milestone(order.clocks, "unit_returned", now, ("workshop",), sla_situation(order, policy))
    return finish_change(order, order.but(clocks=clocks, unit_due_at=None), now)


def _times_taken(order: WorkOrder) -> int:
    return sum(clock.key.startswith(f"workshop-{order.visit}") for clock in order.clocks)


def report_not_reached(order: WorkOrder, form: NotReached, now: datetime, by: str) -> OrderDecision:
    """Report that the customer was not reached; intake tries again by the next day (DSP-5).

    When nobody opens to the technician, the promise waits for the customer too, until another time is agreed.
    """
    if order.state in ENDED:
        raise DomainError("order.no_wait", order=order.id, state=order.state, reason="customer_not_reached")
    told = make_event(CustomerNotReached, order, now, channel=form.channel, technician=order.technician)
    if form.channel != "on_site":
        return finish_change(order, order, now, told)
    absent = Wait(reason="waiting_customer", why=form.why, since=now, by=by)
    waiting, events = waits.begin_wait(order, absent)
    return finish_change(order, waiting, now, told, *events)
