"""Explains a clock: the arithmetic of its deadline, line by line (zammad #390). Pure."""

from collections.abc import Iterable, Iterator
from datetime import datetime
from itertools import chain
from typing import Literal

from aftersales.policy.business_time import open_and_closed_spans, undecreed_years
from aftersales.policy.calendars import Calendar
from aftersales.policy.sla.model import NONE, Pause, Seconds, SlaClock
from aftersales.policy.sla.rules import counted_stretches, used_by
from aftersales.values import Value

Kind = Literal["counted", "closed", "paused"]


class Line(Value):
    """An interval in the life of a clock."""

    start: datetime
    end: datetime
    kind: Kind
    why: str = ""
    """The calendar's reason (`holiday`, `makeup`, `special` ...), or the reason of the pause."""
    detail: str = ""
    """The holiday's name, the branch's reason, or the party that is waited for."""
    used: Seconds
    """Time used of the target at the end of the interval."""


class ClockExplanation(Value):
    """The complete calculation: lines from the start to the deadline, or to `until` if there is no deadline."""

    clock: SlaClock
    lines: tuple[Line, ...]
    until: datetime
    """The end of the last line: the deadline or, while the clock is paused, now."""
    used: Seconds
    """Time used until now, or until the work ended."""
    left: Seconds
    """Time left of the target; negative when it is exceeded."""
    undecreed: tuple[int, ...] = ()
    """Years among the lines whose public holidays are not decreed yet, so that the deadline may still move."""


class Deadline(Value):
    """One clock of one document with its explanation; `GET /deadlines/{number}` returns a list of these."""

    document: str
    explanation: ClockExplanation


def explain_clock(clock: SlaClock, now: datetime) -> ClockExplanation:
    """Return how the clock came to its deadline, and its state at `now`."""
    here = clock.ended_at or now
    until = max(clock.deadline or here, clock.started_at)
    used = used_by(clock, here)
    calendar = clock.terms.calendar
    return ClockExplanation(
        clock=clock,
        lines=tuple(_lines(clock, until)),
        until=until,
        used=used,
        left=clock.terms.target - used,
        undecreed=undecreed_years(calendar, clock.started_at, until) if calendar else (),
    )


def _lines(clock: SlaClock, until: datetime) -> Iterator[Line]:
    """Cut the clock's life at every pause, then at every closing hour; join equal neighbours into one line."""
    used, pending = NONE, None
    for start, end, pause in _stretches(clock, until):
        for line in _cut(clock, start, end, pause):
            used += line.used
            if pending and _alike(pending, line):
                pending = pending.model_copy(update={"end": line.end, "used": used})
                continue
            if pending:
                yield pending
            pending = line.model_copy(update={"used": used})
    if pending:
        yield pending


def _stretches(clock: SlaClock, until: datetime) -> Iterator[tuple[datetime, datetime, Pause | None]]:
    """Cut start..until at the pauses; if two overlap, the one that began first takes the common time."""
    at = clock.started_at
    for pause in sorted(clock.pauses, key=lambda p: p.since):
        since, end = max(pause.since, at), min(pause.until or until, until)
        if since >= end:
            continue
        if at < since:
            yield at, since, None
        yield since, end, pause
        at = end
    if at < until:
        yield at, until, None


def _cut(clock: SlaClock, start: datetime, end: datetime, pause: Pause | None) -> Iterable[Line]:
    if pause:
        return (Line(start=start, end=end, kind="paused", why=pause.reason, detail=pause.owner, used=NONE),)
    return chain.from_iterable(_counted(*stretch) for stretch in counted_stretches(clock, start, end))


def _counted(calendar: Calendar | None, start: datetime, end: datetime) -> Iterable[Line]:
    if calendar is None:
        return (Line(start=start, end=end, kind="counted", used=end - start),)
    return (
        Line(
            start=span.start,
            end=span.end,
            kind="counted",
            why=_why(span.why),
            detail=span.detail,
            used=span.end - span.start,
        )
        if span.open
        else Line(start=span.start, end=span.end, kind="closed", why=span.why, detail=span.detail, used=NONE)
        for span in open_and_closed_spans(calendar, start, end)
    )


def _why(why: str) -> str:
    return "" if why == "open" else why


def _alike(a: Line, b: Line) -> bool:
    return (a.kind, a.why, a.detail) == (b.kind, b.why, b.detail)
