"""Use cases of timelines: how events are recorded."""

from aftersales.common.events.feedback import FollowupEvent
from aftersales.common.events.intake import RequestCorrected
from aftersales.engine import Event, UnitOfWork, use_case

from .domain import MILESTONES, Timeline, TimelineEvent, fold_correction, fold_event


@use_case(preload=lambda event: ((Timeline, event.request),))
async def note_milestone(work: UnitOfWork, event: TimelineEvent) -> None:
    """Record a milestone on the request's timeline."""
    known = await work.get(Timeline, event.request)
    timeline = fold_event(known, event)
    if timeline != known:
        work.put(timeline)


@use_case(preload=lambda event: ((Timeline, event.request),))
async def note_correction(work: UnitOfWork, event: RequestCorrected) -> None:
    """Follow a request to another branch (INT-2)."""
    known = await work.get(Timeline, event.request)
    timeline = fold_correction(known, event)
    if timeline != known:
        work.put(timeline)


async def note_own(work: UnitOfWork, events: tuple[Event, ...]) -> None:
    """Record this service's own events on the timeline, in the same transaction."""
    for event in events:
        if isinstance(event, FollowupEvent) and type(event) in MILESTONES:
            await note_milestone(work, event)
