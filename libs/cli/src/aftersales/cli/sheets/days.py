"""Reads dates and times as people and programs write them. Ambiguous ones are refused."""

import re
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise

from aftersales.cli.sheets.invalid_cell import InvalidCell, plain_cell, shorten_cell
from aftersales.cli.sheets.read_options import ORDERS, ReadOptions

_CHINESE = re.compile(r"(中華民國|中华民国|民國|民国)?\s*(\d{2,4})\s*年\s*(\d{1,2})\s*月\s*(\d{1,2})\s*[日号號]?")
_SEPARATED = re.compile(r"(\d{1,4})\s*[-/.年]\s*(\d{1,2})\s*[-/.月]\s*(\d{1,4})日?")
_NAMED = (
    re.compile(r"(?P<d>\d{1,2})(?:st|nd|rd|th)?[-\s./]*(?P<m>[a-z]{3,9})[-\s./,]*(?P<y>\d{2,4})", re.IGNORECASE),
    re.compile(r"(?P<m>[a-z]{3,9})[-\s./]*(?P<d>\d{1,2})(?:st|nd|rd|th)?[-\s./,]+(?P<y>\d{2,4})", re.IGNORECASE),
    re.compile(r"(?P<y>\d{4})[-\s./]*(?P<m>[a-z]{3,9})[-\s./]*(?P<d>\d{1,2})", re.IGNORECASE),
)
_MONTHS = (
    *("january", "february", "march", "april", "may", "june"),
    *("july", "august", "september", "october", "november", "december"),
)
_COMPACT = {8: ((4, 2, 2), (2, 2, 4)), 7: ((3, 2, 2),), 6: ((2, 2, 2),)}
_SERIAL = re.compile(r"(\d{5})(\.\d+)?")
_EXCEL, _FIRST_SERIAL = datetime(1899, 12, 30, tzinfo=UTC), 20_000
"""Day 0 of spreadsheets, and the lowest number read as a date (1954), below which no archive has dates."""
_CLOCK = re.compile(
    r"(?P<day>.+?),?(?:\s+|T|(?<=[日号號]))\s*(?P<half>上午|下午|[ap]m)?\s*"
    r"(?P<hour>\d{1,2})[:时時点點](?P<minute>\d{2})(?:[:分](?P<second>\d{2})(?:\.\d+)?)?[分秒]?\s*"
    r"(?P<after>[ap]\.?m\.?)?\s*(?P<offset>Z|UTC|GMT|[+-]\d{2}(?::?\d{2})?)?",
    re.IGNORECASE,
)


def read_day(cell: str, manner: ReadOptions) -> str:
    """Read a date, and ignore a time of day after it."""
    text = plain_cell(cell)
    found = _CLOCK.fullmatch(text)
    return _day(found["day"] if found and not found["offset"] else text, manner).isoformat()


def read_moment(cell: str, manner: ReadOptions) -> str:
    """Read a date and a time; a date alone means its first minute."""
    return _moment(plain_cell(cell), manner, time.min)


def read_until(cell: str, manner: ReadOptions) -> str:
    """Read a date and a time; a date alone means its last second."""
    return _moment(plain_cell(cell), manner, time(23, 59, 59))


def read_minute(cell: str, _: ReadOptions) -> int:
    """Read a time of day as minutes since midnight; 24:00 is midnight as well."""
    found = re.fullmatch(r"([0-9]{1,2}):([0-9]{2})(:00)?", plain_cell(cell))
    hours, minutes = (int(found[1]), int(found[2])) if found else (99, 0)
    if minutes > 59 or hours * 60 + minutes > 24 * 60:
        raise InvalidCell("cell.not_time", cell=shorten_cell(cell))
    return (hours * 60 + minutes) % (24 * 60)


