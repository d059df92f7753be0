"""What stands on a PDF, read back as people would copy it."""

import io

from pypdf import PdfReader


def pages_of(pdf: bytes) -> list[str]:
    """Return the text of each page, without the places where a long word may break."""
    return [page.extract_text().replace("\u200b", "") for page in PdfReader(io.BytesIO(pdf)).pages]


def text_of(pdf: bytes) -> str:
    """Return all text in one line without blanks, because a line of a page ends anywhere."""
    return "".join("".join(pages_of(pdf)).split())
