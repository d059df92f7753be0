"""Names the rows of a sheet, so that a service counts each once, however often and in whichever file it comes."""

import hashlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from pydantic_core import to_json

from aftersales.cli.sheets.columns import ERROR_COLUMNS
from aftersales.cli.sheets.invalid_cell import plain_cell
from aftersales.cli.sheets.kinds import header_key
from aftersales.cli.sheets.rows import Row, row_content, row_digests, sheet_fingerprint
from aftersales.cli.sheets.table import Table


@dataclass(frozen=True)
class RowName:
    """The key of a row, and its further keys: a row that comes again under any of them is the same row."""

    key: str
    also: tuple[str, ...] = ()


@dataclass(frozen=True)
class NamedRow:
    """A row to send with its name."""

    name: RowName
    row: Row


def name_rows(table: Table, rows: Sequence[Row], salt: str = "") -> tuple[str, list[RowName]]:
    """Return a name for the sheet by its content, and one for each row.

    A row that adds something has two keys: what it says after mapping, and its number elsewhere, or, without a number,
    its cells as in the file. So it is the same row when the sheet grows, was saved by another program, or is read with
    a better mapping. Each key ends with the row's how-manieth occurrence, because equal rows of one sheet all count.
    """
    found = row_digests(rows)
    sheet = f"{table.kind.name}-{sheet_fingerprint([*found, salt.encode()])[:16]}"
    if not table.kind.adds:
        return sheet, [RowName(f"{sheet}-{at}-{digest.hex()[:16]}") for at, digest in enumerate(found, 1)]
    said = _keys("says", [row_content(row) for row in rows])
    cells = _keys("cells", [_cells(table, row) for row in rows])
    numbers = _keys("number", [row.call.identity.encode() if row.call else b"" for row in rows])
    identified = [bool(row.call and row.call.identity) for row in rows]
    return sheet, [
        RowName(says, (number if has else as_is,))
        for says, as_is, number, has in zip(said, cells, numbers, identified, strict=True)
    ]


def _keys(what: str, contents: Sequence[bytes]) -> list[str]:
    seen: Counter[bytes] = Counter()
    keys = []
    for content in contents:
        seen[content] += 1
        keys.append(f"{what}-{hashlib.sha256(content).hexdigest()[:32]}-{seen[content]}")
    return keys


def _cells(table: Table, row: Row) -> bytes:
    """Return a row's filled cells with their headers, whatever the order of the columns."""
    pairs = zip(table.headers, row.record.cells, strict=False)
    cells = ((header_key(header), plain_cell(cell)) for header, cell in pairs)
    return to_json(sorted((key, cell) for key, cell in cells if cell and key not in ERROR_COLUMNS))
