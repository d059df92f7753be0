"""How a request goes on and ends (INT-7, FBK-2). Pure.

Events of one request arrive in any order. `visit` tells rounds apart; each fact waits for the one it builds on.
"""

from datetime import datetime

from aftersales.common.events.dispatch import RepairCompleted, TechnicianAssigned
from aftersales.common.events.feedback import DissatisfactionRaised, SurveyAnswered
from aftersales.common.events.intake import RequestCancelled, RequestClosed, RequestReopened, RequestResolved
from aftersales.common.events.inventory import PartReserved, PartShort
from aftersales.policy import sla
from aftersales.policy.model.stages import KnownStage
from aftersales.policy.sla import Said
from aftersales.values.errors import NotYet

from .form import VISITS, CancelRequest
from .request import (
    ENDED,
    OPEN,
    Decision,
    Ground,
    Resolution,
    ServiceRequest,
    Step,
    moved,
    must_be_unresolved,
    reached,
    settled,
)


def cancel(request: ServiceRequest, command: CancelRequest, by: str, now: datetime) -> Decision:
    """Let go of what the customer does not need any more."""
    must_be_unresolved(request)
    event = RequestCancelled(
        request=request.id,
        branch=request.branch,
        reason=command.reason,
        on_site=request.kind in VISITS,
        cancelled_at=now,
    )
    cancelled = moved(request, Step(state="cancelled", at=now, by=by, why=command.reason))
    waived = cancelled.but(clocks=sla.waive(cancelled.clocks, Said(now, by, command.reason)))
    return settled(request, waived, now, event)


def agree(request: ServiceRequest, sent: TechnicianAssigned, ground: Ground) -> Decision:
    """Take note that somebody is sent at an agreed time (INT-8). News of an earlier visit stops that visit's clocks."""
    if _is_to_come(request, sent.visit):
        return request, ()
    told = request
    for milestone in ("technician_assigned", "appointment_agreed"):
        told = reached(told, milestone, sent.at, ground, sent.visit)
    if request.state not in OPEN or request.visit != sent.visit:  # late news: what it would start is over
        told = told.but(clocks=told.clocks[: len(request.clocks)])
    return settled(request, told, sent.at)


def hear_of_parts(request: ServiceRequest, news: PartShort | PartReserved) -> Decision:
    """Wait for missing parts, or no longer (ALL-3); of news that crossed, the slip's version tells the newer."""
    old = 0 < news.slip_version <= request.slip_version
    if _is_to_come(request, news.visit) or request.visit > news.visit or old:
        return request, ()
    if isinstance(news, PartShort):
        clocks = sla.pause(request.clocks, "waiting_part", "inventory", news.at)
    else:
        clocks = sla.resume(request.clocks, "waiting_part", news.at)
    version = max(request.slip_version, news.slip_version)
    return settled(request, request.but(clocks=clocks, slip_version=version), news.at)


def resolve(request: ServiceRequest, repair: RepairCompleted, ground: Ground) -> Decision:
    """Take note that the repair of this visit is done. Raises `NotYet` when an earlier round is still open."""
    if not _is_next(request, repair.visit, resolved=False):
        return request, ()
    resolution = Resolution(
        visit=repair.visit,
        at=repair.at,
        cause=repair.cause,
        solution=repair.solution,
        technician=repair.technician,
    )
    resolved = moved(request, Step(state="resolved", at=repair.at, by=repair.technician, why=repair.cause))
    event = RequestResolved(request=request.id, branch=request.branch, visit=repair.visit, resolved_at=repair.at)
    resolved = reached(resolved.but(resolution=resolution), "request_resolved", repair.at, ground)
    said = Said(repair.at, repair.technician, "request_resolved")
    clocks = [sla.waive((one,), said)[0] if one.stage in _OF_THE_DESK else one for one in resolved.clocks]
    return settled(request, resolved.but(clocks=tuple(clocks)), repair.at, event)


def reopen(request: ServiceRequest, raised: DissatisfactionRaised, ground: Ground) -> Decision:
    """Want another visit: the customer is not satisfied (FBK-2). Raises `NotYet` before that repair is known."""
    if not _is_next(request, raised.visit, resolved=True):
        return request, ()
    visit = request.visit + 1
    event = RequestReopened(
        request=request.id, branch=request.branch, visit=visit, reason="dissatisfied", reopened_at=raised.at
    )
    reopened = moved(request, Step(state="reopened", at=raised.at, by="feedback", why="dissatisfied"))
    reopened = reopened.but(visit=visit, resolution=None, slip_version=0)
    return settled(request, reached(reopened, "request_registered", raised.at, ground), raised.at, event)


def close(request: ServiceRequest, answered: SurveyAnswered) -> Decision:
    """End it: the customer was asked and is satisfied. Raises `NotYet` before that repair is known."""
    if not answered.satisfied or not _is_next(request, answered.visit, resolved=True):
        return request, ()
    event = RequestClosed(request=request.id, branch=request.branch, closed_at=answered.at)
    closed = moved(request, Step(state="closed", at=answered.at, by="feedback", why="satisfied"))
    return settled(request, closed, answered.at, event)


_OF_THE_DESK: tuple[KnownStage, ...] = ("first_reply", "answer")
"""Whose customer was visited, and waits for no reply any more."""


def _is_to_come(request: ServiceRequest, visit: int) -> bool:
    """Whether the visit never comes, because the request has ended. Raises `NotYet` when it will."""
    if request.visit >= visit:
        return False
    if request.state not in ENDED:
        raise NotYet("request.earlier_step_missing", request=request.id, visit=visit)
    return True


def _is_next(request: ServiceRequest, visit: int, *, resolved: bool) -> bool:
    """Tell whether a fact that builds on this visit (and its repair, if `resolved`) is the one waited for.

    False when it is old news or the request has ended; raises `NotYet` when what it builds on is missing.
    """
    if request.state in ENDED:
        return False
    here, base = (request.visit, request.state == "resolved"), (visit, resolved)
    if here < base:
        raise NotYet("request.earlier_step_missing", request=request.id, visit=visit)
    return here == base
