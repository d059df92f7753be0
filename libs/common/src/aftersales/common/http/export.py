"""Lists as files for a spreadsheet. No cell is ever run as a formula or turned into a link.

CSV is UTF-8 with a byte order mark (Excel needs it); a text that a spreadsheet could read as a formula gets a leading
apostrophe (OWASP, "CSV Injection"). XLSX states the type of each cell, so it needs none.
"""

import asyncio
import csv
import io
import tempfile
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from contextlib import ExitStack, closing
from datetime import datetime
from typing import IO, Any, Literal, NamedTuple
from zoneinfo import ZoneInfo

import xlsxwriter
from fastapi.responses import StreamingResponse

from aftersales.common.mongo import Document
from aftersales.values.messages import render_message

Format = Literal["csv", "xlsx"]
Cell = str | int | float | datetime | None
Rows = AsyncIterator[list[Document]]
_TYPES = {"csv": "text/csv; charset=utf-8", "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"}
FILES: dict[int | str, dict[str, Any]] = {
    200: {"content": {kind.partition(";")[0]: {"schema": {"type": "string"}} for kind in _TYPES.values()}}
}
"""The responses that an endpoint declares if it returns a file."""
_STEERING = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")
"""Characters that begin a formula. The last four are full-width forms, which some Excel treats alike."""
_LONGEST = 32_767
"""Most characters of a cell in XLSX."""
_PIECE = 64 * 1024
_STAMP = "yyyy-mm-dd hh:mm:ss"


class Titled(NamedTuple):
    """A column: the code of its title, and the function for its cells."""

    code: str
    cell: Callable[[Document], Cell]


class Table(NamedTuple):
    """A table to export, in the reader's language; the times of a row are in its zone, which a column should name."""

    name: str
    columns: Sequence[Titled]
    locale: str
    zone_of: Callable[[Document], str]

    def titles(self) -> list[Cell]:
        return [render_message(column.code, self.locale, {}) for column in self.columns]

    def lines(self, rows: Iterable[Document]) -> list[list[Cell]]:
        return [[_local(column.cell(row), ZoneInfo(self.zone_of(row))) for column in self.columns] for row in rows]


def _local(cell: Cell, zone: ZoneInfo) -> Cell:
    return cell.astimezone(zone).replace(tzinfo=None, microsecond=0) if isinstance(cell, datetime) else cell


async def send_export(table: Table, rows: Rows, format: Format) -> StreamingResponse:
    """Return the file: CSV is sent while it is read, XLSX once it is complete."""
    headers = {"Content-Disposition": f'attachment; filename="{table.name}.{format}"', "Cache-Control": "no-store"}
    pieces = csv_pieces(table, rows) if format == "csv" else _pieces(await xlsx_file(table, rows))
    return StreamingResponse(pieces, media_type=_TYPES[format], headers=headers)


async def csv_pieces(table: Table, rows: Rows) -> AsyncIterator[bytes]:
    """Yield the CSV file (RFC 4180) while the rows are read."""
    yield b"\xef\xbb\xbf" + _csv([table.titles()])
    async for some in rows:
        yield _csv(table.lines(some))


def _csv(lines: Iterable[list[Cell]]) -> bytes:
    text = io.StringIO(newline="")
    csv.writer(text).writerows([_disarmed(cell) for cell in line] for line in lines)
    return text.getvalue().encode()


def _disarmed(cell: Cell) -> Cell:
    return f"'{cell}" if isinstance(cell, str) and cell.startswith(_STEERING) else cell


async def xlsx_file(table: Table, rows: Rows) -> IO[bytes]:
    """Write the workbook, in a thread, to a temporary file, which is deleted when the caller closes it."""
    with ExitStack() as stack:
        file: IO[bytes] = stack.enter_context(tempfile.TemporaryFile())
        book = xlsxwriter.Workbook(file, {"constant_memory": True})
        stack.callback(book.close)  # also deletes its own temporary files if reading fails
        sheet, stamp = book.add_worksheet(), book.add_format({"num_format": _STAMP})

        def write(lines: list[list[Cell]], first: int) -> int:
            for number, line in enumerate(lines, first):
                _write_line(sheet, number, line, stamp)
            return first + len(lines)

        done = await asyncio.to_thread(write, [table.titles()], 0)
        async for some in rows:
            done = await asyncio.to_thread(write, table.lines(some), done)
        await asyncio.to_thread(book.close)
        file.seek(0)
        stack.pop_all()
    return file


def _write_line(sheet: Any, number: int, line: list[Cell], stamp: Any) -> None:
    for place, cell in enumerate(line):
        if isinstance(cell, str):
            sheet.write_string(number, place, cell if len(cell) <= _LONGEST else f"{cell[: _LONGEST - 1]}…")
        elif isinstance(cell, datetime):
            sheet.write_datetime(number, place, cell, stamp)
        elif cell is not None:
            sheet.write_number(number, place, cell)


async def _pieces(file: IO[bytes]) -> AsyncIterator[bytes]:
    with closing(file):
        while piece := file.read(_PIECE):
            yield piece
