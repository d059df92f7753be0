"""Reads what people type into a cell as values for the services; `InvalidCell` has the code of what does not fit."""

import re
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from pydantic import TypeAdapter, ValidationError

from aftersales import values
from aftersales.cli.sheets.invalid_cell import InvalidCell, plain_cell, shorten_cell
from aftersales.cli.sheets.read_options import ReadOptions
from aftersales.values.prices import DIGITS
from aftersales.values.serials import is_placeholder

NO_WORDS: Mapping[str, str] = {}
Cell = Callable[[str, ReadOptions], Any]
"""Reads one cell that is not empty. Raises `InvalidCell`."""

_CODE, _SERIAL, _EMAIL = (TypeAdapter[str](kind) for kind in (values.Code, values.Serial, values.Email))
_CUSTOMER = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_THOUSANDS = re.compile(r"[+-]?[0-9]{1,3}([, ][0-9]{3})+(\.[0-9]+)?")
_NUMBER = re.compile(r"[+-]?[0-9]{1,15}(\.[0-9]{1,15})?")
_POWER = re.compile(r"([0-9]\.([0-9]+)|[0-9])E(\+?)([0-9]{1,3})", re.IGNORECASE)
_CURRENCY = re.compile(r"^(?:¥|RMB|CNY)\s*|\s*(?:元|RMB|CNY)$", re.IGNORECASE)
_YES = {"yes", "y", "true", "1", "是", "对", "對", "有", "√", "✓", "✔"}
_NO = {"no", "n", "false", "0", "否", "不", "不是", "无", "無", "没有", "沒有", "×", "✗"}  # noqa: RUF001 (a cross)


def read_text(longest: int) -> Cell:
    """Return a reader of human text, unchanged but for spoiled numbers; `longest` is in characters."""

    def read(cell: str, _: ReadOptions) -> str:
        cell = unspoiled_digits(cell)
        if "\ufffd" in cell:
            raise InvalidCell("cell.damaged", cell=shorten_cell(cell))
        if len(cell) > longest:
            raise InvalidCell("cell.too_long", length=len(cell), most=longest)
        return cell

    return read


_TERM = read_text(100)


def read_name(cell: str, options: ReadOptions) -> str:
    """Read a person's or an organisation's name, which has a letter: `#1001` and `-` are none."""
    if not any(character.isalpha() for character in cell):
        raise InvalidCell("cell.not_name", cell=shorten_cell(cell))
    return str(read_text(200)(cell, options))


def read_code(cell: str, _: ReadOptions) -> str:
    return _fits(_CODE, unspoiled_digits(plain_cell(cell)), InvalidCell("cell.not_code", cell=shorten_cell(cell)))


def read_term(cell: str, _: ReadOptions) -> str:
    """Read a code or another word of a catalogue; intake knows which thing it means."""
    return unspoiled_digits(_TERM(plain_cell(cell), _))


def read_codes(most: int) -> Cell:
    def read(cell: str, manner: ReadOptions) -> list[str]:
        found = [read_code(part, manner) for part in re.split(r"[;,|、\s]+", plain_cell(cell)) if part]
        if len(found) > most:
            raise InvalidCell("cell.too_many", count=len(found), most=most)
        return found

    return read


def read_serial(cell: str, _: ReadOptions) -> str:
    if is_placeholder(cell):
        raise InvalidCell("product.serial_placeholder")
    return _fits(_SERIAL, unspoiled_digits(plain_cell(cell)), InvalidCell("cell.not_serial", cell=shorten_cell(cell)))


def read_given_serial(cell: str, options: ReadOptions) -> str | None:
    """A serial number, or None for `unknown`, `0000` and other words for a number that nobody knows."""
    return None if is_placeholder(cell) else read_serial(cell, options)


def read_email(cell: str, _: ReadOptions) -> str:
    return _fits(_EMAIL, plain_cell(cell), InvalidCell("cell.not_email", cell=shorten_cell(cell)))


