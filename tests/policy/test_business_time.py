"""Business time by hand (ALL-3, ALL-10): real dates, each worked out on paper."""

from datetime import UTC, date, datetime, time, timedelta

import pytest
from policy.calendars import DAY, HOUR, STOCKTAKE, calendar, day_hours, local, told
from pydantic import ValidationError

from aftersales.policy.business_time import (
    add_open_time,
    local_deadline,
    next_open,
    open_and_closed_spans,
    open_time_between,
)
from aftersales.policy.calendars import Hours, SpecialDay, round_the_clock
from aftersales.values.errors import DomainError, Malformed

# Windows of a day and a week


@pytest.mark.parametrize(
    ("start", "hours", "end"),
    [
        ("2026-03-02T09:00", 2, "2026-03-02T11:00"),
        ("2026-03-02T11:00", 2, "2026-03-02T14:00"),  # over the lunch break
        ("2026-03-02T11:00", 1, "2026-03-02T12:00"),  # its first moment, not 13:00
        ("2026-03-02T12:30", 1, "2026-03-02T14:00"),
        ("2026-03-02T07:00", 8, "2026-03-02T18:00"),
        ("2026-03-06T17:00", 2, "2026-03-09T10:00"),  # over a weekend: Monday comes first in the week
        ("2026-03-07T10:00", 40, "2026-03-13T18:00"),
        ("2026-03-02T12:30", 0, "2026-03-02T12:30"),  # no work, no move
    ],
)
def test_all_3_work_counts_in_open_hours_only(start: str, hours: int, end: str) -> None:
    assert add_open_time(calendar(), local(start), hours * HOUR) == local(end)
    assert open_time_between(calendar(), local(start), local(end)) == hours * HOUR


def test_time_that_runs_backwards_is_none() -> None:
    start = local("2026-03-02T15:00")
    assert (
        open_time_between(calendar(), start, start - DAY)
        == open_time_between(round_the_clock("UTC"), start, start - DAY)
        == timedelta()
    )
    assert add_open_time(calendar(), start, -HOUR) == start


def test_it_is_open_from_the_first_moment_of_a_window_to_before_its_last() -> None:
    assert next_open(calendar(), local("2026-03-02T09:00")) == local("2026-03-02T09:00")
    assert next_open(calendar(), local("2026-03-02T10:30")) == local("2026-03-02T10:30")
    assert next_open(calendar(), local("2026-03-02T12:00")) == local("2026-03-02T13:00")
    assert next_open(calendar(), local("2026-03-06T18:00")) == local("2026-03-09T09:00")


@pytest.mark.parametrize("hours", ["10:00-14:00 12:00-16:00", "12:00-16:00 10:00-12:00", "10:00-16:00 11:00-12:00"])
def test_windows_that_touch_or_overlap_are_one(hours: str) -> None:
    of = calendar(week=(hours,) * 7)
    assert day_hours(of, "2026-03-02") == 6
    assert [span[:3] for span in told(of, "2026-03-02T11:00", "2026-03-02T17:00")] == [
        ("03-02 11:00", "03-02 16:00", True),
        ("03-02 16:00", "03-02 17:00", False),
    ]


def test_a_night_shift_belongs_to_the_day_it_starts_on() -> None:
    of = calendar(week=("22:00-06:00",) + ("",) * 6)
    assert told(of, "2026-03-02", "2026-03-04") == [
        ("03-02 00:00", "03-02 22:00", False, "closed", ""),
        ("03-02 22:00", "03-03 06:00", True, "open", ""),
        ("03-03 06:00", "03-04 00:00", False, "closed", ""),
    ]


def test_a_night_shift_that_meets_the_morning_shift_counts_once() -> None:
    of = calendar(week=("05:00-09:00 22:00-06:00",) * 7)
    assert open_time_between(of, local("2025-12-31T20:00"), local("2026-01-01T20:00")) == 11 * HOUR


