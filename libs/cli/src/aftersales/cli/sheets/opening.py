"""Opens a file of any program as a table."""

from pathlib import Path

from aftersales.cli.session import Trouble
from aftersales.cli.sheets.decoding import MOST_BYTES, decode_sheet
from aftersales.cli.sheets.kinds import Kind
from aftersales.cli.sheets.mapping import MappingFile
from aftersales.cli.sheets.table import Table, read_table
from aftersales.cli.sheets.workbook import FILE_SIGNATURES, read_workbook


def open_table(
    file: Path, kind: Kind, mapping: MappingFile, *, encoding: str | None, sheet: str | None
) -> tuple[Table, str]:
    """Return the table, and its encoding (or `workbook`). Raises `Trouble`."""
    try:
        data = file.read_bytes()
    except OSError as error:
        raise Trouble("sheet.unreadable", file=file, why=error.strerror) from error
    if len(data) > MOST_BYTES:
        raise Trouble("sheet.too_large", most=MOST_BYTES // 1024 // 1024)
    if data.startswith(FILE_SIGNATURES):
        return read_workbook(data, kind, mapping, sheet), "workbook"
    text, found = decode_sheet(data, encoding)
    return read_table(text, kind, mapping), found
