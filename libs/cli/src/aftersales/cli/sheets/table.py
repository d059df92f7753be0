"""A sheet as rows: detects delimiter and columns, and loses no line even if quotation marks are broken."""

import csv
import io
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import islice

from aftersales.cli.session import Trouble
from aftersales.cli.sheets.columns import HEADER_WITHIN, Layout, header_at, lay_out
from aftersales.cli.sheets.kinds import Kind
from aftersales.cli.sheets.mapping import MappingFile
from aftersales.cli.sheets.record import Record

DELIMITERS = ",;\t"
NO_MAPPING = MappingFile()
_FULL_WIDTH = "\uff1d\uff0b\uff0d\uff20"
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

    @property
    def headers(self) -> list[str]:
        return self.layout.headers

    def cells(self, record: Record) -> Mapping[str, str]:
        """Return the row's cells by column."""
        given = list(map(unescape_cell, record.cells)) if self.delimiter else record.cells
        return {name: source.text(given) for name, source in self.layout.sources.items()}

    @property
    def first(self) -> str:
        """The first name in the sheet, else its first cell, by which a person sees whether it was read well."""
        names = (self.cells(record).get("name", "") for record in self.records[:1])
        cells = (cell for record in self.records[:1] for cell in record.cells)
        return next((cell.strip() for cell in (*names, *cells) if cell.strip()), "")


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
    rows = filled[at + 1 :]
    return Table(kind, lay_out(kind, mapping, filled[at].cells, rows), rows, delimiter)


def unescape_cell(cell: str) -> str:
    """Undo `escape_cell`."""
    return cell[1:] if _ESCAPED.match(cell) else cell


def escape_cell(cell: str) -> str:
    """Return the cell, behind an apostrophe if a spreadsheet could read it as a formula (OWASP, CSV injection)."""
    return f"'{cell}" if _ESCAPED.match(f"'{cell}") else cell
