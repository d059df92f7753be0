"""Business time against a slow and simple oracle, which watches a clock on the wall minute by minute (ALL-3)."""

import random
import re
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from functools import cache, partial
from itertools import pairwise
from zoneinfo import ZoneInfo

import holidays
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from policy.calendars import DAY, OFFICE, STOCKTAKE, calendar

from aftersales.policy.business_time import add_open_time, next_open, open_and_closed_spans, open_time_between
from aftersales.policy.calendars import Calendar, SpecialDay, round_the_clock

MINUTE = timedelta(minutes=1)
EVENTFUL = {
    "Europe/Berlin": ("2026-03-29", "2026-10-25"),
    "America/New_York": ("2026-03-08", "2026-11-01"),
    "Australia/Lord_Howe": ("2026-04-05", "2026-10-04"),
    "America/St_Johns": ("2006-04-02", "2006-10-29"),  # at one minute past midnight
    "America/Havana": ("2026-03-08", "2026-11-01"),  # at midnight and at one: 00:00 is skipped, then shown twice
    "Asia/Dhaka": ("2009-06-19", "2009-12-31"),  # the hour before a new year, twice
    "Pacific/Apia": ("2011-12-30",),  # a day that never was
    "Asia/Kolkata": ("2026-01-01",),
    "Asia/Shanghai": ("2025-10-01", "2026-02-14", "2026-10-10", "2028-02-29", "2007-01-01"),
}
"""Zones, and days on which their clocks or their holidays do something."""


def watch(of: Calendar, start: datetime, end: datetime, step: timedelta = MINUTE) -> Iterator[bool]:
    """Whether it is open, minute by minute. A clock that is put back shows nothing new until it is where it was."""
    zone, at, shown, windows_of = ZoneInfo(of.zone), start - DAY, datetime.min, cache(partial(_windows, of))  # noqa: DTZ901
    while at < end:
        shown = max(shown, at.astimezone(zone).replace(tzinfo=None))
        if at >= start:
            today, minute = shown.date(), shown.hour * 60 + shown.minute
            since_yesterday = any(a <= minute + 1440 < b for a, b in windows_of(today - DAY))
            yield since_yesterday or any(a <= minute < b for a, b in windows_of(today))
        at += step


def _windows(of: Calendar, day: date) -> list[tuple[int, int]]:
    found = []
    for window in _hours(of, day).split():
        hours, minutes, till_hours, till_minutes = map(int, re.findall(r"\d\d", window))
        opens, closes = hours * 60 + minutes, till_hours * 60 + till_minutes
        found.append((opens, closes if closes > opens else closes + 1440))
    return found


def _hours(of: Calendar, day: date) -> str:
    own = {special.day: special.hours for special in of.days}
    if day in own:
        return own[day]
    if of.holidays:
        book = LIBRARY[of.holidays]
        if book.is_weekend(day) and book.is_working_day(day):
            (instead,) = [off for off, name in book.items() if day.isoformat() in name]
            return of.week[instead.weekday()] or of.week[day.weekday()]
        if day in book or (of.holidays == "CN" and day.year in book.special_public_holidays and _joined(book, day)):
            return ""
    return of.week[day.weekday()]


def _joined(book: holidays.HolidayBase, day: date) -> bool:
    """Whether a weekend day is in one row of days off with a holiday."""
    if book.is_working_day(day):
        return False
    return any(_reaches(book, day, step) for step in (-DAY, DAY))


def _reaches(book: holidays.HolidayBase, day: date, step: timedelta) -> bool:
    while not book.is_working_day(day) and day not in book:
        day += step
    return day in book


LIBRARY = {
    "CN": holidays.CN(years=range(2005, 2030), language="zh_CN"),  # type: ignore[attr-defined]
    "DE": holidays.DE(years=range(2005, 2030)),  # type: ignore[attr-defined]
    "HK": holidays.HK(years=range(2005, 2030), categories=("public", "optional")),  # type: ignore[attr-defined]
}

quarter = (st.integers(0, 14) | st.integers(0, 95)).map(  # clocks are put forward and back in the small hours
    lambda n: f"{n // 4:02}:{n % 4 * 15:02}"
)
window = st.tuples(quarter, quarter | st.just("24:00")).filter(lambda ends: ends[0] != ends[1]).map("-".join)
windows = st.lists(window, max_size=3).map(" ".join)


@st.composite
def stretches(draw: st.DrawFn, days: int = 3) -> tuple[Calendar, datetime, datetime]:
    """A calendar, and a stretch around a day of its zone on which something happens."""
    zone = draw(st.sampled_from(sorted(EVENTFUL)))
    eve = datetime.fromisoformat(draw(st.sampled_from(EVENTFUL[zone]))).replace(tzinfo=UTC) - 2 * DAY
    start, end = sorted(eve + MINUTE * draw(st.integers(0, days * 2 * 24 * 60)) for _ in range(2))
    own = draw(st.dictionaries(st.integers(-1, 5), windows, max_size=2))
    return (
        Calendar(
            zone=zone,
            week=draw(st.tuples(*[windows] * 7)),
            holidays=draw(st.sampled_from(["", *LIBRARY])),
            days=tuple(SpecialDay(day=eve.date() + after * DAY, hours=h, why="x") for after, h in own.items()),
        ),
        start,
        end,
    )


