"""Building blocks of figures: durations, shares, times of day, roles, texts in three languages. Pure."""

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
    """Read a duration. Months and years have no fixed length and bare numbers no unit, so both are refused."""
    if isinstance(given, timedelta) and given >= timedelta():
        return given
    found = _DURATION.fullmatch(given) if isinstance(given, str) else None
    if not found:
        raise ValueError("duration.malformed")
    return timedelta(**{unit: int(count) for unit, count in found.groupdict().items() if count})


def _iso(duration: timedelta) -> str:
    """Write days and smaller units, as they are read (Pydantic would write 365 days as a year)."""
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
"""An ISO 8601 duration in weeks, days, hours, minutes and seconds, such as `PT20M` or `P3D`; never negative."""
Share = Annotated[float, Field(ge=0, le=1, strict=True)]
"""A share from 0 to 1, which is all."""
TimeOfDay = Annotated[str, StringConstraints(pattern=r"^([01]\d|2[0-3]):[0-5]\d$")]
"""A time such as `12:00`, in the branch's zone."""
MonthDay = Annotated[int, Field(ge=1, le=31, strict=True)]
"""A day of the month; in shorter months the last day."""
Count = Annotated[int, Field(ge=1, le=100_000, strict=True)]
"""A number, at least 1."""
Every = Literal["day", "week", "month", "quarter", "half_year", "year"]
"""An interval."""
Rank = Literal["1", "2", "3", "4"]
"""A priority as the key of a table: 1 (immediately) to 4 (any time). Text, because keys of documents are text."""
Locale = Literal["en", "zh-Hans", "zh-Hant"]
"""A language of texts."""
LOCALES: tuple[Locale, ...] = get_args(Locale)
Texts = dict[Locale, Words]
"""The same text in each language; `lint` reports missing languages."""
Role = Code
"""The code of a role, such as `supervisor`."""
CHAIN: tuple[Role, ...] = ("owner", "supervisor", "centre", "headquarters", "leadership")
"""The roles that are told of a breach, in this order (ALL-3)."""
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
"""All roles (ALL-8), including the departments to which a complaint is assigned (FBK-3)."""
