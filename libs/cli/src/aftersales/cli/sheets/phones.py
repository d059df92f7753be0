"""Telephone numbers as written in cells: with labels, extensions, and several in one."""

import re

import phonenumbers

from aftersales.cli.sheets.cells import unspoiled_digits
from aftersales.cli.sheets.invalid_cell import InvalidCell, plain_cell, shorten_cell
from aftersales.cli.sheets.read_options import CellValue, ReadOptions

_MOBILE = re.compile(r"(?:(?:\+|00)?86[\s-]?)?(1[3-9]\d)[\s-]?(\d{4})[\s-]?(\d{4})", re.ASCII)
_LABEL = re.compile(
    r"^(?:tel|telephone|phone|mobile|mob|cell|t|m|电话|電話|手机|手機)\s*[.:]?\s*(?=[\d+(])", re.IGNORECASE
)
_EXTENSION = re.compile(
    r"[\s,;-]*(?:转|轉|分机|分機|内线|內線|\bext(?:ension|n)?\b|(?<=\d)\s*x(?=\s?\d)|#)[\s.:=]*(\d{1,7})\b",
    re.IGNORECASE,
)
_DIRECT = re.compile(r"(\(?0\d{2,3}\)?[\s-]?\d{7,8})-(\d{1,6})")
"""A Chinese landline number followed by a room's extension."""
_BETWEEN = re.compile(r"\s*(?:[/;,、|\n]|:::|\bor\b|\band\b|或|和)\s*", re.IGNORECASE)
_DIGITS = re.compile(r"\+?\d[\d\s-]{5,}\d", re.ASCII)
_NUMBER = re.compile(r"\+?[\d\s().\u2013\u2014-]+", re.ASCII)


def read_phone(cell: str, manner: ReadOptions) -> str | CellValue:
    """Return the first number as E.164. If the cell contains more, its whole text is the rest."""
    text = unspoiled_digits(plain_cell(cell)).removesuffix(".0")
    if manner.country == "CN" and (found := _MOBILE.fullmatch(text)):
        return "+86" + "".join(found.groups())
    bare, extensions = _EXTENSION.subn("", text.removeprefix("tel:"))
    if manner.country == "CN" and (found := _DIRECT.fullmatch(bare)):
        bare, extensions = found[1], 1
    numbers = [_dialled(part, manner.country) for part in _parts(bare)]
    if (not numbers or None in numbers) and (inside := _among_words(bare, manner.country)):
        return CellValue(inside, text)
    if not numbers or None in numbers:
        raise InvalidCell("cell.not_phone", cell=shorten_cell(cell))
    main = str(numbers[0])
    return CellValue(main, text) if extensions or set(numbers) != {main} else main


def _among_words(text: str, country: str) -> str | None:
    """Return the only number in a cell with other words, such as 王先生13800138000."""
    found = _DIGITS.findall(text)
    alone = len(found) == 1 and not any(one.isdigit() for one in text.replace(found[0], ""))
    return _dialled(found[0], country) if alone else None


def _parts(text: str) -> list[str]:
    parts = [part for part in _BETWEEN.split(text) if part]
    by_blanks = text.split()
    if len(parts) == 1 and len(by_blanks) > 1 and all(len(re.sub(r"\D", "", part)) >= 10 for part in by_blanks):
        return by_blanks
    return parts


def _dialled(part: str, country: str) -> str | None:
    number = _LABEL.sub("", part.strip())
    if not _NUMBER.fullmatch(number) or len(number) > 40:
        return None
    try:
        parsed = phonenumbers.parse(number, country)
    except phonenumbers.NumberParseException:
        return None
    if not phonenumbers.is_valid_number(parsed):
        return None
    return str(phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164))