def _moment(text: str, manner: ReadOptions, otherwise: time) -> str:
    if (counted := _SERIAL.fullmatch(text)) and counted[2] and (first := _counted(counted)):
        seconds = round(float(f"0{counted[2]}") * 86_400)
        return _in_utc(datetime.combine(first, time.min, manner.zone) + timedelta(seconds=seconds))
    found = _CLOCK.fullmatch(text)
    if not found:
        return _in_utc(datetime.combine(_day(text, manner), otherwise, manner.zone))
    offset = (found["offset"] or "").upper().replace("UTC", "Z").replace("GMT", "Z")
    clock = f"{_hour(found):02}:{found['minute']}:{found['second'] or '00'}{offset}"
    try:
        local = datetime.fromisoformat(f"{_day(found['day'], manner)}T{clock}")
    except InvalidCell:
        raise
    except ValueError as error:
        raise InvalidCell("cell.not_moment", cell=shorten_cell(text)) from error
    return _in_utc(local if local.tzinfo else local.replace(tzinfo=manner.zone))


def _hour(clock: re.Match[str]) -> int:
    hour, half = int(clock["hour"]), (clock["half"] or clock["after"] or "").lower()
    if not half or hour > 12:
        return hour
    return hour % 12 + (12 if half[0] in "下p" else 0)


def _in_utc(at: datetime) -> str:
    return at.astimezone(UTC).isoformat()


def _day(text: str, manner: ReadOptions) -> date:
    if "%" in manner.dates:
        return _as_told(text, manner.dates)
    found = sorted({one for one in _readings(text, manner.dates) if 1900 <= one.year < 2200})
    if len(found) > 1:
        choices = " / ".join(one.isoformat() for one in found)
        raise InvalidCell("cell.day_ambiguous", cell=shorten_cell(text), choices=choices)
    if not found:
        raise InvalidCell("cell.not_day", cell=shorten_cell(text))
    return found[0]


def _as_told(text: str, form: str) -> date:
    """Read a date by the format; a date cell of a spreadsheet has no format, and is written as 2026-01-05."""
    for one in (form, "%Y-%m-%d"):
        try:
            return datetime.strptime(text, one).replace(tzinfo=UTC).date()
        except ValueError:
            continue
    raise InvalidCell("cell.day_not_as_told", cell=shorten_cell(text), form=form)


def _readings(text: str, order: str) -> Iterator[date]:
    """Yield every day that this text can mean."""
    if found := _CHINESE.fullmatch(text):
        year = f"{int(found[2]):03}" if found[1] else found[2]
        yield from _made(year, found[3], found[4])
    elif found := _SEPARATED.fullmatch(text):
        yield from _ordered(found.groups(), order)
    elif text.isascii() and text.isdigit() and len(text) in _COMPACT:
        for widths in _COMPACT[len(text)]:
            ends = [sum(widths[:n]) for n in range(4)]
            yield from _ordered([text[start:end] for start, end in pairwise(ends)], order)
    elif found := _SERIAL.fullmatch(text):
        if counted := _counted(found):
            yield counted
    else:
        yield from _with_a_name(text)


def _ordered(parts: Sequence[str], order: str) -> Iterator[date]:
    """Yield the days in each possible order; a first part of more than two digits must be the year."""
    orders = ("ymd",) if len(parts[0]) > 2 else (order,) if order else ORDERS
    for one in orders:
        named = dict(zip(one, parts, strict=True))
        yield from _made(named["y"], named["m"], named["d"])


def _with_a_name(text: str) -> Iterator[date]:
    for pattern in _NAMED:
        if found := pattern.fullmatch(text):
            name = found["m"].lower()
            month = next((at for at, full in enumerate(_MONTHS, 1) if full.startswith(name) or name == "sept"), 0)
            yield from _made(found["y"], str(9 if name == "sept" else month), found["d"])


def _made(year: str, month: str, day: str) -> Iterator[date]:
    """Yield at most one day. Two-digit years are in 1970 to 2069; three-digit ones (民國) count from 1912 as 1."""
    if len(year) < 2 or len(day) > 2:
        return
    number = int(year)
    if len(year) == 2:
        number += 1900 if number >= 70 else 2000
    elif len(year) == 3:
        number += 1911
    try:
        yield date(number, int(month), int(day))
    except ValueError:
        return


def _counted(serial: re.Match[str]) -> date | None:
    days = int(serial[1])
    return (_EXCEL + timedelta(days=days)).date() if days >= _FIRST_SERIAL else None
