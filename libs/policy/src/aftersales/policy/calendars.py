"""Calendars (ALL-3, ALL-10): the hours of a week, public holidays, and dates with other hours. Pure.

`timetable` puts a calendar's days in sequence, `business_time` computes with it.
"""

import re
from functools import lru_cache
from typing import Annotated

from pydantic import AfterValidator, Field, StringConstraints

from aftersales.policy import public_holidays
from aftersales.values import Day, Line, Value, Zone

_WINDOW = re.compile(r"(([01]\d|2[0-3]):[0-5]\d)-(?!\1)(([01]\d|2[0-3]):[0-5]\d|24:00)")


def _well_formed(text: str) -> str:
    if any(not _WINDOW.fullmatch(window) for window in text.split()):
        raise ValueError("calendar.hours_malformed")
    return " ".join(text.split())


def _known(code: str) -> str:
    if code and not public_holidays.has_calendar(code):
        raise ValueError("calendar.holidays_unknown")
    return code


Windows = Annotated[str, StringConstraints(max_length=200), AfterValidator(_well_formed)]
"""A day's opening hours, in the format of `Hours.week`."""
Week = Annotated[tuple[Windows, ...], Field(min_length=7, max_length=7)]
WHOLE_DAY = "00:00-24:00"
_WHOLE_WEEK = (WHOLE_DAY,) * 7


class SpecialDay(Value):
    """The hours of a branch on one date, which replace those of the week and of public holidays."""

    day: Day
    """The date."""
    hours: Windows = ""
    """The hours of that date, in the format of `week`; empty means closed."""
    why: Line
    """The reason, such as a stocktake or a storm."""


def _one_each(days: tuple[SpecialDay, ...]) -> tuple[SpecialDay, ...]:
    if len({special.day for special in days}) < len(days):
        raise ValueError("calendar.day_twice")
    return days


class Hours(Value):
    """Working hours without a time zone."""

    week: Week = _WHOLE_WEEK
    """Monday first; a day such as `09:00-12:00 13:30-18:00`. `22:00-06:00` ends on the next day, empty means closed."""
    holidays: Annotated[str, StringConstraints(pattern=r"^([A-Z]{2}(-[A-Z0-9]{1,3})?)?$"), AfterValidator(_known)] = ""
    """The country of the public holidays, as an ISO 3166 code of the library `holidays`; empty means none."""
    days: Annotated[tuple[SpecialDay, ...], Field(max_length=500), AfterValidator(_one_each)] = ()
    """Dates with other hours, one entry each."""


class Calendar(Hours):
    """Working hours in a time zone. With the defaults it never closes (24x7)."""

    zone: Zone


_MINUTES_PER_DAY = 24 * 60


def minutes_taken(windows: str) -> set[int]:
    """Return the minutes of a day that these windows contain."""
    found: set[int] = set()
    for window in windows.split():
        start, end = (_minute(time) for time in window.split("-"))
        found |= set(range(start, end)) if start < end else {*range(start, _MINUTES_PER_DAY), *range(end)}
    return found


def _minute(time: str) -> int:
    hours, _, rest = time.partition(":")
    return int(hours) * 60 + int(rest)


@lru_cache(maxsize=1024)
def outside_hours(quiet: str, zone: str) -> Calendar | None:
    """Return a calendar that is open outside these windows of every day; None if they are empty or the whole day."""
    taken = minutes_taken(quiet)
    left = [minute for minute in range(_MINUTES_PER_DAY) if minute not in taken]
    if not taken or not left:
        return None
    starts = [minute for minute in left if minute == 0 or minute - 1 in taken]
    ends = [minute + 1 for minute in left if minute == _MINUTES_PER_DAY - 1 or minute + 1 in taken]
    windows = " ".join(f"{_clock(start)}-{_clock(end)}" for start, end in zip(starts, ends, strict=True))
    return Calendar(zone=zone, week=(windows,) * 7)


def _clock(minute: int) -> str:
    return f"{minute // 60:02}:{minute % 60:02}"


@lru_cache
def round_the_clock(zone: str) -> Calendar:
    """Return a calendar that is open all hours of every day."""
    return Calendar(zone=zone)


def never_closes(calendar: Calendar) -> bool:
    """Whether the calendar is `round_the_clock`."""
    return calendar.week == _WHOLE_WEEK and not calendar.holidays and not calendar.days
