"""Public holidays, make-up days and the branch's own (ALL-3): real dates of 2006 to 2026."""
# ruff: noqa: RUF001 (Chinese punctuation is meant)

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from policy.calendars import STOCKTAKE, calendar, day_hours, local, told

from aftersales.policy.business_time import on_holiday, open_and_closed_spans
from aftersales.policy.calendars import SpecialDay
from aftersales.policy.sla import Terms, explain_clock, start_clock


@pytest.mark.parametrize(
    ("day", "hours"),
    [
        ("2025-09-28", 8),  # a Sunday worked for 7 October
        ("2025-09-30", 8),
        ("2025-10-01", 0),
        ("2025-10-08", 0),
        ("2025-10-09", 8),
        ("2025-10-11", 8),  # a Saturday worked for 8 October
        ("2025-10-12", 0),
        ("2026-02-14", 8),  # Spring Festival: Saturdays before and after are worked
        ("2026-02-15", 0),
        ("2026-02-16", 0),
        ("2026-02-23", 0),
        ("2026-02-24", 8),
        ("2026-02-28", 8),
        ("2026-09-20", 8),
        ("2026-10-05", 0),
        ("2026-10-07", 0),
        ("2026-10-08", 8),
        ("2026-10-10", 8),
    ],
)
def test_all_3_mainland_holidays_are_closed_and_their_make_up_days_worked(day: str, hours: int) -> None:
    assert day_hours(calendar(holidays="CN"), day) == hours


@pytest.mark.parametrize(
    ("code", "zone", "closed", "worked"),
    [
        ("TW", "Asia/Taipei", ["2025-01-27", "2025-10-10", "2026-02-27", "2026-10-09"], ["2025-02-08", "2026-10-08"]),
        (
            "HK",
            "Asia/Hong_Kong",
            ["2026-02-19", "2026-04-03", "2026-04-06", "2026-04-07", "2026-07-01", "2026-10-19"],
            ["2026-02-20", "2026-10-02"],
        ),
        ("DE-BY", "Europe/Berlin", ["2026-01-06", "2026-10-03"], ["2026-01-07"]),
        ("DE", "Europe/Berlin", ["2026-12-25"], ["2026-01-06"]),
    ],
)
def test_all_3_each_place_keeps_its_own_holidays(code: str, zone: str, closed: list[str], worked: list[str]) -> None:
    of = calendar(zone, holidays=code)
    assert [day_hours(of, day) for day in closed] == [0] * len(closed)
    assert [day_hours(of, day) for day in worked] == [8] * len(worked)


@pytest.mark.parametrize("year", [2021, 2023, 2024, 2025, 2026])
def test_all_3_a_branch_open_all_week_is_closed_on_weekend_days_within_a_holiday(year: int) -> None:
    """The State Council's decrees: first and last day of each holiday, with the weekend that it is joined to."""
    decreed = {
        2021: "0101-0103 0211-0217 0403-0405 0501-0505 0612-0614 0919-0921 1001-1007",
        2023: "0101-0102 0121-0127 0405-0405 0429-0503 0622-0624 0929-1006 1230-1231",
        2024: "0101-0101 0210-0217 0404-0406 0501-0505 0608-0610 0915-0917 1001-1007",
        2025: "0101-0101 0128-0204 0404-0406 0501-0505 0531-0602 1001-1008",
        2026: "0101-0103 0215-0223 0404-0406 0501-0505 0619-0621 0925-0927 1001-1007",
    }[year]
    shop = calendar(week=("09:00-17:00",) * 7, holidays="CN")
    days = [date(year, 1, 1) + timedelta(days=number) for number in range(365)]
    closed = {f"{day:%m%d}" for day in days if not day_hours(shop, day.isoformat())}
    within = {
        f"{day:%m%d}"
        for day in days
        for a, b in (span.split("-") for span in decreed.split())
        if a <= f"{day:%m%d}" <= b
    }
    assert closed == within


def test_all_3_hong_kong_keeps_every_general_holiday_of_the_gazette() -> None:
    gazetted = "0101 0217 0218 0219 0403 0404 0406 0407 0501 0525 0619 0701 0926 1001 1019 1225 1226"
    office = calendar("Asia/Hong_Kong", week=(*["09:00-17:00"] * 6, ""), holidays="HK")
    days = [date(2026, 1, 1) + timedelta(days=number) for number in range(365)]
    closed = {f"{day:%m%d}" for day in days if day.weekday() != 6 and not day_hours(office, day.isoformat())}
    assert closed == set(gazetted.split())


