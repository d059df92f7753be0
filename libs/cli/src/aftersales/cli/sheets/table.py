"""A sheet as rows: detects delimiter and columns, and loses no line even if quotation marks are broken."""

import csv
import io
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice

from aftersales.cli.session import Trouble
from aftersales.cli.sheets.columns import HEADER_WITHIN, Layout, header_at, lay_out
from aftersales.cli.sheets.kinds import Kind, header_key
from aftersales.cli.sheets.mapping import MappingFile
from aftersales.cli.sheets.record import Record

DELIMITERS = ",;\t"
NO_MAPPING = MappingFile()
_FULL_WIDTH = "\uff1d\uff0b\uff0d\uff20"
_KEPT_TEXT = re.compile(r'="([^"]*)"')
_ESCAPED = re.compile(rf"'+[=+\-@\t\r\n{_FULL_WIDTH}]")


@dataclass
class Table:
    kind: Kind
    layout: Layout
    records: list[Record]
    """The rows that are not blank."""
    delimiter: str = ""
    """The delimiter of text; empty for a workbook."""
    sheet: str = ""
    """The name of a workbook's sheet."""
    header: Record = field(default_factory=lambda: Record(1, []))
    above: tuple[int, ...] = ()
    """The numbers of filled rows above the header, which are not read."""
    again: tuple[int, ...] = ()
    """The numbers of rows that repeat the header, which are not read."""

    @property
    def headers(self) -> list[str]:
        return self.layout.headers

    def cells(self, record: Record) -> Mapping[str, str]:
        """Return the row's cells by column."""
        given = list(map(_shown, record.cells)) if self.delimiter else record.cells
        return {name: source.text(given) for name, source in self.layout.sources.items()}

    @property
    def first(self) -> str:
        """The first name in the sheet, else its first cell, by which a person sees whether it was read well."""
        names = (self.cells(record).get("name", "") for record in self.records[:1])
        cells = (cell for record in self.records[:1] for cell in record.cells)
        return next((cell.strip() for cell in (*names, *cells) if cell.strip()), "")


def _shown(cell: str) -> str:
    """Return what a spreadsheet shows: `="000778"` is a formula that keeps zeros."""
    text = unescape_cell(cell)
    found = _KEPT_TEXT.fullmatch(text)
    return found[1] if found else text


class _Lines:
    """An iterator of lines that can be set back."""

    def __init__(self, text: str) -> None:
        self.lines, self.at = list(io.StringIO(text, newline="")), 0

    def __iter__(self) -> "_Lines":
        return self

    def __next__(self) -> str:
        if self.at == len(self.lines):
            raise StopIteration
        self.at += 1
        return self.lines[self.at - 1]


def parse_records(text: str, delimiter: str) -> Iterator[Record]:
    """Yield every row. A broken one ends with its first line, so that it takes no other with it."""
    lines = _Lines(text)
    reader = csv.reader(lines, delimiter=delimiter, strict=True)
    number = 0
    while lines.at < len(lines.lines):
        start, number = lines.at, number + 1
        try:
            yield Record(number, next(reader))
        except csv.Error:
            lines.at = start + 1
            yield Record(number, [lines.lines[start].rstrip("\r\n")], broken=True)


def read_table(text: str, kind: Kind, mapping: MappingFile = NO_MAPPING) -> Table:
    """Return the table. Raises `Trouble` if no row names the columns."""

    def named(delimiter: str) -> int:
        top = (record for record in parse_records(text, delimiter) if not record.blank)
        return header_at(kind, mapping, list(islice(top, HEADER_WITHIN)))[1]

    delimiter = max(DELIMITERS, key=named)
    filled = [record for record in parse_records(text, delimiter) if not record.blank]
    if not filled:
        raise Trouble("sheet.empty")
    at, _ = header_at(kind, mapping, filled)
    if filled[at].broken:
        raise Trouble("sheet.header_broken")
    return make_table(kind, mapping, filled[: at + 1], filled[at + 1 :], delimiter=delimiter)


def make_table(kind: Kind, mapping: MappingFile, top: Sequence[Record], rows: Sequence[Record], **origin: str) -> Table:
    """Return the table of these rows; `top` ends with the header."""
    *above, header = top
    keys = list(map(header_key, header.cells))
    again = [row.number for row in rows if list(map(header_key, row.cells)) == keys]
    records = [row for row in rows if row.number not in again]
    layout = lay_out(kind, mapping, header.cells, records)
    return Table(kind, layout, records, header=header, above=_numbers(above), again=tuple(again), **origin)


def _numbers(rows: Sequence[Record]) -> tuple[int, ...]:
    return tuple(row.number for row in rows)


def unescape_cell(cell: str) -> str:
    """Undo `escape_cell`."""
    return cell[1:] if _ESCAPED.match(cell) else cell


def escape_cell(cell: str) -> str:
    """Return the cell, behind an apostrophe if a spreadsheet could read it as a formula (OWASP, CSV injection)."""
    return f"'{cell}" if _ESCAPED.match(f"'{cell}") else cell
