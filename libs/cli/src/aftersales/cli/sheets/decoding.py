"""Decodes a file's bytes. Its encoding is found out, or the file is refused with the encodings that it may have."""

import codecs
import re
from collections.abc import Sequence
from contextlib import suppress

from aftersales.cli.session import Trouble
from aftersales.cli.sheets.encodings import Reading, choose_reading, list_possible, list_readings
from aftersales.cli.sheets.invalid_cell import shorten_cell

MOST_BYTES = 64 * 1024 * 1024
_MARKS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))
_MOSTLY = 3
_CELLS = re.compile(r"[,;\t\r\n\"]+")


def decode_sheet(data: bytes, encoding: str | None = None) -> tuple[str, str]:
    """Return the text and the name of its encoding. Raises `Trouble`, which explains how to save the file instead."""
    if not data.strip():
        raise Trouble("sheet.empty")
    found = encoding or _found(data)
    try:
        text = data.decode(found)
    except (UnicodeError, LookupError) as error:
        raise Trouble("sheet.not_in", encoding=found) from error
    if "\0" in text:
        raise Trouble("sheet.nul")
    if not text.strip():
        raise Trouble("sheet.empty")
    return text.removeprefix("\ufeff"), found.upper().removesuffix("-SIG")


def _found(data: bytes) -> str:
    for mark, encoding in _MARKS:
        if data.startswith(mark):
            return encoding
    if b"\0" in data:
        return _utf_16(data)
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        found = list_readings(data)
        if best := choose_reading(found):
            return best.encoding
        if not found:
            raise Trouble("sheet.unknown_encoding") from None
        raise Trouble("sheet.encoding_doubtful", readings=_shown(list_possible(found))) from None
    return "utf-8"


def _utf_16(data: bytes) -> str:
    """Return the byte order of UTF-16 without a mark: delimiters and line ends have a NUL byte before or after them."""
    for order, odd in (("utf-16-le", 1), ("utf-16-be", 0)):
        if data[odd::2].count(0) > _MOSTLY * data[1 - odd :: 2].count(0):
            with suppress(UnicodeDecodeError):
                data.decode(order)
                return order
    raise Trouble("sheet.nul")


def _shown(found: Sequence[Reading]) -> str:
    """Return the encodings, each with the first word that the others read differently."""
    cells = [_CELLS.split(one.text) for one in found]
    rows = list(zip(*cells, strict=False))
    differing = next((row for row in rows if len(set(row)) == len(row)), rows[0] if rows else ())
    return "; ".join(
        f"{one.encoding}: {shorten_cell(word.strip())}" for one, word in zip(found, differing, strict=False)
    )
