"""Use cases of callbacks, for repairs, the clock and new hours."""

from aftersales.common.events.dispatch import RepairCompleted
from aftersales.engine import BranchHours, Event, PolicyCatalogue, UnitOfWork, use_case
from aftersales.feedback.results.domain import CaseResults
from aftersales.feedback.results.handlers import note_repair
from aftersales.feedback.timelines.domain import Timeline
from aftersales.feedback.timelines.handlers import note_milestone
from aftersales.policy.choose import Facts

from . import domain
from .domain import FollowUp, Usual, followup_id


@use_case(
    preload=lambda event: (
        (Timeline, event.request),
        (CaseResults, event.request),
        (FollowUp, followup_id(event.request, event.visit)),
        (BranchHours, event.branch),
    )
)
async def schedule_followup(work: UnitOfWork, event: RepairCompleted, catalogue: PolicyCatalogue, usual: Usual) -> None:
    """Plan the callback about this visit, once (FBK-1)."""
    await note_milestone(work, event)
    await note_repair(work, event, catalogue)
    if await work.get(FollowUp, followup_id(event.request, event.visit)) is None:
        facts = Facts(event.branch, event.product.line, "repair", "", event.at.date())
        policy = await catalogue.of(work, event.policy, facts)
        planned = domain.schedule_followup(event, domain.plan_followup(event, policy, usual))
        hours = await work.get(BranchHours, event.branch)
        marks: tuple[Event, ...] = ()
        if hours and hours.since >= event.at:  # the walk of the new hours has missed this one
            planned, marks = domain.change_followup_hours(planned, hours.calendar, hours.said, work.now, policy)
        work.put(planned, *marks)


async def change_followup_hours(
    work: UnitOfWork, followup: FollowUp, hours: BranchHours, catalogue: PolicyCatalogue
) -> None:
    """Apply the branch's new hours by the request's own policy (ALL-3)."""
    if followup.policy:
        policy = await catalogue.get(work, followup.policy)
        moved, marks = domain.change_followup_hours(followup, hours.calendar, hours.said, work.now, policy)
        if moved != followup:
            work.put(moved, *marks)


async def wake_followup(work: UnitOfWork, key: str) -> None:
    followup = await work.require(FollowUp, key)
    woken, events = domain.wake_followup(followup, work.now)
    if woken != followup:
        work.put(woken, *events)
