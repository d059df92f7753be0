"""Writes refused rows to a file for correction and import: each row unchanged, with its errors before it."""

import csv
import re
from collections.abc import Iterator, Sequence
from datetime import date, datetime, time, timedelta
from math import isfinite
from pathlib import Path
from typing import Any

import xlsxwriter

from aftersales.cli.session import Session
from aftersales.cli.sheets.columns import ERROR_COLUMNS
from aftersales.cli.sheets.kinds import Wrong
from aftersales.cli.sheets.rows import Row
from aftersales.cli.sheets.table import Table, escape_cell, unescape_cell

_LONGEST = 32_767
"""Most characters in a cell of a workbook."""
_NOT_IN_NAMES = re.compile(r"[\[\]:*?/\\]|^'|'$")
"""Characters that the name of a sheet may not contain."""


def errors_file(path: Path, table: Table, refused: Sequence[Row]) -> Path:
    """Return a path beside the file, of the same type; CSV if a workbook could not hold a text."""
    long = any(isinstance(value, str) and len(value) > _LONGEST for row in refused for value in row.record.values)
    return path.with_name(f"{path.name}.errors.{'csv' if table.delimiter or long else 'xlsx'}")


def write_refusals(path: Path, table: Table, refused: Sequence[Row], session: Session) -> None:
    """Write the refused rows; an existing file is renamed with a `~`."""
    if path.exists():
        path.replace(path.with_name(f"{path.name}~"))
    kept = [at for at, header in enumerate(table.headers) if header.strip().casefold() not in ERROR_COLUMNS]
    if path.suffix == ".xlsx":
        _write_workbook(path, table, kept, ((_told(row, session), row) for row in refused))
    else:
        _write_text(path, table, kept, ((_told(row, session), row) for row in refused))


def _write_text(path: Path, table: Table, kept: Sequence[int], refused: Iterator[tuple[list[Any], Row]]) -> None:
    """Write UTF-8 with the byte order mark that spreadsheets expect."""
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.writer(file)
        writer.writerow([*ERROR_COLUMNS, *(escape_cell(table.headers[at]) for at in kept)])
        for told, row in refused:
            writer.writerow([*(escape_cell(str(cell)) for cell in told), *_original(row, len(table.headers), kept)])


def _write_workbook(path: Path, table: Table, kept: Sequence[int], refused: Iterator[tuple[list[Any], Row]]) -> None:
    """Write numbers and dates as such and all else as text, so that nothing becomes a formula or a link."""
    with xlsxwriter.Workbook(path, {"constant_memory": True}) as book:
        sheet = book.add_worksheet(_NOT_IN_NAMES.sub("_", table.sheet)[:31])
        formats = {kind: book.add_format({"num_format": form}) for kind, form in _FORMATS.items()}
        for at, header in enumerate([*ERROR_COLUMNS, *(table.headers[at] for at in kept)]):
            sheet.write_string(0, at, header)
        for number, (told, row) in enumerate(refused, 1):
            values = row.record.values
            for at, value in enumerate([*told, *(values[place] for place in kept)]):
                match value:
                    case bool():
                        sheet.write_boolean(number, at, value)
                    case int() | float() if isfinite(value):
                        sheet.write_number(number, at, value)
                    case datetime() | date() | time() | timedelta() if getattr(value, "year", 1900) >= 1900:
                        sheet.write_datetime(number, at, value, formats[type(value)])
                    case _:
                        sheet.write_string(number, at, str(value)[:_LONGEST])


_FORMATS = {datetime: "yyyy-mm-dd hh:mm:ss", date: "yyyy-mm-dd", time: "hh:mm:ss", timedelta: "[h]:mm:ss"}


def refusal_text(wrong: Wrong, session: Session) -> str:
    said = wrong.words or session.words(wrong.code, **wrong.params)
    return f"{wrong.column}: {said}" if wrong.column else said


def _told(row: Row, session: Session) -> list[Any]:
    columns = "; ".join(one.column for one in row.wrong if one.column)
    codes = "; ".join(dict.fromkeys(one.code for one in row.wrong))
    return [row.record.number, columns, codes, "; ".join(refusal_text(wrong, session) for wrong in row.wrong)]


def _original(row: Row, width: int, kept: Sequence[int]) -> Iterator[str]:
    cells = row.record.cells
    if row.record.broken:
        kept = range(len(cells))
    for at in [*kept, *range(width, len(cells))]:
        yield escape_cell(unescape_cell(cells[at])) if at < len(cells) else ""
