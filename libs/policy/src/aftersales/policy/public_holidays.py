"""Public holidays, and the weekend days that are worked in exchange for them (library `holidays`). Pure."""

import warnings
from collections.abc import Iterable, Mapping
from datetime import date
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from holidays import HolidayBase


class HolidayYear(NamedTuple):
    names: Mapping[date, str]
    """The days off, in the first language of their country."""
    makeup: Mapping[date, date | None]
    """The weekend days that are worked (调休), each with the day off that it stands in for, where that is known."""


@lru_cache(maxsize=1024)
def has_calendar(code: str) -> bool:
    """Whether the library has this country, or this part of one (ISO 3166-1, 3166-2: `CN`, `DE-BY`)."""
    try:
        _ask(code, ())
    except NotImplementedError:
        return False
    return True


@lru_cache(maxsize=1024)
def of_year(code: str, year: int) -> HolidayYear:
    """The holidays of a known code. Years whose decree is not out yet have the days that the law fixes, no more."""
    found = _ask(code, (year, year + 1))  # the next one, because its first holidays may take a weekend of December
    names = {day: name for day, name in found.items() if day.year == year}
    return HolidayYear(names, {day: _day_off(found, day) for day in found.weekend_workdays if day.year == year})


def _ask(code: str, years: Iterable[int]) -> "HolidayBase":
    from holidays import country_holidays  # noqa: PLC0415 (0.3 s and 12 MB: only for those who ask)

    country, _, part = code.partition("-")
    with warnings.catch_warnings(action="ignore"):  # an old name of a part, or years for which it has only the law
        language = country_holidays(country, part or None).default_language
        return country_holidays(country, part or None, years, language=language)


def _day_off(found: "HolidayBase", worked: date) -> date | None:
    """The library tells it in the day off's name, such as `Day off (substituted from 02/14/2026)`."""
    name = found.substituted_label % worked.strftime(found.substituted_date_format)
    return next(iter(found.get_named(name, lookup="exact")), None)
