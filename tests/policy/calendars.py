"""Calendars and times on the wall, as the tests of business time write them."""

from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from aftersales.policy.business_time import open_and_closed_spans, open_time_between
from aftersales.policy.calendars import Calendar, SpecialDay

OFFICE = ("09:00-12:00 13:00-18:00",) * 5 + ("", "")
"""Eight hours a day, Monday to Friday."""
STOCKTAKE = (
    SpecialDay(day=date(2026, 10, 7), hours="09:00-10:00", why="值班"),
    SpecialDay(day=date(2026, 10, 8), why="盘点"),
)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def calendar(zone: str = "Asia/Shanghai", **hours: Any) -> Calendar:
    return Calendar(**({"zone": zone, "week": OFFICE} | hours))


def local(text: str, zone: str = "Asia/Shanghai") -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)


def day_hours(of: Calendar, day: str) -> float:
    start = local(day, of.zone)
    return open_time_between(of, start, local((date.fromisoformat(day) + DAY).isoformat(), of.zone)) / HOUR


def told(of: Calendar, start: str, end: str) -> list[tuple[str, str, bool, str, str]]:
    """The spans, with the times on the wall."""
    found = open_and_closed_spans(of, local(start, of.zone), local(end, of.zone))
    return [(wall(span.start, of), wall(span.end, of), span.open, span.why, span.detail) for span in found]


def wall(at: datetime, of: Calendar) -> str:
    return f"{at.astimezone(ZoneInfo(of.zone)):%m-%d %H:%M}"
