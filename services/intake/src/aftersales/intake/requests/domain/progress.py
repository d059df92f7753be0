"""Progress and end of a request (INT-7, FBK-2). Pure.

Events of one request arrive in any order. `visit` tells rounds apart; each event waits for the one that it builds on.
"""

from datetime import datetime

from aftersales.common.events.dispatch import (
    AppointmentMoved,
    AssignmentAccepted,
    RepairCompleted,
    TechnicianAssigned,
    WorkPaused,
    WorkResumed,
)
from aftersales.common.events.feedback import DissatisfactionRaised, SurveyAnswered
from aftersales.common.events.intake import RequestCancelled, RequestClosed, RequestReopened, RequestResolved
from aftersales.common.events.inventory import PartReserved, PartShort
from aftersales.policy import sla
from aftersales.policy.model.stages import KnownStage
from aftersales.policy.sla import ChangeNote
from aftersales.values.errors import NotYet

from . import visit as visits
from .form import VISITS, CancelRequest
from .records import Resolution
from .request import (
    ENDED,
    OPEN,
    Ground,
    RequestDecision,
    RequestStep,
    ServiceRequest,
    append_step,
    count_from_wish,
    finish_change,
    must_be_unresolved,
    pass_milestone,
)


def cancel_request(request: ServiceRequest, command: CancelRequest, by: str, now: datetime) -> RequestDecision:
    """Cancel a request that the customer no longer needs."""
    must_be_unresolved(request)
    event = RequestCancelled(
        request=request.id,
        branch=request.branch,
        reason=command.reason,
        on_site=request.kind in VISITS,
        duplicate_of=request.duplicate_of,
        cancelled_at=now,
    )
    cancelled = append_step(request, RequestStep(state="cancelled", at=now, by=by, why=command.reason))
    waived = cancelled.but(clocks=sla.waive_clocks(cancelled.clocks, ChangeNote(now, by, command.reason)))
    return finish_change(request, waived, now, event)


def record_appointment(request: ServiceRequest, sent: TechnicianAssigned, ground: Ground) -> RequestDecision:
    """Record that a technician is proposed for a visit; whether they come is known when they accept."""
    if _is_to_come(request, sent.visit):
        return request, ()
    return finish_change(request, note_visit(_pass_for(request, "technician_assigned", sent, ground), sent), sent.at)


def record_acceptance(request: ServiceRequest, accepted: AssignmentAccepted, ground: Ground) -> RequestDecision:
    """Record that the technician confirmed the fault and the time by accepting (INT-8)."""
    if _is_to_come(request, accepted.visit):
        return request, ()
    return finish_change(request, _pass_for(request, "appointment_agreed", accepted, ground), accepted.at)


def _pass_for(
    request: ServiceRequest, milestone: str, event: TechnicianAssigned | AssignmentAccepted, ground: Ground
) -> ServiceRequest:
    """Pass the milestone of a visit. An event about an earlier visit stops only that visit's clocks."""
    told = pass_milestone(request, milestone, event.at, ground, event.visit)
    if request.state in OPEN and request.visit == event.visit:
        return told
    return told.but(clocks=told.clocks[: len(request.clocks)])  # clocks that a late event would start are over


def record_parts(request: ServiceRequest, events: PartShort | PartReserved) -> RequestDecision:
    """Pause clocks for missing parts, or resume them (ALL-3); when events cross, the higher slip version wins."""
    old = 0 < events.slip_version <= request.slip_version
    if _is_to_come(request, events.visit) or request.visit > events.visit or old:
        return request, ()
    if isinstance(events, PartShort):
        clocks = sla.pause_clocks(request.clocks, "waiting_part", "inventory", events.at)
    else:
        clocks = sla.resume_clocks(request.clocks, "waiting_part", events.at)
    version = max(request.slip_version, events.slip_version)
    noted = note_visit(request, events)
    return finish_change(request, noted.but(clocks=clocks, slip_version=version), events.at)


def record_wait(request: ServiceRequest, event: WorkPaused | WorkResumed) -> RequestDecision:
    """Pause or resume clocks with the work (ALL-3). Raises `NotYet` for the end of an unknown wait."""
    since = event.since if isinstance(event, WorkResumed) else event.at
    known = f"{event.reason}|{since.isoformat()}"
    if _is_to_come(request, event.visit) or request.visit > event.visit or request.state in ENDED:
        return request, ()
    if isinstance(event, WorkPaused):
        if known in request.waits:
            return request, ()
        clocks = sla.pause_clocks(request.clocks, event.reason, event.owner, event.at)
        return finish_change(request, request.but(clocks=clocks, waits=(*request.waits, known)), event.at)
    if known not in request.waits:
        raise NotYet("request.earlier_step_missing", request=request.id, visit=event.visit)
    clocks = sla.resume_clocks(request.clocks, event.reason, event.at)
    return finish_change(request, request.but(clocks=clocks), event.at)