slowly = settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.too_slow])
quickly = settings(deadline=None, max_examples=80)


@slowly
@given(stretches())
def test_all_3_every_minute_agrees_with_a_clock_on_the_wall(stretch: tuple[Calendar, datetime, datetime]) -> None:
    of, start, end = stretch
    watched = list(watch(of, start, end))
    found = [
        span.open for span in open_and_closed_spans(of, start, end) for _ in range((span.end - span.start) // MINUTE)
    ]
    assert found == watched
    assert open_time_between(of, start, end) == sum(watched) * MINUTE


@pytest.mark.parametrize(
    "left_out", [{"holidays": ""}, {"days": ()}, {"zone": "Asia/Tokyo"}, {"week": OFFICE[5:] + OFFICE[:5]}]
)
def test_the_watch_notices_whatever_is_left_out(left_out: dict[str, object]) -> None:
    of = calendar(holidays="CN", days=STOCKTAKE)
    start, end = datetime(2026, 9, 28, 2, tzinfo=UTC), datetime(2026, 10, 12, 4, 30, tzinfo=UTC)
    step = timedelta(minutes=30)
    worked = sum(watch(of, start, end, step)) * step
    assert worked == open_time_between(of, start, end)
    assert worked != open_time_between(of.model_copy(update=left_out), start, end)


@pytest.mark.parametrize(("zone", "code"), [("Europe/Berlin", "DE"), ("Asia/Shanghai", "CN")])
def test_all_10_a_year_of_the_tables_agrees_with_the_watch(zone: str, code: str) -> None:
    week = ("06:00-12:00 13:00-22:00", "22:00-06:00", "00:00-24:00", "", "08:00-02:30", "20:00-08:00", "10:00-10:30")
    of = Calendar(zone=zone, week=week, holidays=code)
    start, end = datetime(2025, 12, 25, tzinfo=UTC), datetime(2027, 1, 5, tzinfo=UTC)
    step = timedelta(minutes=30)
    watched = list(watch(of, start, end, step))
    assert open_time_between(of, start, end) == sum(watched) * step
    worked, dice = timedelta(), random.Random(7)
    asked = set(dice.sample(range(len(watched)), 500))
    for number, is_open in enumerate(watched):
        if number in asked:
            assert open_time_between(of, start, start + number * step) == worked
            assert (next_open(of, start + number * step) == start + number * step) == is_open
        worked += step * is_open


lengths = st.timedeltas(timedelta(), timedelta(days=60))


@quickly
@given(stretches(), lengths, lengths)
def test_work_that_was_added_lies_between(
    stretch: tuple[Calendar, datetime, datetime], some: timedelta, more: timedelta
) -> None:
    of, start, later = stretch
    assume(open_time_between(of, later, later + timedelta(days=9 * 365)) > some + more)  # enough within ten years
    done = add_open_time(of, start, some)
    assert open_time_between(of, start, done) == some
    assert add_open_time(of, done, more) == add_open_time(of, start, some + more)
    assert start <= done <= add_open_time(of, start, some + more)
    assert done <= add_open_time(of, later, some)
    assert some == timedelta() or open_time_between(of, start, done - timedelta(microseconds=1)) < some


@quickly
@given(stretches(), st.floats(0, 1))
def test_a_stretch_is_the_sum_of_its_parts(stretch: tuple[Calendar, datetime, datetime], share: float) -> None:
    of, start, end = stretch
    middle = start + (end - start) * share
    assert open_time_between(of, start, middle) + open_time_between(of, middle, end) == open_time_between(
        of, start, end
    )


@quickly
@given(stretches())
def test_spans_leave_no_gap_and_their_open_ones_are_what_lies_between(
    stretch: tuple[Calendar, datetime, datetime],
) -> None:
    of, start, end = stretch
    found = list(open_and_closed_spans(of, start, end))
    assert [span.start for span in found] + [end] == [start] + [span.end for span in found]
    assert all(span.start < span.end for span in found)
    assert all((a.open, a.why, a.detail) != (b.open, b.why, b.detail) for a, b in pairwise(found))
    assert sum((span.end - span.start for span in found if span.open), timedelta()) == open_time_between(of, start, end)


@quickly
@given(
    st.integers(-(37 * 365 * DAY // MINUTE), 180 * 365 * DAY // MINUTE).map(
        lambda n: datetime(2008, 1, 1, tzinfo=UTC) + n * MINUTE
    ),
    lengths,
)
def test_round_the_clock_is_plain_arithmetic(start: datetime, work: timedelta) -> None:
    of = round_the_clock("America/New_York")
    assert add_open_time(of, start, work) == start + work
    assert open_time_between(of, start, start + work) == work
    assert next_open(of, start) == start
