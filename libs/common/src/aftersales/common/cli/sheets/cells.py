"""What people type into a cell, read as what the services take; `Misfit` says by code what does not fit."""

import re
import unicodedata
from collections.abc import Callable
from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from pydantic import TypeAdapter, ValidationError

from aftersales.common import values

Cell = Callable[[str, ZoneInfo], Any]
"""Reads one cell that is not empty; times without an offset are of the zone."""

_CODE, _SERIAL, _PHONE = (TypeAdapter[str](kind) for kind in (values.Code, values.Serial, values.Phone))
_DAY = re.compile(r"(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})日?")
_MOMENT = re.compile(
    r"(?P<day>\S+?)(?:\s+|T)(?P<hour>\d{1,2}):(?P<minute>\d{2})(?::(?P<second>\d{2})(?:\.\d+)?)?"
    r"\s*(?P<offset>Z|[+-]\d{2}:?\d{2})?"
)
_THOUSANDS = re.compile(r"[+-]?[0-9]{1,3}(,[0-9]{3})+(\.[0-9]+)?")
_NUMBER = re.compile(r"[+-]?[0-9]{1,15}(\.[0-9]{1,15})?")
_SHORTENED = re.compile(r"\d(\.\d+)?E\+\d+", re.IGNORECASE)
_YES, _NO = {"yes", "y", "true", "1", "是"}, {"no", "n", "false", "0", "否"}


class Misfit(ValueError):
    """The cell is not what its column takes. Its words are `messages[code]`."""

    def __init__(self, code: str, **params: Any) -> None:
        super().__init__(code, params)
        self.code, self.params = code, params


def plain(cell: str) -> str:
    """The cell with full-width digits and letters as ASCII has them."""
    return unicodedata.normalize("NFKC", cell).strip()


def text(longest: int) -> Cell:
    """People's words, as they are; `longest` in characters."""

    def read(cell: str, _: ZoneInfo) -> str:
        if len(cell) > longest:
            raise Misfit("cell.too_long", length=len(cell), most=longest)
        return cell

    return read


def code(cell: str, _: ZoneInfo) -> str:
    return _fits(_CODE, plain(cell), Misfit("cell.not_code", cell=_short(cell)))


def codes(most: int) -> Cell:
    def read(cell: str, zone: ZoneInfo) -> list[str]:
        found = [code(part, zone) for part in re.split(r"[;,|、\s]+", plain(cell)) if part]
        if len(found) > most:
            raise Misfit("cell.too_many", count=len(found), most=most)
        return found

    return read


def serial(cell: str, _: ZoneInfo) -> str:
    return _fits(_SERIAL, _unspoiled(plain(cell)), Misfit("cell.not_serial", cell=_short(cell)))


def phone(cell: str, _: ZoneInfo) -> str:
    return _fits(_PHONE, _unspoiled(plain(cell)), Misfit("cell.not_phone", cell=_short(cell)))


def whole(least: int, most: int) -> Cell:
    def read(cell: str, _: ZoneInfo) -> int:
        number = _decimal(cell)
        if number != int(number) or not least <= number <= most:
            raise Misfit("cell.not_whole", cell=_short(cell), least=least, most=most)
        return int(number)

    return read


def degrees(most: int) -> Cell:
    def read(cell: str, _: ZoneInfo) -> float:
        number = _decimal(cell)
        if abs(number) > most:
            raise Misfit("cell.not_degrees", cell=_short(cell), most=most)
        return float(number)

    return read


def money(cell: str, _: ZoneInfo) -> int:
    """Yuan, as fen."""
    fen = _decimal(plain(cell).removeprefix("¥")) * 100
    if fen != int(fen) or not 0 <= fen < 10**15:
        raise Misfit("cell.not_money", cell=_short(cell))
    return int(fen)


def yes(cell: str, _: ZoneInfo) -> bool:
    word = plain(cell).lower()
    if word not in _YES | _NO:
        raise Misfit("cell.not_yes_or_no", cell=_short(cell))
    return word in _YES


def choice(*words: str) -> Cell:
    def read(cell: str, _: ZoneInfo) -> str:
        word = plain(cell)
        if word not in words:
            raise Misfit("cell.not_among", cell=_short(cell), words=", ".join(words))
        return word

    return read


def zone_name(cell: str, _: ZoneInfo) -> str:
    name = plain(cell)
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError) as error:  # OSError: the name of a folder, such as `Asia`
        raise Misfit("cell.not_zone", cell=_short(cell)) from error
    return name


def minute(cell: str, _: ZoneInfo) -> int:
    """A time of day, as minutes since midnight; 24:00 is midnight as well."""
    found = re.fullmatch(r"([0-9]{1,2}):([0-9]{2})", plain(cell))
    hours, minutes = (int(found[1]), int(found[2])) if found else (99, 0)
    if minutes > 59 or hours * 60 + minutes > 24 * 60:
        raise Misfit("cell.not_time", cell=_short(cell))
    return (hours * 60 + minutes) % (24 * 60)


def day(cell: str, _: ZoneInfo) -> str:
    return _day(plain(cell)).isoformat()


def moment(cell: str, zone: ZoneInfo) -> str:
    """A date and a time; a date alone is its first minute."""
    return _moment(plain(cell), zone, time.min)


def until(cell: str, zone: ZoneInfo) -> str:
    """A date and a time; a date alone is its last second."""
    return _moment(plain(cell), zone, time(23, 59, 59))


def _moment(cell: str, zone: ZoneInfo, otherwise: time) -> str:
    found = _MOMENT.fullmatch(cell)
    if not found:
        return _in_utc(datetime.combine(_day(cell), otherwise, zone))
    clock = f"{int(found['hour']):02}:{found['minute']}:{found['second'] or '00'}{found['offset'] or ''}"
    try:
        local = datetime.fromisoformat(f"{_day(found['day'])}T{clock}")
    except ValueError as error:
        raise Misfit("cell.not_moment", cell=_short(cell)) from error
    return _in_utc(local if local.tzinfo else local.replace(tzinfo=zone))


def _in_utc(at: datetime) -> str:
    return at.astimezone(UTC).isoformat()


def _day(cell: str) -> date:
    found = _DAY.fullmatch(cell)
    try:
        read = date(*(int(part) for part in found.groups())) if found else date.min
    except ValueError:
        read = date.min
    if not 1900 <= read.year < 2200:
        raise Misfit("cell.not_day", cell=_short(cell))
    return read


def _decimal(cell: str) -> Decimal:
    digits = plain(cell)
    if _THOUSANDS.fullmatch(digits):
        digits = digits.replace(",", "")
    if not _NUMBER.fullmatch(digits):
        raise Misfit("cell.not_number", cell=_short(cell))
    return Decimal(digits)


def _unspoiled(cell: str) -> str:
    if _SHORTENED.fullmatch(cell):
        raise Misfit("cell.shortened", cell=_short(cell))
    return cell


def _fits(adapter: TypeAdapter[str], cell: str, otherwise: Misfit) -> str:
    try:
        return adapter.validate_python(cell)
    except ValidationError as error:
        raise otherwise from error


def _short(cell: str) -> str:
    return cell if len(cell) <= 40 else f"{cell[:39]}…"
