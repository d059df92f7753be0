"""Measures how many cells a workbook's sheet covers, in a separate process, which the measurement may kill.

Calamine loads a sheet whole, from its first cell to its last: one cell at the end of an empty sheet takes 400 GB,
and Rust then aborts the process. Run as a program, this reads a workbook from stdin and prints the number of cells.
"""

import io
import subprocess
import sys
from contextlib import suppress

from python_calamine import CalamineSheet, CalamineWorkbook, SheetVisibleEnum, load_workbook

_MEMORY = 2 * 1024**3
"""Bytes of address space for the measurement; a sheet of `MOST_CELLS` takes about a quarter of it."""
_SECONDS = 300
MOST_CELLS = 10_000_000


def pick_sheet(book: CalamineWorkbook, wanted: str | None) -> CalamineSheet | None:
    """Return the sheet of this name, else the first visible one that is not empty. Raises if the name is missing."""
    if wanted is not None:
        return book.get_sheet_by_name(wanted)
    names = [meta.name for meta in book.sheets_metadata if meta.visible == SheetVisibleEnum.Visible]
    sheets = (book.get_sheet_by_name(name) for name in names)
    return next((one for one in sheets if one.height), None)


def too_large(data: bytes, wanted: str | None) -> bool:
    """Return whether the sheet of `pick_sheet` covers more than `MOST_CELLS`; False for a file that is no workbook."""
    program = [sys.executable, "-m", __name__, *([wanted] if wanted is not None else [])]
    try:
        done = subprocess.run(program, input=data, capture_output=True, timeout=_SECONDS, check=False)  # noqa: S603
    except subprocess.TimeoutExpired:
        return True
    return done.returncode != 0 or int(done.stdout) > MOST_CELLS


def _main(wanted: str | None) -> None:
    with suppress(ImportError, ValueError, OSError):  # not every system supports it
        import resource  # noqa: PLC0415

        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        resource.setrlimit(resource.RLIMIT_AS, (_MEMORY, _MEMORY))
    cells = 0
    data = io.BytesIO(sys.stdin.buffer.read())
    with suppress(Exception), load_workbook(data) as book:  # the next reader reports what is wrong with it
        if sheet := pick_sheet(book, wanted):
            cells = sheet.total_height * sheet.total_width
    print(cells)


if __name__ == "__main__":
    _main(sys.argv[1] if len(sys.argv) > 1 else None)
