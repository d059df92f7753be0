"""Text as rows: finds the delimiter and the columns, and loses no line, however broken the quotation marks are."""

import csv
import io
import re
from collections.abc import Iterator
from dataclasses import dataclass

from aftersales.common.cli.session import Trouble
from aftersales.common.cli.sheets.kinds import Column, Kind

DELIMITERS = ",;\t"
ERROR_COLUMNS = ("error_row", "error_column", "error_code", "error_message")
_FULL_WIDTH = "\uff1d\uff0b\uff0d\uff20"
_ESCAPED = re.compile(rf"'+[=+\-@\t\r\n{_FULL_WIDTH}]")


@dataclass
class Record:
    """One row as it stands in the file. `number` counts from 1, as a spreadsheet does."""

    number: int
    cells: list[str]
    broken: bool = False
    """Its quotation marks do not pair, or a cell is beyond all measure: `cells` is its first line."""

    @property
    def blank(self) -> bool:
        return not any(cell.strip() for cell in self.cells)


@dataclass
class Table:
    kind: Kind
    delimiter: str
    headers: list[str]
    columns: list[Column | None]
    """By position; None is not ours and left alone."""
    records: list[Record]
    """Without blank ones."""

    def cells(self, record: Record) -> dict[str, str]:
        pairs = zip(self.columns, record.cells, strict=False)
        return {column.name: unescape(cell) for column, cell in pairs if column}


class _Lines:
    """Lines that can be gone back to."""

    def __init__(self, text: str) -> None:
        self.lines, self.at = list(io.StringIO(text, newline="")), 0

    def __iter__(self) -> "_Lines":
        return self

    def __next__(self) -> str:
        if self.at == len(self.lines):
            raise StopIteration
        self.at += 1
        return self.lines[self.at - 1]


def records(text: str, delimiter: str) -> Iterator[Record]:
    """Every row. A broken one ends with its first line, so that it takes no other with it."""
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


def read_table(text: str, kind: Kind) -> Table:
    """Raises `Trouble` when the first row does not say which columns these are."""
    delimiter = max(DELIMITERS, key=lambda candidate: _known(text, candidate, kind))
    filled = (record for record in records(text, delimiter) if not record.blank)
    first = next(filled, None)
    if first is None:
        raise Trouble("sheet.empty")
    if first.broken:
        raise Trouble("sheet.header_broken")
    columns = [kind.column_under(header) for header in first.cells]
    _check(kind, first.cells, columns)
    return Table(kind, delimiter, first.cells, columns, list(filled))


def unescape(cell: str) -> str:
    """Undo `escape`."""
    return cell[1:] if _ESCAPED.match(cell) else cell


def escape(cell: str) -> str:
    """A cell that no spreadsheet takes for a formula (OWASP, CSV injection); an apostrophe goes before it."""
    return f"'{cell}" if _ESCAPED.match(f"'{cell}") else cell


def _known(text: str, delimiter: str, kind: Kind) -> int:
    first = next((record for record in records(text, delimiter) if not record.blank), Record(1, []))
    return sum(kind.column_under(header) is not None for header in first.cells)


def _check(kind: Kind, headers: list[str], columns: list[Column | None]) -> None:
    missing = [column.shown for column in kind.required if column not in columns]
    if missing:
        found = ", ".join(header.strip()[:40] for header in headers[:40] if header.strip())
        raise Trouble("sheet.columns_missing", columns=", ".join(missing), found=found, kind=kind.name)
    for column in columns:
        if column and columns.count(column) > 1:
            same = [header.strip() for header, other in zip(headers, columns, strict=True) if other is column]
            raise Trouble("sheet.column_twice", column=column.shown, headers=", ".join(same))