def test_all_3_a_year_without_a_decree_is_said() -> None:
    shop = calendar(week=("09:00-17:00",) * 7, holidays="CN")
    eve, after = local("2098-12-31T20:00"), local("2099-01-01T12:00")
    assert [(span.detail, span.decree_known) for span in open_and_closed_spans(shop, eve, after)][-1] == ("元旦", False)
    assert all(span.decree_known for span in open_and_closed_spans(calendar(), eve, after)), "no public holidays"
    assert all(span.decree_known for span in open_and_closed_spans(shop, local("2026-09-30"), local("2026-10-09")))
    terms = Terms(target=timedelta(hours=8), calendar=shop)
    (clock,) = start_clock((), "resolve", "resolve-1", eve, terms)
    assert explain_clock(clock, eve).undecreed == (2098, 2099)


def test_a_make_up_day_has_the_hours_of_the_day_it_stands_in_for() -> None:
    week = ("09:00-10:00", "09:00-11:00", "09:00-12:00", "09:00-13:00", "09:00-14:00", "", "")
    assert day_hours(calendar(week=week, holidays="CN"), "2026-09-20") == 2  # for Tuesday, 6 October
    assert day_hours(calendar(week=week, holidays="CN"), "2026-10-10") == 3  # for Wednesday, 7 October
    assert day_hours(calendar("Asia/Yangon", week=week, holidays="MM"), "2026-01-03") == 1  # not told: as on Mondays


def test_a_make_up_day_never_closes_a_branch_that_is_open_on_weekends() -> None:
    week = ("09:00-10:00", "", "", "", "", "10:00-16:00", "10:00-15:00")
    assert day_hours(calendar(week=week, holidays="CN"), "2026-09-20") == 5


def test_the_year_whose_first_holiday_takes_a_weekend_of_december_is_asked_too() -> None:
    assert day_hours(calendar(holidays="CN"), "2006-12-31") == 8  # a Sunday, worked for 3 January 2007


def test_zammad_390_it_is_told_which_days_were_skipped_and_why() -> None:
    of = calendar(week=("09:00-18:00",) * 5 + ("", ""), holidays="CN", days=STOCKTAKE)
    assert told(of, "2026-09-30T17:00", "2026-10-12T09:00") == [
        ("09-30 17:00", "09-30 18:00", True, "open", ""),
        ("09-30 18:00", "10-01 00:00", False, "closed", ""),
        ("10-01 00:00", "10-05 00:00", False, "holiday", "国庆节"),  # the Sunday within too
        ("10-05 00:00", "10-06 00:00", False, "holiday", "国庆节（补假）"),
        ("10-06 00:00", "10-07 00:00", False, "holiday", "休息日（由 2026-09-20 调休）"),
        ("10-07 00:00", "10-07 09:00", False, "special", "值班"),
        ("10-07 09:00", "10-07 10:00", True, "special", "值班"),
        ("10-07 10:00", "10-08 00:00", False, "special", "值班"),
        ("10-08 00:00", "10-09 00:00", False, "special", "盘点"),
        ("10-09 00:00", "10-09 09:00", False, "closed", ""),
        ("10-09 09:00", "10-09 18:00", True, "open", ""),
        ("10-09 18:00", "10-10 09:00", False, "closed", ""),
        ("10-10 09:00", "10-10 18:00", True, "makeup", "2026-10-07"),
        ("10-10 18:00", "10-12 09:00", False, "closed", ""),
    ]


def test_a_branchs_own_word_counts_more_than_holidays_and_make_up_days() -> None:
    own = (*STOCKTAKE, SpecialDay(day=date(2026, 10, 10), why="调休不上班"))
    of = calendar(holidays="CN", days=own)
    assert [day_hours(of, f"2026-10-{day:02}") for day in (6, 7, 8, 9, 10)] == [0, 1, 0, 8, 0]


def test_the_night_of_a_holiday_is_closed_whole_and_the_night_before_ends_on_it() -> None:
    of = calendar(week=("22:00-06:00",) * 7, holidays="CN")
    assert told(of, "2025-12-31T12:00", "2026-01-03T12:00") == [
        ("12-31 12:00", "12-31 22:00", False, "closed", ""),
        ("12-31 22:00", "01-01 06:00", True, "open", ""),  # over the year's end
        ("01-01 06:00", "01-02 00:00", False, "holiday", "元旦"),
        ("01-02 00:00", "01-03 00:00", False, "holiday", "休息日（由 2026-01-04 调休）"),
        ("01-03 00:00", "01-03 12:00", False, "holiday", "元旦"),
    ]


@pytest.mark.parametrize(
    ("at", "expected"),
    [("2025-12-31T23:00", False), ("2026-01-01T05:59", False), ("2026-01-01T06:00", True), ("2026-01-03T00:00", True)],
)
def test_all_10_work_is_on_a_holiday_from_the_end_of_the_shift_before(at: str, expected: bool) -> None:
    moment = datetime.fromisoformat(at).replace(tzinfo=ZoneInfo("Asia/Shanghai"))
    assert on_holiday(calendar(week=("22:00-06:00",) * 7, holidays="CN"), moment) is expected
