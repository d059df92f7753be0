"""What figures are made of: durations, shares, times of day, roles, words in three languages. Pure."""

import re
from datetime import timedelta
from typing import Annotated, Any, Literal, get_args

from pydantic import BeforeValidator, Field, PlainSerializer, StringConstraints, WithJsonSchema

from aftersales.values import Code, Words

_DURATION = re.compile(
    r"P(?=[\dT])(?:(?P<weeks>\d{1,3})W)?(?:(?P<days>\d{1,4})D)?"
    r"(?:T(?=\d)(?:(?P<hours>\d{1,5})H)?(?:(?P<minutes>\d{1,5})M)?(?:(?P<seconds>\d{1,5})S)?)?"
)


def _duration(given: Any) -> timedelta:
    """Months and years have no fixed length and bare numbers no unit: neither is a duration."""
    if isinstance(given, timedelta) and given >= timedelta():
        return given
    found = _DURATION.fullmatch(given) if isinstance(given, str) else None
    if not found:
        raise ValueError("duration.malformed")
    return timedelta(**{unit: int(count) for unit, count in found.groupdict().items() if count})


def _iso(duration: timedelta) -> str:
    """Days and below, as they are read (Pydantic would write 365 days as a year)."""
    minutes, seconds = divmod(duration.seconds, 60)
    hours, minutes = divmod(minutes, 60)
    days = f"{duration.days}D" if duration.days else ""
    time = "".join(f"{count}{unit}" for count, unit in ((hours, "H"), (minutes, "M"), (seconds, "S")) if count)
    return f"P{days}" + (f"T{time}" if time or not days else "") + ("" if time or days else "0S")


Duration = Annotated[
    timedelta,
    BeforeValidator(_duration),
    PlainSerializer(_iso),
    WithJsonSchema({"type": "string", "format": "duration"}),
]
"""In ISO 8601 with weeks, days, hours, minutes and seconds, such as `PT20M`, `P3D`; never below zero."""
Share = Annotated[float, Field(ge=0, le=1, strict=True)]
"""1 is all of it."""
TimeOfDay = Annotated[str, StringConstraints(pattern=r"^([01]\d|2[0-3]):[0-5]\d$")]
"""`12:00`, in the branch's zone."""
MonthDay = Annotated[int, Field(ge=1, le=31, strict=True)]
"""A day of the month; the last one in months that are shorter."""
Count = Annotated[int, Field(ge=1, le=100_000, strict=True)]
Every = Literal["day", "week", "month", "quarter", "half_year", "year"]
Rank = Literal["1", "2", "3", "4"]
"""A priority as the key of a table: 1 (at once) to 4 (whenever). Text, because keys of documents are."""
Locale = Literal["en", "zh-Hans", "zh-Hant"]
LOCALES: tuple[Locale, ...] = get_args(Locale)
Texts = dict[Locale, Words]
"""The same words in each language; `lint` tells which are missing."""
Role = Code
CHAIN: tuple[Role, ...] = ("owner", "supervisor", "centre", "headquarters", "leadership")
"""Who is told of a breach, in this order (ALL-3)."""
ROLES = frozenset(CHAIN) | {
    "dispatcher",
    "information_clerk",
    "callback_clerk",
    "duty_officer",
    "service_specialist",
    "service_manager",
    "inspector",
    "store_keeper",
    "purchasing",
    "finance",
    "technician",
    "dealer",
    "merchant",
    "shipping",
    "quality",
}
"""The roles there are (ALL-8), with the departments that a complaint is assigned to (FBK-3)."""
