"""Use cases: steps of the desk, and what dispatch and feedback report about reaching the customer and about waits."""

from aftersales.common.events.dispatch import (
    AppointmentMoved,
    AssignmentDeclined,
    CustomerNotReached,
    PlanWithdrawn,
    TechnicianArrived,
    TechnicianDeparted,
    WorkPaused,
    WorkResumed,
)
from aftersales.common.events.feedback import FollowupDone
from aftersales.engine import DocumentRefs, PolicyCatalogue, UnitOfWork, use_case
from aftersales.intake.network.domain import Branch
from aftersales.intake.requests.domain import progress, steps
from aftersales.intake.requests.domain.request import ServiceRequest, finish_change
from aftersales.intake.requests.domain.steps import RecordStep
from aftersales.intake.requests.domain.visit import AWAY

from .requests import ground_of, heard_of, save_request


@use_case(about=lambda number: (ServiceRequest, number, lambda request: ((Branch, request.branch),)))
async def record_step(work: UnitOfWork, number: str, form: RecordStep, catalogue: PolicyCatalogue) -> ServiceRequest:
    request = await work.require(ServiceRequest, number)
    ground = await ground_of(work, request, catalogue)
    taken, events = steps.record_step(request, form, work.actor, work.now, ground)
    return work.put(taken, *events)


def _about(event: CustomerNotReached | FollowupDone | AppointmentMoved | WorkPaused | WorkResumed) -> DocumentRefs:
    return (ServiceRequest, event.request), (Branch, event.branch)


@use_case(preload=_about)
async def note_not_reached(
    work: UnitOfWork, event: CustomerNotReached | FollowupDone, catalogue: PolicyCatalogue
) -> None:
    """Have the customer tried again by the next day (DSP-5), or note that they were reached."""
    request = await heard_of(work, event.request)
    reached = isinstance(event, FollowupDone) and event.outcome == "reached"
    if request.open or request.state == "resolved":
        ground = await ground_of(work, request, catalogue)
        step = "customer_contacted" if reached else "customer_not_reached"
        noted = steps.reach_step(request, step, event.at, ground)
        save_request(work, request, *finish_change(request, noted, event.at))


@use_case(preload=_about)
async def follow_move(work: UnitOfWork, event: AppointmentMoved, catalogue: PolicyCatalogue) -> None:
    """Move the promise of the work to the day that the customer wanted (DSP-8)."""
    request = await heard_of(work, event.request)
    ground = await ground_of(work, request, catalogue)
    save_request(work, request, *progress.follow_move(request, event, ground))


@use_case(preload=_about)
async def record_wait(work: UnitOfWork, event: WorkPaused | WorkResumed) -> None:
    """Pause clocks with the work; the customer sees that the technician has left for a while (INT-11)."""
    request = await heard_of(work, event.request)
    waiting, events = progress.record_wait(request, event)
    save_request(work, request, progress.note_visit(waiting, event) if event.reason in AWAY else waiting, events)


@use_case(preload=lambda event: ((ServiceRequest, event.request),))
async def note_visit(
    work: UnitOfWork, event: TechnicianDeparted | TechnicianArrived | AssignmentDeclined | PlanWithdrawn
) -> None:
    """Note how far the technician is, so that the customer can see it (INT-11)."""
    request = await heard_of(work, event.request)
    save_request(work, request, progress.note_visit(request, event), ())
