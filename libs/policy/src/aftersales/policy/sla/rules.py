"""Rules by which clocks start, pause, resume, are retargeted and end. Pure.

Time is *used* while the calendar is open and nothing pauses the clock. Every threshold (a warning, the breach, a
level of the ladder) is an amount of used time, so that pauses and new targets move all of them alike.
"""

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any, Literal, TypeVar, cast

from aftersales.policy.business_time import add_open_time, open_time_between
from aftersales.policy.calendars import Calendar
from aftersales.policy.sla.model import (
    BREACH,
    NONE,
    ChangeNote,
    Clocks,
    Fired,
    Pause,
    Retarget,
    SlaClock,
    Terms,
    ThresholdPassed,
)
from aftersales.policy.timetable import DAY
from aftersales.values import Value, to_millis

V = TypeVar("V", bound=Value)


def find_clock(clocks: Clocks, key: str) -> SlaClock | None:
    return next((clock for clock in clocks if clock.key == key), None)


def start_clock(clocks: Clocks, stage: str, key: str, at: datetime, terms: Terms) -> Clocks:
    """Start the clock `key` unless it was started before."""
    if find_clock(clocks, key):
        return clocks
    return (*clocks, _started(stage, key, at, terms))


@lru_cache(maxsize=1024)  # for the reason given at `stages.stage_terms`
def _started(stage: str, key: str, at: datetime, terms: Terms) -> SlaClock:
    return plan_clock(SlaClock(key=key, stage=stage, terms=terms, started_at=at, deadline=None))


def stop_clock(clocks: Clocks, key: str, at: datetime) -> Clocks:
    """Stop the clock because the work is done: `met`, or `breached` if it is late and no timer has recorded that yet.

    Work that was done in time and reported late takes back the breach (ADR 18).
    An open pause ends first, so that the time waited never counts (frappe/helpdesk #3776).
    """
    return _each(clocks, key, lambda clock: _stopped(clock, at))


def waive_clocks(clocks: Clocks, said: ChangeNote) -> Clocks:
    """End every clock because the promise no longer matters; open ones become `waived`."""

    def waived(clock: SlaClock) -> SlaClock:
        clock = _ticked(_resumed(clock, said.at), said.at)
        outcome = "waived" if clock.outcome == "open" else clock.outcome
        ended = _but(clock, outcome=outcome, ended_at=said.at, wake_at=None)
        return _but(ended, waived_by=said.by, waived_for=said.why)

    return _each(clocks, None, waived)


def pause_clocks(clocks: Clocks, reason: str, owner: str, at: datetime) -> Clocks:
    """Pause the clocks whose terms allow `reason`, until `resume_clocks` with it; `owner` is the party waited for."""

    def paused(clock: SlaClock) -> SlaClock:
        if reason not in clock.terms.pauses or any(p.reason == reason and p.until is None for p in clock.pauses):
            return clock
        clock = _ticked(_take_back(clock, lambda due: due > at), at)
        since = max(at, clock.started_at)
        begun = (*clock.pauses, Pause(reason=reason, owner=owner, since=since))
        deadline = None if clock.outcome == "open" else clock.deadline
        return _but(clock, pauses=begun, deadline=deadline, warn_at=None, wake_at=None)

    return _each(clocks, None, paused)


def resume_clocks(clocks: Clocks, reason: str, at: datetime) -> Clocks:
    """End the pauses with this reason. Another reason may still pause the clock."""
    return _each(clocks, None, lambda clock: _resumed(clock, at, reason))


def retarget_clock(clocks: Clocks, key: str, wanted: Terms | datetime, said: ChangeNote) -> Clocks:
    """Change the promise of a clock to other terms, or to a moment agreed with the customer.

    Time used before `said.at` counts by the calendar of that time, and paused time stays paused (glpi #6902).
    A threshold that lies ahead again may fire again. A breach keeps its target and its deadline; only the ladder
    after it uses a new calendar.
    """

    def changed(clock: SlaClock) -> SlaClock:
        clock = _ticked(clock, said.at)
        if isinstance(wanted, datetime):
            agreed = _but(clock.terms, until=wanted, agreed=True, calendar=None)
            return clock if clock.outcome == "breached" else _changed(clock, agreed, said)
        breached = _but(clock.terms, calendar=wanted.calendar)
        return _changed(clock, breached if clock.outcome == "breached" else wanted, said)

    return _each(clocks, key, changed)


