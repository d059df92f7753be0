"""Business time (ALL-3): the hours of a calendar, added and measured. Pure."""

import re
from typing import Annotated

from pydantic import AfterValidator, Field, StringConstraints

from aftersales.common.values import Day, Line, Value, Zone

_WINDOW = re.compile(r"([01]\d|2[0-3]):([0-5]\d)-(?:([01]\d|2[0-3]):([0-5]\d)|24:00)")


def _windows(text: str) -> str:
    if any(not _WINDOW.fullmatch(window) for window in text.split()):
        raise ValueError("calendar.hours_malformed")
    return " ".join(text.split())


Windows = Annotated[str, StringConstraints(max_length=200), AfterValidator(_windows)]
"""A day's opening hours, such as `09:00-12:00 13:30-18:00`; `22:00-06:00` ends on the next day, nothing is closed."""
Week = Annotated[tuple[Windows, ...], Field(min_length=7, max_length=7)]
"""Monday first."""
WHOLE_DAY = "00:00-24:00"


class SpecialDay(Value):
    """What a branch does on one date, whatever the week and the public holidays say."""

    day: Day
    hours: Windows = ""
    why: Line


class Hours(Value):
    """Working hours without a place."""

    week: Week = (WHOLE_DAY,) * 7
    holidays: Annotated[str, StringConstraints(pattern=r"^([A-Z]{2}(-[A-Z0-9]{1,3})?)?$")] = ""
    """Whose public holidays close it: an ISO 3166 code that the library `holidays` knows; empty: nobody's."""
    days: tuple[SpecialDay, ...] = ()


class Calendar(Hours):
    """Working hours in a time zone. With the defaults it never closes (24x7)."""

    zone: Zone
