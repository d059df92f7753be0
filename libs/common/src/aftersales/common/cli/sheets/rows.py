"""Each row of a table as an HTTP call, or as the reasons why it is none."""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from pydantic_core import to_json

from aftersales.common.cli.sheets.cells import Misfit
from aftersales.common.cli.sheets.kinds import Call, RowRefused, Wrong
from aftersales.common.cli.sheets.table import Record, Table


@dataclass(frozen=True)
class Row:
    """Either a call, or what is wrong with it."""

    record: Record
    call: Call | None = None
    wrong: tuple[Wrong, ...] = ()


def read_rows(table: Table, zone: ZoneInfo) -> list[Row]:
    rows: list[Row] = []
    first_of: dict[str, int] = {}
    for record in table.records:
        row = _read(table, record, zone)
        if row.call and row.call.method == "PUT":
            earlier = first_of.setdefault(row.call.path, record.number)
            if earlier != record.number:
                row = _refused(record, Wrong.by(Misfit("row.twice", row=earlier), table.kind.turn[0]))
        rows.append(row)
    return rows


def content(row: Row) -> bytes:
    """What a row says, however it was written: a sheet saved by another program has the same content."""
    return to_json([row.call.method, row.call.path, row.call.body] if row.call else row.record.cells)


def fingerprint(rows: Iterable[Row]) -> str:
    """Of everything that a sheet says."""
    digest = hashlib.sha256()
    for row in rows:
        digest.update(hashlib.sha256(content(row)).digest())
    return digest.hexdigest()


def _read(table: Table, record: Record, zone: ZoneInfo) -> Row:
    if record.broken:
        return _refused(record, Wrong.by(Misfit("row.broken")))
    width = len(table.headers)
    if any(cell.strip() for cell in record.cells[width:]):
        return _refused(record, Wrong.by(Misfit("row.too_wide", cells=len(record.cells), columns=width)))
    try:
        return Row(record, table.kind.call(table.cells(record), zone))
    except RowRefused as refusal:
        return _refused(record, *refusal.wrong)


def _refused(record: Record, *wrong: Wrong) -> Row:
    return Row(record, wrong=wrong)
