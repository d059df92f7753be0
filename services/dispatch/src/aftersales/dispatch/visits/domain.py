"""The technician's steps, from the offer to the signed report (DSP-5, DSP-7, DSP-10)."""

from datetime import datetime

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
    Decision,
    Policy,
    State,
    WorkOrder,
    entered,
    fact,
    reached,
    settled,
)
from aftersales.dispatch.orders.domain.report import Account, ServiceReport
from aftersales.values import Code, Line, Quantity, Value
from aftersales.values.errors import DomainError


class Decline(Value):
    reason: Line


class Diagnose(Value):
    cause: Account


class NeedPart(Value):
    part: Code
    quantity: Quantity = 1


def _must_be(order: WorkOrder, *wanted: State) -> None:
    if order.state not in wanted:
        raise DomainError("order.wrong_state", order=order.id, state=order.state, wanted=", ".join(wanted))


def accept(order: WorkOrder, now: datetime, by: str) -> Decision:
    _must_be(order, "offered")
    accepted = fact(AssignmentAccepted, order, now, technician=order.technician)
    return settled(order, entered(order, "accepted", now, by), now, accepted)


def decline(order: WorkOrder, form: Decline, now: datetime, by: str) -> Decision:
    """Nobody is sent any more. The appointment stands until another technician's is agreed."""
    _must_be(order, "offered", "accepted")
    declined = fact(AssignmentDeclined, order, now, technician=order.technician, reason=form.reason)
    free = entered(order, "waiting", now, by, technician=None)
    return settled(order, free.but(declined_by=(*order.declined_by, order.technician)), now, declined)


def depart(order: WorkOrder, now: datetime, by: str) -> Decision:
    _must_be(order, "accepted")
    departed = fact(TechnicianDeparted, order, now, technician=order.technician)
    return settled(order, entered(order, "on_the_way", now, by), now, departed)


def arrive(order: WorkOrder, now: datetime, by: str, policy: Policy) -> Decision:
    """DSP-3: on site, in time or not."""
    _must_be(order, "on_the_way")
    on_time = order.appointment_end is not None and now <= order.appointment_end
    arrived = fact(TechnicianArrived, order, now, technician=order.technician, on_time=on_time)
    return settled(order, entered(assignment.kept(order, now, policy), "arrived", now, by), now, arrived)


def diagnose(order: WorkOrder, form: Diagnose, now: datetime, by: str) -> Decision:
    """Say what is wrong; said again, it corrects what was said before."""
    _must_be(order, *ON_SITE)
    recorded = fact(DiagnosisRecorded, order, now, technician=order.technician, cause=form.cause)
    return settled(order, entered(order, "diagnosed", now, by, cause=form.cause), now, recorded)


def need_part(order: WorkOrder, form: NeedPart, now: datetime) -> Decision:
    """INV-13. Also while parts are waited for: the second part of two is named after the first was found short."""
    _must_be(order, *ON_SITE, "waiting_for_parts")
    needed = fact(PartNeeded, order, now, part=form.part, quantity=form.quantity)
    return settled(order, order.but(parts_state="pending"), now, needed)


def complete(order: WorkOrder, report: ServiceReport, now: datetime, by: str, policy: Policy) -> Decision:
    """DSP-10: only with a complete report. A repair that did without the parts waited for is one as well."""
    _must_be(order, *ON_SITE, "waiting_for_parts")
    quotation.must_not_be_missing(order)
    if not report.tested:
        raise DomainError("report.not_tested", order=order.id)
    completed = fact(
        RepairCompleted,
        order,
        now,
        technician=order.technician,
        fault=order.fault,
        **report.model_dump(include=set(RepairCompleted.model_fields)),
        **order.model_dump(include={"product", "policy", "calendar"}),
    )
    ended = reached(order, "repair_completed", now, policy)
    done = entered(ended, "completed", now, by, cause=report.cause, report=report, parts_state="none")
    return settled(order, done, now, completed)
