"""Converts each row of a table to an HTTP call, or to the reasons why that is impossible."""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from pydantic_core import to_json

from aftersales.cli.sheets.invalid_cell import InvalidCell, shorten_cell
from aftersales.cli.sheets.kinds import NO_OWN, Call, RowRefused, Wrong, header_key
from aftersales.cli.sheets.read_options import ReadOptions
from aftersales.cli.sheets.record import Record
from aftersales.cli.sheets.table import Table

_HEADERS = 3
"""Number of our own headers in a row that make it a header."""


@dataclass(frozen=True)
class Row:
    """A row with its call, or with its errors."""

    record: Record
    call: Call | None = None
    wrong: tuple[Wrong, ...] = ()


def read_rows(table: Table, manner: ReadOptions, own: Mapping[str, ReadOptions] = NO_OWN) -> list[Row]:
    """Return all rows; `own` options of columns override `manner`."""
    rows: list[Row] = []
    first_of: dict[str, int] = {}
    other: int | None = None
    for record in table.records:
        other = record.number if _is_header(table, record) else other
        row = _checked(table, record, other) or _read(table, record, manner, own)
        if row.call and row.call.method == "PUT":
            earlier = first_of.setdefault(row.call.turn, record.number)
            if earlier != record.number:
                row = _refused(record, Wrong.by(InvalidCell("row.twice", row=earlier), table.kind.turn[0]))
        rows.append(row)
    return rows


def row_content(row: Row) -> bytes:
    """Return a row's content in one form, which is the same if another program saved the sheet."""
    return to_json([row.call.method, row.call.path, row.call.body] if row.call else row.record.cells)


def row_digests(rows: Iterable[Row]) -> list[bytes]:
    return [hashlib.sha256(row_content(row)).digest() for row in rows]


def sheet_fingerprint(found: Iterable[bytes]) -> str:
    """Return a digest of a sheet's content, from the digests of its rows."""
    return hashlib.sha256(b"".join(found)).hexdigest()


def _checked(table: Table, record: Record, other: int | None) -> Row | None:
    """Return a refusal if the row cannot belong to this table; `other` is a row above it with other headers."""
    if record.broken:
        return _refused(record, Wrong.by(InvalidCell("row.broken")))
    if other is not None:
        return _refused(record, Wrong.by(InvalidCell("row.other_header", row=other)))
    beyond = [cell for cell in record.cells[len(table.headers) :] if cell.strip()]
    if beyond:
        first = shorten_cell(beyond[0].strip())
        return _refused(record, Wrong.by(InvalidCell("row.too_wide", count=len(beyond), cell=first)))
    return None


def _is_header(table: Table, record: Record) -> bool:
    """Return whether the row consists of headers, so that another table was pasted below the first."""
    filled = [cell for cell in record.cells if cell.strip()]
    known = sum(header_key(cell) in table.kind.named for cell in filled)
    return known >= _HEADERS and known * 2 > len(filled)


def _read(table: Table, record: Record, manner: ReadOptions, own: Mapping[str, ReadOptions]) -> Row:
    try:
        return Row(record, table.kind.call(table.cells(record), manner, own))
    except RowRefused as refusal:
        return _refused(record, *refusal.wrong)


def _refused(record: Record, *wrong: Wrong) -> Row:
    return Row(record, wrong=wrong)
