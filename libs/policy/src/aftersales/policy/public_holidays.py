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
    """The days off, named in the first language of their country."""
    makeup: Mapping[date, date | None]
    """Weekend days that are worked (调休), each with the day off that it replaces, if known."""


@lru_cache(maxsize=1024)
def has_calendar(code: str) -> bool:
    """Whether the library has this country or subdivision (ISO 3166-1, 3166-2: `CN`, `DE-BY`)."""
    try:
        _ask(code, ())
    except NotImplementedError:
        return False
    return True


@lru_cache(maxsize=1024)
def of_year(code: str, year: int) -> HolidayYear:
    """Return the holidays of a known code. A year whose decree is not yet published has only the days fixed by law."""
    found = _ask(code, (year, year + 1))  # the next one: its first holidays may make a weekend of December a workday
    names = {day: name for day, name in found.items() if day.year == year}
    return HolidayYear(names, {day: _day_off(found, day) for day in found.weekend_workdays if day.year == year})


def _ask(code: str, years: Iterable[int]) -> "HolidayBase":
    from holidays import country_holidays  # noqa: PLC0415 (0.3 s and 12 MB: imported only when needed)

    country, _, part = code.partition("-")
    with warnings.catch_warnings(action="ignore"):  # an outdated code of a subdivision, or years known only by law
        language = country_holidays(country, part or None).default_language
        return country_holidays(country, part or None, years, language=language)


def _day_off(found: "HolidayBase", worked: date) -> date | None:
    """Return the day off that `worked` replaces, from its name, such as `Day off (substituted from 02/14/2026)`."""
    name = found.substituted_label % worked.strftime(found.substituted_date_format)
    return next(iter(found.get_named(name, lookup="exact")), None)
