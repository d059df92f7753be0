"""What people type into a cell, read as what the services take; `Misfit` says by code what does not fit."""

import re
from collections.abc import Callable
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from pydantic import TypeAdapter, ValidationError

from aftersales import values
from aftersales.cli.sheets.manner import Manner
from aftersales.cli.sheets.misfit import Misfit, plain, short

Cell = Callable[[str, Manner], Any]
"""Reads one cell that is not empty. Raises `Misfit`."""

_CODE, _SERIAL = (TypeAdapter[str](kind) for kind in (values.Code, values.Serial))
_CUSTOMER = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_THOUSANDS = re.compile(r"[+-]?[0-9]{1,3}([, ][0-9]{3})+(\.[0-9]+)?")
_NUMBER = re.compile(r"[+-]?[0-9]{1,15}(\.[0-9]{1,15})?")
_POWER = re.compile(r"([0-9]\.([0-9]+)|[0-9])E(\+?)([0-9]{1,3})", re.IGNORECASE)
_CURRENCY = re.compile(r"^(?:¥|RMB|CNY)\s*|\s*(?:元|RMB|CNY)$", re.IGNORECASE)
_YES = {"yes", "y", "true", "1", "是", "对", "對", "有", "√", "✓", "✔"}
_NO = {"no", "n", "false", "0", "否", "不", "不是", "无", "無", "没有", "沒有", "×", "✗"}  # noqa: RUF001 (a cross)


def text(longest: int) -> Cell:
    """People's words, as they are; `longest` in characters."""

    def read(cell: str, _: Manner) -> str:
        if len(cell) > longest:
            raise Misfit("cell.too_long", length=len(cell), most=longest)
        return cell

    return read


def code(cell: str, _: Manner) -> str:
    return _fits(_CODE, plain(cell), Misfit("cell.not_code", cell=short(cell)))


def codes(most: int) -> Cell:
    def read(cell: str, manner: Manner) -> list[str]:
        found = [code(part, manner) for part in re.split(r"[;,|、\s]+", plain(cell)) if part]
        if len(found) > most:
            raise Misfit("cell.too_many", count=len(found), most=most)
        return found

    return read


def serial(cell: str, _: Manner) -> str:
    return _fits(_SERIAL, unspoiled(plain(cell)), Misfit("cell.not_serial", cell=short(cell)))


def customer_id(cell: str, _: Manner) -> str:
    if not _CUSTOMER.fullmatch(found := plain(cell).lower()):
        raise Misfit("cell.not_customer", cell=short(cell))
    return found


def whole(least: int, most: int) -> Cell:
    def read(cell: str, _: Manner) -> int:
        number = _decimal(cell)
        if number != int(number) or not least <= number <= most:
            raise Misfit("cell.not_whole", cell=short(cell), least=least, most=most)
        return int(number)

    return read


def degrees(most: int) -> Cell:
    def read(cell: str, _: Manner) -> float:
        number = _decimal(cell)
        if abs(number) > most:
            raise Misfit("cell.not_degrees", cell=short(cell), most=most)
        return float(number)

    return read


def money(cell: str, _: Manner) -> int:
    """Yuan, as fen."""
    fen = _decimal(_CURRENCY.sub("", plain(cell))) * 100
    if fen != int(fen) or not 0 <= fen < 10**15:
        raise Misfit("cell.not_money", cell=short(cell))
    return int(fen)


def yes(cell: str, _: Manner) -> bool:
    word = plain(cell).lower()
    if word not in _YES | _NO:
        raise Misfit("cell.not_yes_or_no", cell=short(cell))
    return word in _YES


def choice(*words: str) -> Cell:
    by_case = {word.casefold(): word for word in words}

    def read(cell: str, _: Manner) -> str:
        word = by_case.get(plain(cell).casefold())
        if word is None:
            raise Misfit("cell.not_among", cell=short(cell), words=", ".join(words))
        return word

    return read


def zone_name(cell: str, _: Manner) -> str:
    name = plain(cell)
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError) as error:  # OSError: the name of a folder, such as `Asia`
        raise Misfit("cell.not_zone", cell=short(cell)) from error
    return name


def _decimal(cell: str) -> Decimal:
    digits = plain(cell)
    if _THOUSANDS.fullmatch(digits):
        digits = digits.replace(",", "").replace(" ", "")
    if not _NUMBER.fullmatch(digits):
        raise Misfit("cell.not_number", cell=short(cell))
    return Decimal(digits)


def unspoiled(cell: str) -> str:
    """The digits of a number that a program wrote as a power of ten. Raises `Misfit` when some are lost.

    Spreadsheets show few digits and a `+` (1.38E+10); programs write all of them (1.3800138E10).
    """
    found = _POWER.fullmatch(cell)
    if not found or not (found[3] or len(found[2] or "") >= 4):
        return cell
    shown, power = len(found[2] or ""), int(found[4])
    if power > 14 or shown > power or (found[3] and shown < power):
        raise Misfit("cell.shortened", cell=short(cell))
    return str(int(Decimal(cell)))


def _fits(adapter: TypeAdapter[str], cell: str, otherwise: Misfit) -> str:
    try:
        return adapter.validate_python(cell)
    except ValidationError as error:
        raise otherwise from error
