"""The progress of an import: a bar on a terminal, else a line now and then."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.progress import BarColumn, MofNCompleteColumn, Progress, ProgressColumn, Task, TextColumn, TimeRemainingColumn
from rich.text import Text

from aftersales.cli.session import ERR, Session

EVERY = 5.0
"""Seconds between lines."""


class _Rate(ProgressColumn):
    def render(self, task: Task) -> Text:
        return Text(f"{task.finished_speed or task.speed or 0:,.0f}/s")


@contextmanager
def show_progress(session: Session, name: str, total: int) -> Iterator[Callable[[int], None]]:
    """Yield a function that accepts the number of further rows that are done."""
    if not ERR.is_terminal:
        yield _in_lines(session, name, total)
        return
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), _Rate(), TimeRemainingColumn())
    with Progress(*columns, console=ERR, transient=True) as progress:
        task = progress.add_task(name, total=total)
        yield lambda count: progress.advance(task, count)


def _in_lines(session: Session, name: str, total: int) -> Callable[[int], None]:
    began = told = time.monotonic()
    rows = 0

    def done(count: int) -> None:
        nonlocal told, rows
        rows += count
        now = time.monotonic()
        if now < told + EVERY:
            return
        told, rate = now, rows / (now - began)
        left = round((total - rows) / rate) if rate else 0
        session.complain("import.so_far", kind=name, rows=rows, total=total, rate=round(rate), left=left)

    return done