def is_unknown(cell: str) -> bool:
    """Return whether the cell stands for "not known": `-`, `n/a`, 无. Digits are no such word."""
    return is_placeholder(cell) and not any(character.isdecimal() for character in cell)


def customer_id(cell: str, _: ReadOptions) -> str:
    if not _CUSTOMER.fullmatch(found := plain_cell(cell).lower()):
        raise InvalidCell("cell.not_customer", cell=shorten_cell(cell))
    return found


def read_whole(least: int, most: int, words: Mapping[str, str] = NO_WORDS) -> Cell:
    """Return a reader of whole numbers, and of the `words` for them."""

    def read(cell: str, _: ReadOptions) -> int:
        number = _decimal(words.get(_words(cell), cell))
        if number != int(number) or not least <= number <= most:
            raise InvalidCell("cell.not_whole", cell=shorten_cell(cell), least=least, most=most)
        return int(number)

    return read


def read_degrees(most: int) -> Cell:
    def read(cell: str, _: ReadOptions) -> float:
        number = _decimal(cell)
        if abs(number) > most:
            raise InvalidCell("cell.not_degrees", cell=shorten_cell(cell), most=most)
        return float(number)

    return read


def read_money(cell: str, _: ReadOptions) -> int:
    """Read yuan and return fen."""
    fen = _decimal(_CURRENCY.sub("", plain_cell(cell))) * 100
    if fen != int(fen) or not 0 <= fen < 10**15:
        raise InvalidCell("cell.not_money", cell=shorten_cell(cell))
    return int(fen)


def read_currency(cell: str, _: ReadOptions) -> str:
    """Return the code of a currency with two digits after the point, as amounts in sheets have them."""
    code = plain_cell(cell).upper()
    if DIGITS.get(code) != 2:
        raise InvalidCell("cell.not_currency", cell=shorten_cell(cell))
    return code


def read_yes(cell: str, _: ReadOptions) -> bool:
    word = plain_cell(cell).lower()
    if word not in _YES | _NO:
        raise InvalidCell("cell.not_yes_or_no", cell=shorten_cell(cell))
    return word in _YES


def read_choice(*codes: str, words: Mapping[str, str] = NO_WORDS) -> Cell:
    """Return a reader of one of these codes, in any case, or of a word for it."""
    by_case = {**words, **{_words(code): code for code in codes}}

    def read(cell: str, _: ReadOptions) -> str:
        code = by_case.get(_words(cell))
        if code is None:
            raise InvalidCell("cell.not_among", cell=shorten_cell(cell), words=", ".join(codes))
        return code

    return read


def _words(cell: str) -> str:
    return " ".join(plain_cell(cell).casefold().replace("_", " ").split())


def zone_name(cell: str, _: ReadOptions) -> str:
    name = plain_cell(cell)
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError) as error:  # OSError: the name of a folder, such as `Asia`
        raise InvalidCell("cell.not_zone", cell=shorten_cell(cell)) from error
    return name


def _decimal(cell: str) -> Decimal:
    digits = plain_cell(cell)
    if _THOUSANDS.fullmatch(digits):
        digits = digits.replace(",", "").replace(" ", "")
    if not _NUMBER.fullmatch(digits):
        raise InvalidCell("cell.not_number", cell=shorten_cell(cell))
    return Decimal(digits)


def unspoiled_digits(cell: str) -> str:
    """Return the digits of a number that a program wrote as a power of ten. Raises `InvalidCell` if some are lost.

    Spreadsheets show few digits and a `+` (1.38E+10); programs write all of them (1.3800138E10).
    """
    found = _POWER.fullmatch(cell)
    if not found or not (found[3] or len(found[2] or "") >= 4):
        return cell
    shown, power = len(found[2] or ""), int(found[4])
    if power > 14 or shown > power or (found[3] and shown < power):
        raise InvalidCell("cell.shortened", cell=shorten_cell(cell))
    return str(int(Decimal(cell)))


def _fits(adapter: TypeAdapter[str], cell: str, otherwise: InvalidCell) -> str:
    try:
        return adapter.validate_python(cell)
    except ValidationError as error:
        raise otherwise from error
