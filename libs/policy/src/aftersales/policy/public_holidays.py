"""Public holidays, and the weekend days that are worked in exchange for them (library `holidays`). Pure."""

import warnings
from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import date, timedelta
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from holidays import HolidayBase

_CATEGORIES = {"HK": ("public", "optional")}
"""More than the library's usual days: in Hong Kong the general holidays, which banks and offices observe."""
_DECREED = frozenset({"CN"})
"""Countries in which a yearly decree joins the holidays to the weekends beside them."""
_DAY = timedelta(days=1)


class HolidayYear(NamedTuple):
    names: Mapping[date, str]
    """The days off, named in the first language of their country; weekend days only if a holiday includes them."""
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
    if code in _DECREED and decree_known(code, year):
        names |= _weekends_within(found, year)
    return HolidayYear(names, {day: _day_off(found, day) for day in found.weekend_workdays if day.year == year})


@lru_cache(maxsize=1024)
def decree_known(code: str, year: int) -> bool:
    """Whether the days off of that year are final; False if a decree sets them that the library does not have."""
    return code not in _DECREED or year in _ask(code, ()).special_public_holidays


def _weekends_within(found: "HolidayBase", year: int) -> dict[date, str]:
    """Return the weekend days that are joined to a holiday, with its name: the decree counts them as days of it."""
    names = dict(found)

    def off(day: date) -> bool:
        return day in names or (day.weekday() in found.weekend and day not in found.weekend_workdays)

    joined = {}
    first, last = date(year, 1, 1), date(year, 12, 31)
    for day in (first + _DAY * number for number in range((last - first).days + 1)):
        if off(day) and day not in names:
            run = [day]
            while off(run[0] - _DAY):
                run.insert(0, run[0] - _DAY)
            while off(run[-1] + _DAY):
                run.append(run[-1] + _DAY)
            if named := [names[one] for one in run if one in names]:
                joined[day] = Counter(named).most_common(1)[0][0]
    return joined


def _ask(code: str, years: Iterable[int]) -> "HolidayBase":
    from holidays import country_holidays  # noqa: PLC0415 (0.3 s and 12 MB: imported only when needed)

    country, _, part = code.partition("-")
    with warnings.catch_warnings(action="ignore"):  # an outdated code of a subdivision, or years known only by law
        language = country_holidays(country, part or None).default_language
        categories = _CATEGORIES.get(code)
        return country_holidays(country, part or None, years, language=language, categories=categories)


def _day_off(found: "HolidayBase", worked: date) -> date | None:
    """Return the day off that `worked` replaces, from its name, such as `Day off (substituted from 02/14/2026)`."""
    name = found.substituted_label % worked.strftime(found.substituted_date_format)
    return next(iter(found.get_named(name, lookup="exact")), None)
