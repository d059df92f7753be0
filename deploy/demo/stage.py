"""What the audience sees while the day is played: a line for each thing worth telling, and how far the day is."""

from types import TracebackType
from typing import Self

from deploy.local.screen import console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

_COLOURS = {
    "desk": "cyan",
    "partner": "magenta",
    "dispatch": "blue",
    "technician": "green",
    "store": "yellow",
    "callback": "bright_blue",
    "customer": "white",
}


class Stage:
    """Shows two bars: contacts taken in, and requests that have come to their end."""

    def __init__(self, contacts: int) -> None:
        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
        self._progress = Progress(*columns, console=console, refresh_per_second=5)
        self._taken = self._progress.add_task("contacts taken in ", total=contacts)
        self._ended = self._progress.add_task("requests at an end", total=contacts)

    def __enter__(self) -> Self:
        self._progress.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._progress.stop()

    def say(self, time: str, who: str, text: str) -> None:
        console.print(f"[dim]{time}[/] [{_COLOURS[who]}]{who:<10}[/] {escape(text)}")

    def taken(self) -> None:
        self._progress.advance(self._taken)

    def ended(self, number: int) -> None:
        self._progress.update(self._ended, completed=number)
