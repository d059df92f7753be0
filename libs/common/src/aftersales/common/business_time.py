"""Business time (ALL-3, ALL-10): the hours of a calendar, added, measured and explained. Pure.

Windows are times on the wall, lengths are time that really passes (`timetable.py` finds the one from the other).
"""

import re
from collections.abc import Iterator
from datetime import datetime, time, timedelta
from functools import lru_cache
from itertools import groupby, islice
from typing import Annotated
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, Field, StringConstraints

from aftersales.common import public_holidays
from aftersales.common.errors import DomainError, Malformed
from aftersales.common.timetable import DAY, EPOCH, MICRO, Why, instant, micros, pieces, plan, tables
from aftersales.common.values import Day, Line, Value, Zone

_WINDOW = re.compile(r"(([01]\d|2[0-3]):[0-5]\d)-(?!\1)(([01]\d|2[0-3]):[0-5]\d|24:00)")
YEARS = range(1970, 2200)
"""Business time is reckoned in these."""
_HORIZON = 10
"""Years after which a calendar that has not opened never does."""


def _well_formed(text: str) -> str:
    if any(not _WINDOW.fullmatch(window) for window in text.split()):
        raise ValueError("calendar.hours_malformed")
    return " ".join(text.split())


def _known(code: str) -> str:
    if code and not public_holidays.known(code):
        raise ValueError("calendar.holidays_unknown")
    return code


Windows = Annotated[str, StringConstraints(max_length=200), AfterValidator(_well_formed)]
"""A day's opening hours: see `Hours.week`."""
Week = Annotated[tuple[Windows, ...], Field(min_length=7, max_length=7)]
WHOLE_DAY = "00:00-24:00"
_WHOLE_WEEK = (WHOLE_DAY,) * 7


class SpecialDay(Value):
    """What a branch does on one date, whatever the week and the public holidays say."""

    day: Day
    hours: Windows = ""
    why: Line


def _one_each(days: tuple[SpecialDay, ...]) -> tuple[SpecialDay, ...]:
    if len({special.day for special in days}) < len(days):
        raise ValueError("calendar.day_twice")
    return days


class Hours(Value):
    """Working hours without a place."""

    week: Week = _WHOLE_WEEK
    """Monday first, a day such as `09:00-12:00 13:30-18:00`; `22:00-06:00` ends on the next, nothing is closed."""
    holidays: Annotated[str, StringConstraints(pattern=r"^([A-Z]{2}(-[A-Z0-9]{1,3})?)?$"), AfterValidator(_known)] = ""
    """Whose public holidays close it: an ISO 3166 code that the library `holidays` knows; empty: nobody's."""
    days: Annotated[tuple[SpecialDay, ...], Field(max_length=500), AfterValidator(_one_each)] = ()
    """What it does otherwise on single dates, one entry each."""


class Calendar(Hours):
    """Working hours in a time zone. With the defaults it never closes (24x7)."""

    zone: Zone


class Span(Value):
    """A stretch of one kind, and why it is so.

    `detail` is a holiday's name, a special day's reason, or the day off (ISO 8601) that a make-up day stands in for.
    """

    start: datetime
    end: datetime
    open: bool
    why: Why
    detail: str


@lru_cache
def always(zone: str) -> Calendar:
    """Round the clock, every day."""
    return Calendar(zone=zone)


def add(calendar: Calendar, start: datetime, work: timedelta) -> datetime:
    """When `work` of open time has passed since `start`: the first such moment; `start` itself for no work.

    Raises `DomainError` when ten years do not have that much.
    """
    _check(start)
    if work <= timedelta():
        return start
    if never_closes(calendar) and work <= DAY * 365 * _HORIZON:
        return start + work
    table, first = tables(calendar), _on_wall(calendar, start).year
    wanted = work // MICRO + table(first).passed(micros(start))
    for year in range(first, first + _HORIZON + 1):
        if wanted <= table(year).total:
            return EPOCH + table(year).reached(wanted) * MICRO
        wanted -= table(year).total
    raise DomainError("calendar.never_open", years=_HORIZON)


def between(calendar: Calendar, start: datetime, end: datetime) -> timedelta:
    """Open time from `start` to `end`; none when they are the wrong way round."""
    _check(start, end)
    if end <= start:
        return timedelta()
    if never_closes(calendar):
        return end - start
    table, first, last = tables(calendar), _on_wall(calendar, start).year, _on_wall(calendar, end).year
    whole = sum(table(year).total for year in range(first, last))
    return (whole + table(last).passed(micros(end)) - table(first).passed(micros(start))) * MICRO


def next_open(calendar: Calendar, at: datetime) -> datetime:
    """`at` when it is open then, else when it opens next. Raises `DomainError` when it does not in ten years."""
    return add(calendar, at, MICRO) - MICRO


def spans(calendar: Calendar, start: datetime, end: datetime) -> Iterator[Span]:
    """Everything from `start` to `end`, without gaps: its open spans are `between`, and the others say why not."""
    _check(start, end)
    for (is_open, why, detail), group in groupby(pieces(calendar, start, end), lambda piece: piece[2:]):
        same = list(group)
        yield Span(start=same[0].start, end=same[-1].end, open=is_open, why=why, detail=detail)


def on_holiday(calendar: Calendar, at: datetime) -> bool:
    """Whether a public holiday keeps it closed at that moment (ALL-10); a shift may reach into one from the eve."""
    _check(at)
    closed, _ = plan(calendar, _on_wall(calendar, at).date()).closed
    return closed == "holiday" and next(pieces(calendar, at, at + MICRO)).why == "holiday"


def local_deadline(calendar: Calendar, at: datetime, time_of_day: time, days: int) -> datetime:
    """When the wall shows `time_of_day` on the `days`-th open day after that of `at`.

    0 is the same day (the moment may be over then), or the next open one when that is none: on a Saturday, both
    "the same day" and "the next working day" are Monday. A day is open when a window begins on it.
    """
    _check(at)
    today = _on_wall(calendar, at).date()
    later = days if plan(calendar, today).windows else max(days - 1, 0)
    coming = (today + timedelta(days=number) for number in range(366 * _HORIZON))
    day = next(islice((day for day in coming if plan(calendar, day).windows), later, None), None)
    if day is None:
        raise DomainError("calendar.never_open", years=_HORIZON)
    return instant(datetime.combine(day, time_of_day), ZoneInfo(calendar.zone))


def never_closes(calendar: Calendar) -> bool:
    """Whether it is `always`."""
    return calendar.week == _WHOLE_WEEK and not calendar.holidays and not calendar.days


def _on_wall(calendar: Calendar, at: datetime) -> datetime:
    return at.astimezone(ZoneInfo(calendar.zone))


def _check(*moments: datetime) -> None:
    """Raise `Malformed` for a time that no calendar reaches."""
    if any(at.year not in YEARS for at in moments):
        raise Malformed("calendar.out_of_range", first=YEARS[0], last=YEARS[-1])
