"""The technician's steps, from the offer to the signed report (DSP-5, DSP-7, DSP-10)."""

from datetime import datetime

from aftersales.common.deeds import DeedForm
from aftersales.common.events.dispatch import (
    AssignmentAccepted,
    AssignmentDeclined,
    DiagnosisRecorded,
    PartNeeded,
    RepairCompleted,
    TechnicianArrived,
    TechnicianDeparted,
)
from aftersales.dispatch.orders.domain import assignment, quotation
from aftersales.dispatch.orders.domain.order import (
    ON_SITE,
    STAGES,
    OrderDecision,
    OrderPolicy,
    State,
    Wait,
    WorkOrder,
    enter_state,
    finish_change,
    make_event,
    pass_milestone,
    sla_situation,
)
from aftersales.dispatch.orders.domain.report import Account, ServiceReport
from aftersales.dispatch.orders.domain.waits import begin_wait, end_waits
from aftersales.policy.sla import ChangeNote
from aftersales.policy.sla.stages import prove_earlier, retarget_stages
from aftersales.values import Code, Line, Quantity
from aftersales.values.errors import DomainError


class Decline(DeedForm):
    reason: Line
    """The technician's reason."""


class Diagnose(DeedForm):
    cause: Account
    """The cause of the fault."""
    major: bool = False
    """Whether it is a major fault, for which the policy may allow more time (DSP-8)."""


class NeedPart(DeedForm):
    part: Code
    """The code of the part."""
    quantity: Quantity = 1
    """The number of pieces."""


def _must_be(order: WorkOrder, *wanted: State) -> None:
    if order.state not in wanted:
        raise DomainError("order.wrong_state", order=order.id, state=order.state, wanted=", ".join(wanted))


def accept_visit(order: WorkOrder, now: datetime, by: str, policy: OrderPolicy) -> OrderDecision:
    """Record the acceptance; one that was earlier than the offer shows that somebody was sent by telephone then."""
    _must_be(order, "offered")
    accepted = make_event(AssignmentAccepted, order, now, technician=order.technician)
    sent = order
    if now < order.history[-1].at:
        there = sla_situation(order, policy, order.appointment_end)
        sent = order.but(clocks=prove_earlier(order.clocks, "technician_assigned", now, STAGES, there))
    return finish_change(order, enter_state(sent, "accepted", now, by), now, accepted)


def decline_visit(order: WorkOrder, form: Decline, now: datetime, by: str) -> OrderDecision:
    """Record that the technician declined. The appointment stays until another technician's is agreed."""
    _must_be(order, "offered", "accepted")
    declined = make_event(AssignmentDeclined, order, now, technician=order.technician, reason=form.reason)
    free = enter_state(order, "waiting", now, by, technician=None)
    return finish_change(order, free.but(declined_by=(*order.declined_by, order.technician)), now, declined)


def depart_for_visit(order: WorkOrder, now: datetime, by: str) -> OrderDecision:
    _must_be(order, "accepted")
    departed = make_event(TechnicianDeparted, order, now, technician=order.technician)
    return finish_change(order, enter_state(order, "on_the_way", now, by), now, departed)


def arrive_at_visit(order: WorkOrder, now: datetime, by: str, policy: OrderPolicy) -> OrderDecision:
    """Record the arrival, on time or not (DSP-3)."""
    _must_be(order, "on_the_way")
    on_time = order.appointment_end is not None and now <= order.appointment_end
    arrived = make_event(TechnicianArrived, order, now, technician=order.technician, on_time=on_time)
    met, events = end_waits(order, now, "waiting_customer")
    there = enter_state(assignment.keep_appointment(met, now, policy), "arrived", now, by)
    return finish_change(order, there, now, *events, arrived)


def record_diagnosis(order: WorkOrder, form: Diagnose, now: datetime, by: str, policy: OrderPolicy) -> OrderDecision:
    """Record the diagnosis; a second one corrects the first. A missing quotation is waited for from now on (DSP-17)."""
    _must_be(order, *ON_SITE)
    said = {"technician": order.technician, "cause": form.cause, "major": form.major}
    recorded = make_event(DiagnosisRecorded, order, now, **said)
    found = enter_state(order, "diagnosed", now, by, cause=form.cause, major=form.major)
    if form.major != order.major:
        clocks = retarget_stages(found.clocks, sla_situation(found, policy), ChangeNote(now, by, form.cause[:200]))
        found = found.but(clocks=clocks)
    if order.quotation != "needed":
        return finish_change(order, found, now, recorded)
    wait = Wait(reason="waiting_approval", why="quotation", since=now, by=by)
    found, events = begin_wait(found, wait)
    return finish_change(order, found, now, recorded, *events)


def request_part(order: WorkOrder, form: NeedPart, now: datetime) -> OrderDecision:
    """Request a part (INV-13), even while waiting: a second part may be named after the first was found short."""
    _must_be(order, *ON_SITE, "waiting_for_parts")
    needed = make_event(PartNeeded, order, now, part=form.part, quantity=form.quantity)
    return finish_change(order, order.but(parts_state="pending"), now, needed)


def complete_visit(
    order: WorkOrder, report: ServiceReport, now: datetime, by: str, policy: OrderPolicy
) -> OrderDecision:
    """Complete the visit (DSP-10) with a complete report, even if the repair did without parts that it waited for."""
    _must_be(order, *ON_SITE, "waiting_for_parts")
    quotation.must_not_be_missing(order)
    if not report.tested:
        raise DomainError("report.not_tested", order=order.id)
    completed = make_event(
        RepairCompleted,
        order,
        now,
        technician=order.technician,
        fault=order.fault,
        **report.model_dump(include=set(RepairCompleted.model_fields)),
        **order.model_dump(include={"product", "policy", "calendar", "quiet_hours"}),
    )
    going, events = end_waits(order, now)
    ended = pass_milestone(going, "repair_completed", now, policy)
    done = enter_state(ended, "completed", now, by, cause=report.cause, report=report, parts_state="none")
    return finish_change(order, done, now, *events, completed)