def _changed(clock: SlaClock, wanted: Terms, said: ChangeNote) -> SlaClock:
    old = clock.terms
    at = max([said.at, clock.started_at, *(change.at for change in clock.retargets[-1:])])
    if wanted.until:  # the target follows from it
        wanted = _but(wanted, target=old.target if wanted.until == old.until else _target_for(clock, wanted, at))
    if (wanted.target, wanted.calendar) == (old.target, old.calendar):
        return _but(clock, terms=wanted)
    used = used_by(clock, at)
    before = "same" if wanted.calendar == old.calendar else _within(old.calendar, clock.started_at, at)
    noted = (*clock.retargets, Retarget(at=at, target=old.target, why=said.why, by=said.by, calendar=before))
    clock = _but(clock, terms=wanted, retargets=noted)
    if wanted.target != old.target:
        passed = {mark for mark, needs in _marks(clock) if needs <= used}
        clock = _but(clock, fired=tuple(fired for fired in clock.fired if fired.mark in passed))
    return clock if clock.paused else plan_clock(clock)


def _target_for(clock: SlaClock, wanted: Terms, at: datetime) -> timedelta:
    """Return the time used at `wanted.until`. Earlier pauses move a due moment, but not an agreed one."""
    paused = sum((until - since for since, until in paused_stretches(clock, at)), NONE)
    until = cast("datetime", wanted.until) + (NONE if wanted.agreed else paused)
    return used_by(clock, at) + (until - at) if until > at else used_by(clock, until)


def _within(calendar: Calendar | None, start: datetime, end: datetime) -> Calendar | None:
    """Return the calendar without special days outside start..end, of which there may be hundreds."""
    if calendar is None:
        return None
    first, last = (start - DAY).date(), (end + DAY).date()
    return calendar.model_copy(update={"days": tuple(d for d in calendar.days if first <= d.day <= last)})


def tick_clocks(clocks: Clocks, now: datetime) -> Clocks:
    """Pass each threshold that is due by `now`, once."""
    return tuple(_ticked(clock, now) for clock in clocks)


def next_wake(clocks: Clocks) -> datetime | None:
    """Return the next moment at which `tick_clocks` passes a threshold."""
    return min((clock.wake_at for clock in clocks if clock.wake_at), default=None)


def thresholds_passed(before: Clocks, after: Clocks) -> Iterator[ThresholdPassed]:
    """Yield the thresholds passed between two states of the same clocks, oldest first for each clock.

    Then those of breaches that were taken back. A clock that passed one and was then paused has no deadline; it is
    given the one that it had until the pause.
    """
    for clock in after:
        old = find_clock(before, clock.key)
        told = clock if clock.deadline else plan_clock(clock)
        for fired in clock.fired:
            if not (old and fired in old.fired):
                yield ThresholdPassed(_kind(fired.mark), told, fired.mark)
        for fired in clock.taken_back[len(old.taken_back) if old else 0 :]:
            if _kind(fired.mark) != "warned":
                yield ThresholdPassed("withdrawn", told, fired.mark)


def used_by(clock: SlaClock, at: datetime) -> timedelta:
    """Return how much of its target the clock has used by `at`: open time since its start, without pauses."""
    return sum((_between(*stretch) for stretch in running_stretches(clock, at)), NONE)


def running_stretches(clock: SlaClock, at: datetime) -> Iterator[tuple[Calendar | None, datetime, datetime]]:
    """Yield when the clock ran up to `at`, and by which calendar; cut at each pause and change of calendar."""
    since = clock.started_at
    for start, end in (*paused_stretches(clock, at), (at, at)):
        yield from counted_stretches(clock, since, start)
        since = end


def counted_stretches(
    clock: SlaClock, start: datetime, end: datetime
) -> Iterator[tuple[Calendar | None, datetime, datetime]]:
    """Cut `start`..`end` at each change of calendar."""
    for change in clock.retargets:
        until = min(change.at, end)
        if change.calendar != "same" and start < until:
            yield change.calendar, start, until
            start = until
    if start < end:
        yield clock.terms.calendar, start, end


def paused_stretches(clock: SlaClock, at: datetime) -> list[tuple[datetime, datetime]]:
    """Return when the clock was paused up to `at`, in order, with overlapping pauses joined."""
    joined: list[tuple[datetime, datetime]] = []
    for pause in sorted(clock.pauses, key=lambda p: p.since):
        since, until = pause.since, min(pause.until or at, at)
        if joined and since <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(until, joined[-1][1]))
        elif since < until:
            joined.append((since, until))
    return joined


