"""What a person sees of the local run: a line per component, then where to look."""

from collections.abc import Iterable

from deploy.local.programs import Program
from rich.console import Console
from rich.markup import escape
from rich.table import Table

console = Console(highlight=False, soft_wrap=True)


def say(text: str) -> None:
    console.print(escape(text))


def done(name: str, seconds: float) -> None:
    console.print(f"[green]✓[/] {name:<11} {seconds:5.1f} s")


def already(name: str) -> None:
    console.print(f"[green]✓[/] {name:<11} running")


def failed(name: str, reason: str, log_end: str, hints: Iterable[str]) -> None:
    """Say which component failed, the end of its log, and how to see more."""
    console.print(f"[red]✗[/] {name}: {escape(reason)}")
    for line in log_end.splitlines():
        console.print(f"  [dim]│[/] {escape(line)}")
    for hint in hints:
        console.print(escape(hint))


def links(programs: Iterable[Program]) -> None:
    table = Table.grid(padding=(0, 3))
    for program in programs:
        for label, url in program.links:
            table.add_row(label, escape(url))
    console.print()
    console.print(table)
    console.print()
