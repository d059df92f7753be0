"""The rows that were not taken, as a file to correct and import: each as it came, and before it what is wrong."""

import csv
from collections.abc import Iterator, Sequence
from pathlib import Path

from aftersales.common.cli.session import Session
from aftersales.common.cli.sheets.kinds import Wrong
from aftersales.common.cli.sheets.rows import Row
from aftersales.common.cli.sheets.table import ERROR_COLUMNS, Table, escape, unescape


def errors_file(path: Path) -> Path:
    return path.with_name(f"{path.name}.errors.csv")


def write_refusals(path: Path, table: Table, refused: Sequence[Row], session: Session) -> None:
    """Write them, in UTF-8 with the mark that spreadsheets look for; an older such file gets a `~`."""
    if path.exists():
        path.replace(path.with_name(f"{path.name}~"))
    kept = [at for at, header in enumerate(table.headers) if header.strip().casefold() not in ERROR_COLUMNS]
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.writer(file)
        writer.writerow([*ERROR_COLUMNS, *(escape(table.headers[at]) for at in kept)])
        for row in refused:
            told = (row.record.number, *_columns(row.wrong), "; ".join(words(wrong, session) for wrong in row.wrong))
            writer.writerow([*(escape(str(cell)) for cell in told), *_original(row, len(table.headers), kept)])


def words(wrong: Wrong, session: Session) -> str:
    said = wrong.words or session.words(wrong.code, **wrong.params)
    return f"{wrong.column}: {said}" if wrong.column else said


def _columns(wrong: Sequence[Wrong]) -> tuple[str, str]:
    return "; ".join(one.column for one in wrong if one.column), "; ".join(dict.fromkeys(one.code for one in wrong))


def _original(row: Row, width: int, kept: Sequence[int]) -> Iterator[str]:
    cells = row.record.cells
    if row.record.broken:
        kept = range(len(cells))
    for at in [*kept, *range(width, len(cells))]:
        yield escape(unescape(cells[at])) if at < len(cells) else ""
