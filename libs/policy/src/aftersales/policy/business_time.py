"""Business time (ALL-3, ALL-10): the open hours of a calendar, added, measured and explained. Pure.

Windows are wall-clock times, lengths are elapsed time (`timetable.py` converts the one to the other).
"""

from collections.abc import Iterator
from datetime import datetime, time, timedelta
from itertools import groupby, islice
from zoneinfo import ZoneInfo

from aftersales.policy import public_holidays
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
"""The years for which business time is computed."""
_HORIZON = 10
"""Number of years after which a calendar that has not opened counts as never open."""


class Span(Value):
    """An interval that is open or closed throughout for one reason.

    `detail` is a holiday's name, a special day's reason, or the day off (ISO 8601) that a make-up day replaces.
    """

    start: datetime
    end: datetime
    open: bool
    why: Why
    detail: str
    decree_known: bool = True
    """False in a year whose public holidays are not decreed yet: days off and make-up days may still change."""


def add_open_time(calendar: Calendar, start: datetime, work: timedelta) -> datetime:
    """Return the first moment at which `work` of open time has passed since `start`; `start` itself if `work` is zero.

    Raises `DomainError` if ten years do not contain that much.
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
    """Return the open time from `start` to `end`; zero if `end` is before `start`."""
    _check(start, end)
    if end <= start:
        return timedelta()
    if never_closes(calendar):
        return end - start
    table, first, last = holiday_tables(calendar), _on_wall(calendar, start).year, _on_wall(calendar, end).year
    whole = sum(table(year).total for year in range(first, last))
    return (whole + table(last).passed(to_microseconds(end)) - table(first).passed(to_microseconds(start))) * MICRO


def next_open(calendar: Calendar, at: datetime) -> datetime:
    """Return `at` if it is open then, else the next opening. Raises `DomainError` if there is none in ten years."""
    return add_open_time(calendar, at, MICRO) - MICRO


def open_and_closed_spans(calendar: Calendar, start: datetime, end: datetime) -> Iterator[Span]:
    """Yield all time from `start` to `end` without gaps: open spans (see `open_time_between`) and closed ones."""
    _check(start, end)
    for (is_open, why, detail), group in groupby(open_and_closed_pieces(calendar, start, end), lambda piece: piece[2:]):
        same = list(group)
        known = not undecreed_years(calendar, same[0].start, same[-1].end)
        yield Span(start=same[0].start, end=same[-1].end, open=is_open, why=why, detail=detail, decree_known=known)


def undecreed_years(calendar: Calendar, start: datetime, end: datetime) -> tuple[int, ...]:
    """Return the years from `start` to `end` whose public holidays are not decreed yet (see `public_holidays`)."""
    if not calendar.holidays:
        return ()
    years = range(_on_wall(calendar, start).year, _on_wall(calendar, end - MICRO).year + 1)
    return tuple(year for year in years if not public_holidays.decree_known(calendar.holidays, year))


def on_holiday(calendar: Calendar, at: datetime) -> bool:
    """Whether the calendar is closed for a public holiday at `at` (ALL-10); a shift may reach into one from the eve."""
    _check(at)
    closed, _ = plan_day(calendar, _on_wall(calendar, at).date()).closed
    return closed == "holiday" and next(open_and_closed_pieces(calendar, at, at + MICRO)).why == "holiday"


def local_deadline(calendar: Calendar, at: datetime, time_of_day: time, days: int) -> datetime:
    """Return when the wall clock shows `time_of_day` on the `days`-th open day after that of `at`.

    0 is the same day (the moment may be over then), or the next open day if that one is closed: on a Saturday, both
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
    """Raise `Malformed` for a time outside `YEARS`."""
    if any(at.year not in YEARS for at in moments):
        raise Malformed("calendar.out_of_range", first=YEARS[0], last=YEARS[-1])
