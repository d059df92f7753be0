"""Callbacks: what a repair, the clock and new hours ask for."""

from aftersales.common.events.dispatch import RepairCompleted
from aftersales.engine import BranchHours, Event, Library, Work, use_case
from aftersales.feedback.timelines.domain import Timeline
from aftersales.feedback.timelines.handlers import note
from aftersales.policy.choose import Facts

from . import domain
from .domain import FollowUp, Usual, followup_id


@use_case(
    preload=lambda event: (
        (Timeline, event.request),
        (FollowUp, followup_id(event.request, event.visit)),
        (BranchHours, event.branch),
    )
)
async def schedule_followup(work: Work, event: RepairCompleted, library: Library, usual: Usual) -> None:
    """Plan the callback about this visit, once (FBK-1)."""
    await note(work, event)
    if await work.get(FollowUp, followup_id(event.request, event.visit)) is None:
        facts = Facts(event.branch, event.product.line, "repair", "", event.at.date())
        policy = await library.of(work, event.policy, facts)
        planned = domain.schedule(event, domain.plan(event, policy, usual))
        hours = await work.get(BranchHours, event.branch)
        marks: tuple[Event, ...] = ()
        if hours and hours.since >= event.at:  # its walk has missed this one
            planned, marks = domain.change_hours(planned, hours.calendar, hours.said, work.now, policy)
        work.put(planned, *marks)


async def change_hours(work: Work, followup: FollowUp, hours: BranchHours, library: Library) -> None:
    """Go over to the branch's new hours, by the request's own policy (ALL-3)."""
    if followup.policy:
        policy = await library.get(work, followup.policy)
        moved, marks = domain.change_hours(followup, hours.calendar, hours.said, work.now, policy)
        if moved != followup:
            work.put(moved, *marks)


async def wake_followup(work: Work, key: str) -> None:
    followup = await work.need(FollowUp, key)
    woken, news = domain.wake(followup, work.now)
    if woken != followup:
        work.put(woken, *news)
