"""Business time (ALL-3, ALL-10): the hours of a calendar, added, measured and explained. Pure.

Windows are times on the wall, lengths are time that really passes (`timetable.py` finds the one from the other).
"""

from collections.abc import Iterator
from datetime import datetime, time, timedelta
from itertools import groupby, islice
from zoneinfo import ZoneInfo

from aftersales.policy.calendars import Calendar, never_closes
from aftersales.policy.timetable import (
    DAY,
    EPOCH,
    MICRO,
    Why,
    holiday_tables,
    open_and_closed_pieces,
    plan_day,
    to_instant,
    to_microseconds,
)
from aftersales.values import Value
from aftersales.values.errors import DomainError, Malformed

YEARS = range(1970, 2200)
"""Business time is reckoned in these."""
_HORIZON = 10
"""Years after which a calendar that has not opened never does."""


class Span(Value):
    """A stretch of one kind, and why it is so.

    `detail` is a holiday's name, a special day's reason, or the day off (ISO 8601) that a make-up day stands in for.
    """

    start: datetime
    end: datetime
    open: bool
    why: Why
    detail: str


def add_open_time(calendar: Calendar, start: datetime, work: timedelta) -> datetime:
    """When `work` of open time has passed since `start`: the first such moment; `start` itself for no work.

    Raises `DomainError` when ten years do not have that much.
    """
    _check(start)
    if work <= timedelta():
        return start
    if never_closes(calendar) and work <= DAY * 365 * _HORIZON:
        return start + work
    table, first = holiday_tables(calendar), _on_wall(calendar, start).year
    wanted = work // MICRO + table(first).passed(to_microseconds(start))
    for year in range(first, first + _HORIZON + 1):
        if wanted <= table(year).total:
            return EPOCH + table(year).reached(wanted) * MICRO
        wanted -= table(year).total
    raise DomainError("calendar.never_open", years=_HORIZON)


def open_time_between(calendar: Calendar, start: datetime, end: datetime) -> timedelta:
    """Open time from `start` to `end`; none when they are the wrong way round."""
    _check(start, end)
    if end <= start:
        return timedelta()
    if never_closes(calendar):
        return end - start
    table, first, last = holiday_tables(calendar), _on_wall(calendar, start).year, _on_wall(calendar, end).year
    whole = sum(table(year).total for year in range(first, last))
    return (whole + table(last).passed(to_microseconds(end)) - table(first).passed(to_microseconds(start))) * MICRO


def next_open(calendar: Calendar, at: datetime) -> datetime:
    """`at` when it is open then, else when it opens next. Raises `DomainError` when it does not in ten years."""
    return add_open_time(calendar, at, MICRO) - MICRO


def open_and_closed_spans(calendar: Calendar, start: datetime, end: datetime) -> Iterator[Span]:
    """Everything from `start` to `end`, without gaps: open spans are `open_time_between`; the others say why not."""
    _check(start, end)
    for (is_open, why, detail), group in groupby(open_and_closed_pieces(calendar, start, end), lambda piece: piece[2:]):
        same = list(group)
        yield Span(start=same[0].start, end=same[-1].end, open=is_open, why=why, detail=detail)


def on_holiday(calendar: Calendar, at: datetime) -> bool:
    """Whether a public holiday keeps it closed at that moment (ALL-10); a shift may reach into one from the eve."""
    _check(at)
    closed, _ = plan_day(calendar, _on_wall(calendar, at).date()).closed
    return closed == "holiday" and next(open_and_closed_pieces(calendar, at, at + MICRO)).why == "holiday"


def local_deadline(calendar: Calendar, at: datetime, time_of_day: time, days: int) -> datetime:
    """When the wall shows `time_of_day` on the `days`-th open day after that of `at`.

    0 is the same day (the moment may be over then), or the next open one when that is none: on a Saturday, both
    "the same day" and "the next working day" are Monday. A day is open when a window begins on it.
    """
    _check(at)
    today = _on_wall(calendar, at).date()
    later = days if plan_day(calendar, today).windows else max(days - 1, 0)
    coming = (today + timedelta(days=number) for number in range(366 * _HORIZON))
    day = next(islice((day for day in coming if plan_day(calendar, day).windows), later, None), None)
    if day is None:
        raise DomainError("calendar.never_open", years=_HORIZON)
    return to_instant(datetime.combine(day, time_of_day), ZoneInfo(calendar.zone))


def _on_wall(calendar: Calendar, at: datetime) -> datetime:
    return at.astimezone(ZoneInfo(calendar.zone))


def _check(*moments: datetime) -> None:
    """Raise `Malformed` for a time that no calendar reaches."""
    if any(at.year not in YEARS for at in moments):
        raise Malformed("calendar.out_of_range", first=YEARS[0], last=YEARS[-1])
