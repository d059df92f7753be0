"""A copy of the tree, in which one file at a time is wrong while tests run. The tree itself is never touched."""

import math
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Literal

from mutants.places import Mutant

from aftersales.testing.servers.orphans import end_orphans

Ending = Literal["passed", "failed", "too slow"]
_END_SECONDS = 30
"""For pytest to end its servers."""


class Copy:
    """What git knows and what is new, without what it ignores."""

    def __init__(self, root: Path, path: Path) -> None:
        self._path = path
        for name in _git(root, "ls-files", "-z", "--cached", "--others", "--exclude-standard").split("\0"):
            if name and (root / name).is_file():
                (path / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(root / name, path / name)

    def run(self, tests: Sequence[str], seconds: float | None = None) -> tuple[Ending, str]:
        """Run them until the first failure; also give what pytest printed."""
        sources = os.pathsep.join(str(path) for path in sorted(self._path.glob("*/*/src")))
        command = [sys.executable, "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider", *tests]
        process = subprocess.Popen(
            command,
            cwd=self._path,
            env=os.environ | {"PYTHONPATH": sources},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        try:
            printed = _output(process, seconds)
        finally:
            self._end(process)
        if printed is None:
            return "too slow", ""
        return "passed" if process.returncode == 0 else "failed", printed

    def _end(self, process: subprocess.Popen[str]) -> None:
        if process.poll() is None:
            process.terminate()
            try:
                process.communicate(timeout=_END_SECONDS)
            except subprocess.TimeoutExpired:
                pass
            finally:
                process.kill()
                end_orphans(self._path)

    @contextmanager
    def wrong(self, mutant: Mutant) -> Iterator[None]:
        self._write(mutant.file, mutant.after)
        try:
            yield
        finally:
            self._write(mutant.file, mutant.before)

    def _write(self, file: str, text: str) -> None:
        """Each time with another time of change: by that and the size Python knows whether it must compile again."""
        path = self._path / file
        seconds = path.stat().st_mtime + 1
        path.write_text(text)
        os.utime(path, (seconds, seconds))


def _output(process: subprocess.Popen[str], seconds: float | None) -> str | None:
    """Return what it printed, or None after so many seconds.

    It wakes every second, because a signal now and then does not end a blocking read (seen in one of ten runs).
    """
    deadline = math.inf if seconds is None else time.monotonic() + seconds
    while time.monotonic() < deadline:
        with suppress(subprocess.TimeoutExpired):
            return process.communicate(timeout=1)[0]
    return None


@contextmanager
def copied(root: Path) -> Iterator[Copy]:
    with tempfile.TemporaryDirectory(prefix="mutants-") as folder:
        yield Copy(root, Path(folder))


def changed_files(root: Path, base: str) -> list[str]:
    """List what differs from where the branch left `base`, committed or not."""
    begun = _git(root, "merge-base", base, "HEAD").strip()
    names = _git(root, "diff", "--name-only", "-z", "--diff-filter=d", begun).split("\0")
    names += _git(root, "ls-files", "-z", "--others", "--exclude-standard").split("\0")
    return [name for name in names if name.endswith(".py")]


def _git(root: Path, *arguments: str) -> str:
    return subprocess.run(["git", *arguments], cwd=root, capture_output=True, text=True, check=True).stdout
