"""A request that was corrected, ranked or called about again, and what becomes of its order (INT-2, INT-5). Pure.

A visit that is under way keeps its plan, because the technician already has it; dispatch then reports that.
"""

from datetime import datetime
from typing import Any

from aftersales.common.events.dispatch import CorrectionHeldUp, PlanWithdrawn
from aftersales.common.events.intake import RequestContacted, RequestCorrected, RequestReprioritised
from aftersales.common.fields import shared_fields
from aftersales.policy import sla
from aftersales.policy.sla import ChangeNote
from aftersales.policy.sla.stages import apply_terms, retarget_stages

from .order import (
    ENDED,
    OrderDecision,
    OrderPolicy,
    State,
    WorkOrder,
    cases_of,
    end_order,
    enter_state,
    finish_change,
    make_event,
    pass_milestone,
    sla_situation,
)

WHY = "request_corrected"
AHEAD: tuple[State, ...] = ("waiting", "offered", "accepted")
"""States before the technician leaves."""
_OF_THE_PLAN = ("branch", "product", "fault", "policy")
"""Facts on which technician and parts depend."""
_OF_THE_VISIT = {
    "address",
    "location",
    "wanted_at",
    "branch",
    "fault",
    "product.serial",
    "product.model",
    "product.line",
}
"""Fields of the request that a technician under way does not hear of."""


def is_past_correction(order: WorkOrder, event: RequestCorrected) -> bool:
    """Whether the correction changes nothing here any more."""
    return (
        event.number <= order.corrections
        or order.called_off is not None
        or order.state == "completed"
        or order.visit > event.visit
    )


def needs_plan(order: WorkOrder, event: RequestCorrected) -> bool:
    """Whether the order must be planned again: it has another subject, or was ended by an earlier correction."""
    changed = any(getattr(order, name) != getattr(event, name) for name in _OF_THE_PLAN)
    return order.state in ENDED or (order.state in AHEAD and changed)


def hold_up(order: WorkOrder, event: RequestCorrected, now: datetime) -> tuple[CorrectionHeldUp, ...]:
    """Report that the visit is under way, if the correction says something that it should have known."""
    concerned = _OF_THE_VISIT & {field.partition(".")[0] for field in event.changed}
    if order.state in AHEAD or (event.on_site and not concerned):
        return ()
    return (make_event(CorrectionHeldUp, order, now, state=order.state, number=event.number),)


def follow_correction(
    order: WorkOrder, event: RequestCorrected, now: datetime, by: str, policy: OrderPolicy
) -> OrderDecision:
    """Apply what needs no other plan. A visit under way gets only priority, cases and targets."""
    if order.state not in AHEAD:
        under_way = order.but(**_ranked(order, event), corrections=event.number)
        return finish_change(order, _retarget(under_way, event, policy), now, *hold_up(order, event, now))
    corrected = _corrected(order, event)
    if not event.on_site:
        return end_order(corrected, WHY, now, by)
    return finish_change(order, _retarget(corrected, event, policy), now)


def withdraw_plan(
    order: WorkOrder, event: RequestCorrected, now: datetime, by: str, policy: OrderPolicy
) -> OrderDecision:
    """Withdraw the plan of the order, which then waits for another technician; its promises run on."""
    planned = order.state in AHEAD and order.parts_state != "none"
    withdrawn = (make_event(PlanWithdrawn, order, now, plan=order.plan),) if planned else ()
    fresh = enter_state(_corrected(order, event), "waiting", now, by, technician=None, plan=order.plan + 1)
    fresh = fresh.but(declined_by=(), parts_state="none", retry_at=None, deferred_for=None, deferred_at=None)
    fresh = fresh.but(appointment_start=None, appointment_end=None)
    clocks = sla.resume_clocks(fresh.clocks, "waiting_part", now)
    fresh = fresh.but(clocks=tuple(one for one in clocks if order.state in AHEAD or one.waived_for != WHY))
    fresh = pass_milestone(_retarget(fresh, event, policy), "request_registered", event.registered_at, policy)
    return finish_change(order, fresh, now, *withdrawn)


def _corrected(order: WorkOrder, event: RequestCorrected) -> WorkOrder:
    same = shared_fields(event, WorkOrder)
    return order.but(**same | _ranked(order, event) | {"visit": order.visit, "corrections": event.number})


def _ranked(order: WorkOrder, event: RequestCorrected) -> dict[str, Any]:
    """Return priority and cases, unless a newer change of priority is known."""
    if order.ranked_at and order.ranked_at > event.corrected_at:
        return {"priority": order.priority, "cases": order.cases}
    return {"priority": event.priority, "cases": cases_of(event), "ranked_at": event.corrected_at}


def _retarget(order: WorkOrder, event: RequestCorrected, policy: OrderPolicy) -> WorkOrder:
    note = ChangeNote(event.corrected_at, event.by, WHY)
    return order.but(clocks=apply_terms(order.clocks, sla_situation(order, policy), note))


def reprioritise_order(
    order: WorkOrder, event: RequestReprioritised, now: datetime, policy: OrderPolicy
) -> OrderDecision:
    """Record that the request became more or less urgent; running clocks get other targets (INT-5)."""
    if order.state in ENDED or (order.ranked_at and event.changed_at <= order.ranked_at):
        return order, ()
    ranked = order.but(priority=event.priority, cases=cases_of(event), ranked_at=event.changed_at)
    clocks = retarget_stages(
        ranked.clocks, sla_situation(ranked, policy), ChangeNote(event.changed_at, event.by, event.why)
    )
    return finish_change(order, ranked.but(clocks=clocks), now)


def record_contact(order: WorkOrder, event: RequestContacted) -> WorkOrder:
    """Show the dispatcher that the customer has called again (ALL-4)."""
    if event.number <= order.contacts:
        return order
    return order.but(contacts=event.number, contacted_at=event.contacted_at, flag=event.flag)
