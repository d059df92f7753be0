"""What a cell says without the traces of the programs it came through, and how a reader says that it does not fit."""

import re
import unicodedata
from typing import Any

_UNSEEN = re.compile("[\u00ad\u200b-\u200f\u202a-\u202e\u2060\ufeff]")
"""Soft hyphens, zero-width characters and marks of direction, which come along when text is copied."""


class InvalidCell(ValueError):
    """The cell is not what its column takes. Its words are `messages[code]`."""

    def __init__(self, code: str, **params: Any) -> None:
        super().__init__(code, params)
        self.code, self.params = code, params


def plain_cell(cell: str) -> str:
    """The cell with full-width digits and letters as ASCII has them, and nothing that is not seen.

    An apostrophe before it told a spreadsheet to take it for text.
    """
    if cell.isascii():
        return cell.strip().removeprefix("'")
    seen = _UNSEEN.sub("", unicodedata.normalize("NFKC", cell)).strip()
    return seen.removeprefix("'").removeprefix("\u2019").strip()


def shorten_cell(cell: str) -> str:
    return cell if len(cell) <= 40 else f"{cell[:39]}…"
