"""Records the imported rows of a sheet in a file beside it, so that an interrupted import continues from there."""

import json
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import IO


class Journal:
    """One line for each answer, after a line for sheet and service. Without a path nothing is stored."""

    def __init__(self, path: Path | None, sheet: str, *, again: bool = False) -> None:
        self.path, self._sheet = path, sheet
        self.taken: set[int] = set()
        self._file: IO[str] | None = None
        if path and not again:
            self.taken = _read(path, sheet)

    def note(self, rows: Iterable[int]) -> None:
        """Record these rows, given by number, as imported."""
        new = sorted(rows)
        if not self.path or not new:
            return
        try:
            if self._file is None:
                self._file = self.path.open("a" if self.taken else "w", encoding="ascii")
                self._file.write("\n" if self.taken else json.dumps(self._sheet) + "\n")
            self._file.write(json.dumps(new) + "\n")
            self._file.flush()
        except OSError:
            self.path = None  # the folder is not writable; the keys of the rows are enough

    def close(self, *, complete: bool) -> None:
        """Close the journal. A complete import deletes it, because the service has the keys of its rows."""
        if self._file:
            self._file.close()
        if complete and self.path:
            with suppress(OSError):
                self.path.unlink(missing_ok=True)


def _read(path: Path, sheet: str) -> set[int]:
    """Return the rows in the journal, if it is for this sheet; a truncated line is ignored."""
    taken: set[int] = set()
    try:
        with path.open(encoding="ascii") as file:
            if json.loads(file.readline() or "null") != sheet:
                return taken
            for line in file:
                if line.endswith("]\n"):
                    taken.update(json.loads(line))
    except (OSError, ValueError):
        return taken
    return taken
