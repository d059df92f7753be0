"""The timeline of a request: how events are noted on it."""

from aftersales.common.events.feedback import FollowupEvent
from aftersales.engine import Event, Work, use_case

from .domain import MILESTONES, News, Timeline, fold


@use_case(preload=lambda event: ((Timeline, event.request),))
async def note(work: Work, event: News) -> None:
    """Put a milestone on the request's timeline."""
    known = await work.get(Timeline, event.request)
    timeline = fold(known, event)
    if timeline != known:
        work.put(timeline)


async def note_own(work: Work, news: tuple[Event, ...]) -> None:
    """Put what this service says itself on the timeline, in the same transaction."""
    for event in news:
        if isinstance(event, FollowupEvent) and type(event) in MILESTONES:
            await note(work, event)
