"""Months as branches count them (FBK-8): each in the branch's own zone, from midnight of its first day. Pure."""

from datetime import UTC, datetime
from typing import Annotated, NamedTuple
from zoneinfo import ZoneInfo

from pydantic import StringConstraints

MonthName = Annotated[str, StringConstraints(pattern=r"^20[0-9]{2}-(0[1-9]|1[0-2])$")]
"""A month, such as `2026-11`."""


class MonthSpan(NamedTuple):
    """The borders of a month in UTC; `end` is the first moment of the next one."""

    begin: datetime
    end: datetime


def month_of(at: datetime, zone: str) -> str:
    """Return the month that the wall calendar of the zone shows."""
    return f"{at.astimezone(ZoneInfo(zone)):%Y-%m}"


def following_month(month: str, by: int = 1) -> str:
    """Return the month after this one, or so many months after (before: negative)."""
    year, number = divmod(int(month[:4]) * 12 + int(month[5:]) - 1 + by, 12)
    return f"{year}-{number + 1:02}"


def month_span(month: str, zone: str) -> MonthSpan:
    """Return the borders of the month in the zone, whatever its clocks did in between."""
    return MonthSpan(_midnight(month, zone), _midnight(following_month(month), zone))


def _midnight(month: str, zone: str) -> datetime:
    """Return the first moment of the month; where the clocks skip midnight, that of the change."""
    return datetime(int(month[:4]), int(month[5:]), 1, tzinfo=ZoneInfo(zone)).astimezone(UTC)
