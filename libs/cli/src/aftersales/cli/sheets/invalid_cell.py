"""Removes traces of other programs from a cell, and defines the error for a cell that does not fit."""

import re
import unicodedata
from typing import Any

_UNSEEN = re.compile("[\u00ad\u200b-\u200f\u202a-\u202e\u2060\ufeff]")
"""Soft hyphens, zero-width characters and direction marks, which copied text often contains."""


class InvalidCell(ValueError):
    """The cell does not fit its column. The message is `messages[code]`."""

    def __init__(self, code: str, **params: Any) -> None:
        super().__init__(code, params)
        self.code, self.params = code, params


def plain_cell(cell: str) -> str:
    """Return the cell with full-width digits and letters as ASCII, and without invisible characters.

    A leading apostrophe, which marks text in a spreadsheet, is removed.
    """
    if cell.isascii():
        return cell.strip().removeprefix("'")
    seen = _UNSEEN.sub("", unicodedata.normalize("NFKC", cell)).strip()
    return seen.removeprefix("'").removeprefix("\u2019").strip()


def shorten_cell(cell: str) -> str:
    return cell if len(cell) <= 40 else f"{cell[:39]}…"
