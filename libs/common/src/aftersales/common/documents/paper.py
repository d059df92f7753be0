"""The contents of a printed document: words only, in one language. Pure."""

from typing import Annotated, Literal

from pydantic import PlainSerializer

from aftersales.values import Value
from aftersales.values.personal import DISCLOSURE

PaperLanguage = Literal["en", "zh-Hans", "zh-Hant"]
"""The language of a printed document."""
Labelled = tuple[tuple[str, str], ...]
"""Labels, each with what is said of it."""


class Letterhead(Value):
    """The head of the page: the company, the branch, and how to reach them."""

    name: str
    lines: tuple[str, ...] = ()
    """What stands below the name."""
    logo: str | None = None
    """The key of the picture to the left of it."""


class PaperSection(Value):
    """A part of the page: its title, and then rows, a table and text, as far as it has them."""

    title: str = ""
    rows: Labelled = ()
    head: tuple[str, ...] = ()
    """The titles of the table's columns."""
    table: tuple[tuple[str, ...], ...] = ()
    text: str = ""


_SHOWN = PlainSerializer(lambda sections: sections if DISCLOSURE.get() == "full" else (), when_used="json")


class Paper(Value):
    """Everything on the page that stays the same however often it is printed."""

    title: str
    letterhead: Letterhead
    stamp: str = ""
    """A word across the head, such as "cancelled"."""
    sections: Annotated[tuple[PaperSection, ...], _SHOWN]
    """What stands on the page; left out of answers that show personal data masked (ALL-6)."""
    signatures: tuple[str, ...] = ()
    """Who signs, each on a line with a date."""
    link: str = ""
    """An address that the page shows as a QR code."""
    link_words: str = ""
    """What a reader finds there."""


class PaperMarks(Value):
    """What a printing adds: its number, edition and day, and the word for a copy."""

    rows: Labelled
    copy_words: str = ""
    """Empty on the original."""
    page_words: str
    """The words around the numbers of the pages: `Page {page} of {pages}`."""