def follow_move(request: ServiceRequest, event: AppointmentMoved, ground: Ground) -> RequestDecision:
    """Note the new time, and move the promise of the work to it if the customer wanted it (DSP-8)."""
    if _is_to_come(request, event.visit) or request.visit > event.visit:
        return request, ()
    noted = note_visit(request, event)
    if event.asked_by == "customer":
        said = ChangeNote(event.at, "dispatch", event.reason)
        noted = count_from_wish(noted, event.appointment_start, said, ground)
    return finish_change(request, noted, event.at)


def note_visit(request: ServiceRequest, event: visits.VisitEvent) -> ServiceRequest:
    """Note who comes when and how far they are, so that the customer can be told (INT-11)."""
    if _is_to_come(request, event.visit) or request.visit > event.visit or request.state in ENDED:
        return request
    return request.but(visit_facts=visits.note_fact(request.visit_facts, event))


def resolve_request(request: ServiceRequest, repair: RepairCompleted, ground: Ground) -> RequestDecision:
    """Record that the repair of this visit is done. Raises `NotYet` when an earlier round is still open."""
    if not _is_next(request, repair.visit, resolved=False):
        return request, ()
    resolution = Resolution(
        visit=repair.visit,
        at=repair.at,
        cause=repair.cause,
        solution=repair.solution,
        technician=repair.technician,
    )
    resolved = append_step(request, RequestStep(state="resolved", at=repair.at, by=repair.technician, why=repair.cause))
    event = RequestResolved(request=request.id, branch=request.branch, visit=repair.visit, resolved_at=repair.at)
    resolved = pass_milestone(resolved.but(resolution=resolution), "request_resolved", repair.at, ground)
    said = ChangeNote(repair.at, repair.technician, "request_resolved")
    clocks = [sla.waive_clocks((one,), said)[0] if one.stage in _OF_THE_DESK else one for one in resolved.clocks]
    return finish_change(request, resolved.but(clocks=tuple(clocks)), repair.at, event)


def reopen_request(request: ServiceRequest, raised: DissatisfactionRaised, ground: Ground) -> RequestDecision:
    """Reopen the request of a dissatisfied customer (FBK-2). Raises `NotYet` before that repair is known."""
    if not _is_next(request, raised.visit, resolved=True):
        return request, ()
    visit = request.visit + 1
    event = RequestReopened(
        request=request.id, branch=request.branch, visit=visit, reason="dissatisfied", reopened_at=raised.at
    )
    reopened = append_step(request, RequestStep(state="reopened", at=raised.at, by="feedback", why="dissatisfied"))
    reopened = reopened.but(visit=visit, resolution=None, slip_version=0)
    return finish_change(request, pass_milestone(reopened, "request_registered", raised.at, ground), raised.at, event)


def close_request(request: ServiceRequest, answered: SurveyAnswered) -> RequestDecision:
    """Close the request of a satisfied customer. Raises `NotYet` before that repair is known."""
    if not answered.satisfied or not _is_next(request, answered.visit, resolved=True):
        return request, ()
    event = RequestClosed(request=request.id, branch=request.branch, closed_at=answered.at)
    closed = append_step(request, RequestStep(state="closed", at=answered.at, by="feedback", why="satisfied"))
    said = ChangeNote(answered.at, "feedback", "satisfied")
    clocks = [sla.waive_clocks((one,), said)[0] if one.stage in _OF_THE_DESK else one for one in closed.clocks]
    return finish_change(request, closed.but(clocks=tuple(clocks)), answered.at, event)


_OF_THE_DESK: tuple[KnownStage, ...] = ("first_reply", "answer", "contact_again")
"""Stages that end with a repair, because the customer no longer waits for a reply."""


def _is_to_come(request: ServiceRequest, visit: int) -> bool:
    """Return whether the visit never comes because the request has ended. Raises `NotYet` when it will come."""
    if request.visit >= visit:
        return False
    if request.state not in ENDED:
        raise NotYet("request.earlier_step_missing", request=request.id, visit=visit)
    return True


def _is_next(request: ServiceRequest, visit: int, *, resolved: bool) -> bool:
    """Return whether an event that builds on this visit (and its repair, if `resolved`) is the expected one.

    False when the event is old or the request has ended. Raises `NotYet` when what it builds on is missing.
    """
    if request.state in ENDED:
        return False
    here, base = (request.visit, request.state == "resolved"), (visit, resolved)
    if here < base:
        raise NotYet("request.earlier_step_missing", request=request.id, visit=visit)
    return here == base
