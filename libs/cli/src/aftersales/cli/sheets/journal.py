"""Which rows of a sheet are in already, on disk beside it while an import runs: a broken one goes on from there."""

import json
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import IO


class Journal:
    """A line for each answer, after one that names the sheet and the service. Without a path it remembers nothing."""

    def __init__(self, path: Path | None, sheet: str, *, again: bool = False) -> None:
        self.path, self._sheet = path, sheet
        self.taken: set[int] = set()
        self._file: IO[str] | None = None
        if path and not again:
            self.taken = _read(path, sheet)

    def note(self, rows: Iterable[int]) -> None:
        """Rows by number, which are in."""
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
            self.path = None  # a folder that cannot be written to: the keys of the rows do without

    def close(self, *, complete: bool) -> None:
        """A complete import leaves none behind: its rows have their keys at the service."""
        if self._file:
            self._file.close()
        if complete and self.path:
            with suppress(OSError):
                self.path.unlink(missing_ok=True)


def _read(path: Path, sheet: str) -> set[int]:
    """What the journal of this very sheet says; a line that was cut off says nothing."""
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
