"""Workbooks (xlsx, xlsm, xlsb, xls, ods) as rows: their cells as text, the way a person reads them."""

import io
from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

from python_calamine import (
    CalamineError,
    CalamineSheet,
    CalamineWorkbook,
    PasswordError,
    load_workbook,
)

from aftersales.cli.session import Trouble
from aftersales.cli.sheets import extent
from aftersales.cli.sheets.columns import header_at
from aftersales.cli.sheets.formats import padded_cells
from aftersales.cli.sheets.kinds import Kind
from aftersales.cli.sheets.mapping import MappingFile
from aftersales.cli.sheets.record import Record
from aftersales.cli.sheets.table import NO_MAPPING, Table, make_table

FILE_SIGNATURES = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0")
_EXACT = 10**15
"""The number from which spreadsheets lose digits."""
Merged = Sequence[tuple[tuple[int, int], tuple[int, int]]]


def read_workbook(data: bytes, kind: Kind, mapping: MappingFile = NO_MAPPING, sheet: str | None = None) -> Table:
    """Return the sheet of that name, else the first that is not empty. Raises `Trouble`."""
    wanted = sheet or mapping.sheet
    if extent.too_large(data, wanted):
        raise Trouble("sheet.too_many_cells", most=extent.MOST_CELLS)
    try:
        with load_workbook(io.BytesIO(data)) as book:
            chosen = _chosen(book, wanted)
            rows: list[list[Any]] = chosen.to_python(skip_empty_area=False)
            merged: Merged = chosen.merged_cell_ranges or ()
    except PasswordError as error:
        raise Trouble("sheet.workbook_locked") from error
    except (CalamineError, OSError, ValueError) as error:
        raise Trouble("sheet.workbook_unreadable", why=str(error)) from error
    blank = {at for at, row in enumerate(rows) if not any(str(value).strip() for value in row)}
    _fill(rows, merged)
    texts = [[cell_text(value) for value in row] for row in rows]
    _pad(rows, texts, padded_cells(data, chosen.name))
    filled = [Record(at + 1, texts[at], values=row) for at, row in enumerate(rows) if at not in blank]
    if not filled:
        raise Trouble("sheet.empty")
    at, _ = header_at(kind, mapping, filled)
    number = filled[at].number
    ends = [bottom + 1 for (top, _), (bottom, _) in merged if top < number <= bottom + 1]
    records = [record for record in filled[at + 1 :] if record.number > max([number, *ends])]
    return make_table(kind, mapping, filled[: at + 1], records, sheet=chosen.name)


def _chosen(book: CalamineWorkbook, wanted: str | None) -> CalamineSheet:
    if wanted is not None and wanted not in book.sheet_names:
        raise Trouble("sheet.no_such_sheet", sheet=wanted, sheets=", ".join(book.sheet_names))
    found = extent.pick_sheet(book, wanted)
    if found is None:
        raise Trouble("sheet.empty")
    return found


def _fill(rows: list[list[Any]], merged: Merged) -> None:
    """Copy a cell that is merged downwards to each cell that it covers."""
    for (top, left), (bottom, _) in merged:
        for at in range(top + 1, min(bottom + 1, len(rows))):
            if rows[at][left] == "":
                rows[at][left] = rows[top][left]


def _pad(rows: list[list[Any]], texts: list[list[str]], padded: dict[tuple[int, int], int]) -> None:
    """Add the leading zeros that a number format shows, to what is read and to what an error file repeats."""
    for (at, column), width in padded.items():
        value = rows[at][column] if at < len(rows) and column < len(rows[at]) else None
        if isinstance(value, int | float) and 0 <= value < _EXACT and value == int(value):
            rows[at][column] = texts[at][column] = f"{int(value):0{width}}"


def cell_text(value: Any) -> str:
    """Return a cell's text. A number that has lost digits is written so that readers notice it (1.23457E+17)."""
    match value:
        case bool():
            return str(value).lower()
        case int() | float():
            return _number(value)
        case datetime():
            at = (value + timedelta(milliseconds=500)).replace(microsecond=0)
            return at.date().isoformat() if at.time() == time.min else at.isoformat(" ")
        case timedelta():
            minutes = round(value.total_seconds()) // 60
            return f"{minutes // 60}:{minutes % 60:02}"
    return value.isoformat() if isinstance(value, date | time) else str(value)


def _number(value: float) -> str:
    if not abs(value) < _EXACT:
        return f"{value:.5E}"
    return str(int(value)) if value == int(value) else format(Decimal(repr(value)), "f")