def test_all_10_round_the_clock_is_a_calendar_and_a_slow_one_says_the_same() -> None:
    slow = calendar(week=("00:00-13:00 13:00-24:00",) * 7)
    start = local("2024-02-28T10:00")
    for work in (timedelta(microseconds=1), HOUR, 3 * DAY, 3000 * DAY):
        assert (
            add_open_time(round_the_clock("Asia/Shanghai"), start, work)
            == add_open_time(slow, start, work)
            == start + work
        )
        assert (
            open_time_between(round_the_clock("Asia/Shanghai"), start, start + work)
            == open_time_between(slow, start, start + work)
            == work
        )


def test_a_leap_day_is_a_day() -> None:
    assert add_open_time(calendar(), local("2028-02-28T17:00"), 9 * HOUR) == local("2028-02-29T18:00")
    assert add_open_time(calendar(), local("2027-02-26T17:00"), 2 * HOUR) == local("2027-03-01T10:00")


# Clocks that are put forward and back


@pytest.mark.parametrize(
    ("zone", "day", "length"),
    [
        ("Europe/Berlin", "2026-03-29", 23),
        ("Europe/Berlin", "2026-10-25", 25),
        ("America/New_York", "2026-03-08", 23),
        ("America/New_York", "2026-11-01", 25),
        ("Australia/Lord_Howe", "2026-04-05", 24.5),
        ("Australia/Lord_Howe", "2026-10-04", 23.5),
        ("Asia/Shanghai", "2026-03-29", 24),
        ("Pacific/Apia", "2011-12-30", 0),  # Samoa went over the date line and had no such day
        ("America/St_Johns", "2006-10-29", 25),  # back at 00:01, into the day before
    ],
)
def test_all_3_a_day_lasts_as_long_as_it_really_does(zone: str, day: str, length: float) -> None:
    of = calendar(zone, week=("00:00-12:00 12:00-24:00",) * 7)
    assert day_hours(of, day) == length


@pytest.mark.parametrize(
    ("window", "opens", "closes"),
    [
        ("01:00-04:00", "2026-03-29T00:00Z", "2026-03-29T02:00Z"),  # two hours, not three
        ("02:30-04:00", "2026-03-29T01:00Z", "2026-03-29T02:00Z"),  # opens as the clock jumps to 03:00
        ("01:00-02:30", "2026-03-29T00:00Z", "2026-03-29T01:00Z"),
        ("02:10-02:50", None, None),  # there is no such time
    ],
)
def test_a_window_in_the_skipped_hour_begins_and_ends_with_the_jump(
    window: str, opens: str | None, closes: str | None
) -> None:
    of = calendar("Europe/Berlin", week=("",) * 6 + (window,))
    found = [
        (span.start, span.end)
        for span in open_and_closed_spans(of, local("2026-03-29", of.zone), local("2026-03-30", of.zone))
        if span.open
    ]
    assert found == ([(datetime.fromisoformat(opens), datetime.fromisoformat(closes))] if opens and closes else [])


@pytest.mark.parametrize(
    ("window", "opens", "closes"),
    [
        ("01:00-04:00", "2026-10-24T23:00Z", "2026-10-25T03:00Z"),  # four hours, not three
        ("02:30-04:00", "2026-10-25T00:30Z", "2026-10-25T03:00Z"),  # it opens once
        ("01:00-02:30", "2026-10-24T23:00Z", "2026-10-25T00:30Z"),  # and does not open again
    ],
)
def test_a_window_in_the_doubled_hour_takes_its_first_time(window: str, opens: str, closes: str) -> None:
    of = calendar("Europe/Berlin", week=("",) * 6 + (window,))
    start = local("2026-10-25", of.zone)
    assert next_open(of, start) == datetime.fromisoformat(opens)
    assert add_open_time(of, start, open_time_between(of, start, start + DAY)) == datetime.fromisoformat(closes)


def test_hours_of_the_day_keep_their_place_on_the_wall_all_year() -> None:
    of = calendar("America/New_York")
    assert next_open(of, local("2026-03-07", of.zone)) == datetime(2026, 3, 9, 13, tzinfo=UTC)
    assert next_open(of, local("2026-03-05T20:00", of.zone)) == datetime(2026, 3, 6, 14, tzinfo=UTC)


# Deadlines on the wall


