"""The open time of a calendar (ALL-3): its days in sequence, with totals by year. Pure; only for `business_time`.

A wall-clock time means the first moment at which the clock shows it or a later time: windows in a skipped hour of
spring begin and end at the skip. The repeated hour of autumn keeps the state with which its first pass ended.
"""

from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache, partial
from itertools import takewhile
from typing import Literal, NamedTuple
from zoneinfo import ZoneInfo

from aftersales.policy import public_holidays
from aftersales.policy.calendars import Calendar

Why = Literal["open", "closed", "holiday", "makeup", "special"]
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICRO = timedelta(microseconds=1)
DAY = timedelta(days=1)


class Plan(NamedTuple):
    """A day: its windows in minutes since midnight, and why its time is open or closed."""

    windows: tuple[tuple[int, int], ...]
    open: tuple[Why, str] = ("open", "")
    closed: tuple[Why, str] = ("closed", "")


def plan_day(calendar: Calendar, day: date) -> Plan:
    """Plan a day by its special hours, else as a make-up day, else as a holiday, else by the week."""
    usual = calendar.week[day.weekday()]
    for special in calendar.days:
        if special.day == day:
            why: tuple[Why, str] = ("special", special.why)
            return Plan(_minutes(special.hours), why, why)
    if calendar.holidays:
        year = public_holidays.of_year(calendar.holidays, day.year)
        if day in year.makeup:
            instead = year.makeup[day]
            hours = calendar.week[instead.weekday() if instead else 0] or usual
            return Plan(_minutes(hours), open=("makeup", instead.isoformat() if instead else ""))
        if day in year.names:
            return Plan((), closed=("holiday", year.names[day]))
    return Plan(_minutes(usual))


@lru_cache(maxsize=1024)
def _minutes(windows: str) -> tuple[tuple[int, int], ...]:
    found = []
    for window in windows.split():
        opens, closes = (int(text[:2]) * 60 + int(text[3:]) for text in window.split("-"))
        found.append((opens, closes if closes > opens else closes + 1440))
    return tuple(sorted(found))


class Piece(NamedTuple):
    start: datetime
    end: datetime
    open: bool
    why: Why
    detail: str


def open_and_closed_pieces(calendar: Calendar, start: datetime, end: datetime) -> Iterator[Piece]:
    """Yield the time from `start` to `end`, without gaps."""
    yesterday = start.astimezone(ZoneInfo(calendar.zone)).date() - DAY  # its night shift may reach into today
    for piece in takewhile(lambda piece: piece.start < end, _days_from(calendar, yesterday)):
        first, last = max(start, piece.start), min(end, piece.end)
        if first < last:
            yield piece._replace(start=first, end=last)


def _days_from(calendar: Calendar, day: date) -> Iterator[Piece]:
    """Yield all time from the midnight that begins `day`, without end or gaps; only here windows are joined."""
    zone = ZoneInfo(calendar.zone)
    midnight = datetime.combine(day, time())
    till = to_instant(midnight, zone)
    while True:
        today = plan_day(calendar, midnight.date())
        for opens, closes in today.windows:
            start = max(till, to_instant(midnight + timedelta(minutes=opens), zone))
            end = to_instant(midnight + timedelta(minutes=closes), zone)
            if till < start:
                yield Piece(till, start, False, *today.closed)
            if start < end:
                yield Piece(start, end, True, *today.open)
            till = max(start, end)
        midnight += DAY
        start = to_instant(midnight, zone)
        if till < start:
            yield Piece(till, start, False, *today.closed)
        till = max(till, start)


def to_instant(local: datetime, zone: ZoneInfo) -> datetime:
    """Return the first moment at which the wall clock shows `local`, or a later time if it skips that."""
    at = local.replace(tzinfo=zone).astimezone(UTC)
    if at.astimezone(zone).replace(tzinfo=None) == local:
        return at
    early = local.replace(tzinfo=zone, fold=1)  # the two offsets read a skipped time as before and after the skip
    seconds = range(int(early.timestamp()), int(at.timestamp()) + 1)
    skip = bisect_left(seconds, local, key=lambda second: datetime.fromtimestamp(second, zone).replace(tzinfo=None))
    return datetime.fromtimestamp(seconds[skip], UTC)


class Table(NamedTuple):
    """The open intervals of a year (by wall clock), in microseconds since 1970, and the open time before each."""

    opens: "array[int]"
    closes: "array[int]"
    before: "array[int]"
    total: int

    def passed(self, at: int) -> int:
        """Return the open time of this year until `at`."""
        last = bisect_right(self.opens, at) - 1
        return self.before[last] + min(at, self.closes[last]) - self.opens[last] if last >= 0 else 0

    def reached(self, passed: int) -> int:
        """Return when `passed` (more than zero) of open time has passed."""
        last = bisect_left(self.before, passed) - 1
        return self.opens[last] + passed - self.before[last]


@lru_cache(maxsize=1024)
def holiday_tables(calendar: Calendar) -> Callable[[int], Table]:
    """Return the tables of its years. Hashing and comparing a calendar is slow, so do it once per question."""
    return lru_cache(maxsize=16)(partial(_table, calendar))


def _table(calendar: Calendar, year: int) -> Table:
    zone = ZoneInfo(calendar.zone)
    start, end = (to_instant(datetime(which, 1, 1), zone) for which in (year, year + 1))  # noqa: DTZ001 (on the wall)
    opens, closes, before, total = array("q"), array("q"), array("q"), 0
    for piece in open_and_closed_pieces(calendar, start, end):
        if piece.open:
            opens.append(to_microseconds(piece.start))
            closes.append(to_microseconds(piece.end))
            before.append(total)
            total += closes[-1] - opens[-1]
    return Table(opens, closes, before, total)


def to_microseconds(at: datetime) -> int:
    return (at - EPOCH) // MICRO