def _kind(mark: str) -> Literal["warned", "breached", "escalated"]:
    return "breached" if mark == BREACH else "warned" if mark.endswith("%") else "escalated"


def _marks(clock: SlaClock) -> Iterator[tuple[str, timedelta]]:
    """Yield the thresholds in order, each with the used time that passes it."""
    terms = clock.terms
    for share in terms.warn_at:
        yield f"{share:.0%}", terms.target * share
    yield BREACH, terms.target
    for level in terms.ladder:
        yield level.role, terms.target + level.after


def plan_clock(clock: SlaClock) -> SlaClock:
    """Compute the deadline and the next wake-up of a running clock."""
    since = max([clock.started_at, *(pause.until for pause in clock.pauses if pause.until), *_changes(clock)])
    past = list(running_stretches(clock, since))

    def moment(needs: timedelta) -> datetime:
        for calendar, start, end in past:
            used = _between(calendar, start, end)
            if needs <= used:
                return _add(calendar, start, needs)
            needs -= used
        return _add(clock.terms.calendar, since, needs)

    terms = clock.terms
    following = next((needs for mark, needs in _marks(clock) if not clock.has_fired(mark)), None)
    if clock.outcome != "open":
        deadline, warn_at = clock.deadline, clock.warn_at
    else:
        deadline = moment(terms.target)
        warn_at = moment(terms.target * terms.warn_at[-1]) if terms.warn_at else None
    wake_at = None if following is None else moment(following)
    return _but(clock, deadline=deadline, warn_at=warn_at, wake_at=wake_at)


def _ticked(clock: SlaClock, now: datetime, before: datetime | None = None) -> SlaClock:
    """Pass the thresholds due by `now`. One that is due exactly at `before`, when the work was done, is not late."""
    while clock.wake_at and clock.wake_at <= now and clock.wake_at != before:
        mark = next(mark for mark, _ in _marks(clock) if not clock.has_fired(mark))
        outcome = "breached" if mark == BREACH and clock.outcome == "open" else clock.outcome
        clock = plan_clock(_but(clock, fired=(*clock.fired, Fired(mark=mark, at=clock.wake_at)), outcome=outcome))
    return clock


def _resumed(clock: SlaClock, at: datetime, reason: str | None = None) -> SlaClock:
    """End the open pauses (for one reason, or all). One that began later, by another machine's clock, has no length."""
    ended = tuple(
        pause.model_copy(update={"until": max(at, pause.since)})
        if pause.until is None and reason in (None, pause.reason)
        else pause
        for pause in clock.pauses
    )
    if ended == clock.pauses:
        return clock
    clock = _but(clock, pauses=ended)
    return clock if clock.paused else plan_clock(clock)


def _take_back(clock: SlaClock, later: Callable[[datetime], bool]) -> SlaClock:
    """Take back the marks that were due later than something that was reported only after them."""
    late = tuple(fired for fired in clock.fired if later(fired.at))
    if not late:
        return clock
    kept = tuple(fired for fired in clock.fired if fired not in late)
    outcome = "open" if any(fired.mark == BREACH for fired in late) else clock.outcome
    return plan_clock(_but(clock, fired=kept, taken_back=(*clock.taken_back, *late), outcome=outcome))


def _stopped(clock: SlaClock, at: datetime) -> SlaClock:
    clock = _ticked(_resumed(_take_back(clock, lambda due: due >= at), at), at, before=at)
    outcome = "met" if clock.outcome == "open" else clock.outcome
    return _but(clock, outcome=outcome, ended_at=at, wake_at=None)


def _each(clocks: Clocks, key: str | None, change: Callable[[SlaClock], SlaClock]) -> Clocks:
    """Change the clock `key`, or all; ended clocks stay unchanged."""
    return tuple(change(clock) if clock.ended_at is None and key in (None, clock.key) else clock for clock in clocks)


def _but(value: V, **changes: Any) -> V:
    return value.model_copy(update=changes)


def _changes(clock: SlaClock) -> Iterator[datetime]:
    return (change.at for change in clock.retargets if change.calendar != "same")


def _add(calendar: Calendar | None, at: datetime, work: timedelta) -> datetime:
    return to_millis(add_open_time(calendar, at, work) if calendar else at + work)


def _between(calendar: Calendar | None, start: datetime, end: datetime) -> timedelta:
    return open_time_between(calendar, start, end) if calendar else max(end - start, NONE)