@pytest.mark.parametrize(
    ("at", "wall", "days", "due"),
    [
        ("2026-03-04T10:00", time(18), 0, "2026-03-04T18:00"),  # filed the same day
        ("2026-03-04T20:00", time(18), 0, "2026-03-04T18:00"),  # too late already
        ("2026-03-04T10:00", time(12), 1, "2026-03-05T12:00"),  # by noon of the next working day
        ("2026-03-06T10:00", time(12), 1, "2026-03-09T12:00"),
        ("2026-03-07T10:00", time(12), 0, "2026-03-09T12:00"),
        ("2026-03-07T10:00", time(12), 1, "2026-03-09T12:00"),
        ("2026-03-07T10:00", time(12), 2, "2026-03-10T12:00"),
        ("2026-09-30T10:00", time(12), 1, "2026-10-08T12:00"),
        ("2026-10-09T10:00", time(12), 1, "2026-10-10T12:00"),  # a make-up day
    ],
)
def test_a_deadline_on_the_wall_counts_open_days(at: str, wall: time, days: int, due: str) -> None:
    assert local_deadline(calendar(holidays="CN"), local(at), wall, days) == local(due)


def test_a_deadline_on_the_wall_is_sane_when_the_clock_jumps() -> None:
    of = calendar("Europe/Berlin", week=("00:00-24:00",) * 7)
    spring, autumn = local("2026-03-28T12:00", of.zone), local("2026-10-24T12:00", of.zone)
    assert local_deadline(of, spring, time(2, 30), 1) == datetime(2026, 3, 29, 1, tzinfo=UTC)
    assert local_deadline(of, autumn, time(2, 30), 1) == datetime(2026, 10, 25, 0, 30, tzinfo=UTC)


# What is refused


def test_a_calendar_that_never_opens_is_refused_not_searched_for_ever() -> None:
    never = calendar(week=("",) * 7)
    start = local("2026-03-02T10:00")
    for ask in (
        lambda: add_open_time(never, start, HOUR),
        lambda: next_open(never, start),
        lambda: local_deadline(never, start, time(12), 1),
        lambda: add_open_time(round_the_clock("UTC"), start, timedelta.max),
    ):
        with pytest.raises(DomainError, match=r"calendar\.never_open"):
            ask()
    assert open_time_between(never, start, start + 365 * DAY) == timedelta()
    late = calendar(week=("",) * 7, days=(SpecialDay(day=date(2035, 5, 5), hours="10:00-11:00", why="once"),))
    assert next_open(late, start) == local("2035-05-05T10:00")


@pytest.mark.parametrize("at", ["0001-01-01T00:00Z", "1969-12-31T23:59Z", "2200-01-01T00:00Z", "9999-12-31T23:59Z"])
def test_a_time_that_no_calendar_reaches_is_malformed(at: str) -> None:
    far, now = datetime.fromisoformat(at), local("2026-03-02T10:00")
    for of in (round_the_clock("Asia/Shanghai"), calendar(holidays="CN")):
        for ask in (
            lambda of=of: add_open_time(of, far, HOUR),
            lambda of=of: open_time_between(of, now, far),
            lambda of=of: next_open(of, far),
            lambda of=of: list(open_and_closed_spans(of, far, now)),
            lambda of=of: local_deadline(of, far, time(12), 0),
        ):
            with pytest.raises(Malformed, match=r"calendar\.out_of_range"):
                ask()


@pytest.mark.parametrize(
    "hours",
    ["9:00-18:00", "09:00", "09:00-25:00", "24:00-06:00", "09:00-09:00", "09:00-18:00,19:00-20:00", "09:60-10:00"],
)
def test_hours_that_cannot_be_read_are_malformed(hours: str) -> None:
    with pytest.raises(ValidationError, match=r"calendar\.hours_malformed"):
        Hours(week=(hours,) * 7)


@pytest.mark.parametrize("code", ["XX", "CN-XX", "DE-ZZ"])
def test_holidays_that_nobody_knows_are_refused(code: str) -> None:
    with pytest.raises(ValidationError, match=r"calendar\.holidays_unknown"):
        Hours(holidays=code)


def test_a_date_has_one_entry() -> None:
    with pytest.raises(ValidationError, match=r"calendar\.day_twice"):
        Hours(days=(*STOCKTAKE, STOCKTAKE[0]))
