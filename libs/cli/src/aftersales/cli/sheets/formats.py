"""Finds cells of an xlsx whose number format (`000000`) shows leading zeros; calamine reads no formats."""

import io
import re
import zipfile
from collections.abc import Iterator
from xml.etree import ElementTree as ET

_MAIN = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
_ID = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}id"
_ZEROS = re.compile(r"(0{2,})(;.*)?")
_PLACE = re.compile(r"([A-Z]{1,3})([0-9]+)")


def padded_cells(data: bytes, sheet: str) -> dict[tuple[int, int], int]:
    """Return the number of digits to show, by row and column from 0; nothing for other kinds of workbooks."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as book:
            widths = _widths(book)
            return dict(_cells(book, _part(book, sheet), widths)) if widths else {}
    except (zipfile.BadZipFile, KeyError, ET.ParseError, ValueError):
        return {}


def _read(book: zipfile.ZipFile, name: str) -> ET.Element:
    return ET.fromstring(book.read(name))  # noqa: S314 (expat limits what entities expand to)


def _widths(book: zipfile.ZipFile) -> dict[str, int]:
    """Return the digits of each cell style whose format is only zeros."""
    styles = _read(book, "xl/styles.xml")
    given = {one.get("numFmtId"): one.get("formatCode", "") for one in styles.iter(f"{_MAIN}numFmt")}
    zeros = {id: len(found[1]) for id, code in given.items() if (found := _ZEROS.fullmatch(code))}
    of_cells = styles.find(f"{_MAIN}cellXfs")
    numbered = enumerate(of_cells if of_cells is not None else ())
    return {str(at): zeros[id] for at, style in numbered if (id := style.get("numFmtId")) in zeros}


def _part(book: zipfile.ZipFile, sheet: str) -> str:
    sheets = _read(book, "xl/workbook.xml").iter(f"{_MAIN}sheet")
    wanted = next(one.get(_ID) for one in sheets if one.get("name") == sheet)
    targets = {one.get("Id"): one.get("Target", "") for one in _read(book, "xl/_rels/workbook.xml.rels")}
    target = targets[wanted]
    return target.removeprefix("/") if target.startswith("/") else f"xl/{target}"


def _cells(book: zipfile.ZipFile, part: str, widths: dict[str, int]) -> Iterator[tuple[tuple[int, int], int]]:
    with book.open(part) as file:
        for _, element in ET.iterparse(file):  # noqa: S314 (as above)
            width = widths.get(element.get("s", "")) if element.tag == f"{_MAIN}c" else None
            if width and (place := _PLACE.fullmatch(element.get("r", ""))):
                yield (int(place[2]) - 1, _column(place[1])), width
            if element.tag == f"{_MAIN}row":
                element.clear()


def _column(letters: str) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + ord(letter) - 64
    return number - 1
