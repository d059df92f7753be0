"""Prints results: tables from which an id can be copied, and JSON for scripts."""

from collections.abc import Sequence
from typing import Annotated, Any

import typer
from pydantic_core import to_json
from rich import box
from rich.console import Console
from rich.measure import Measurement
from rich.table import Table
from rich.text import Text

from aftersales.cli.session import OUT, to_printable

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]
"""The option of every command that prints something."""
_WIDE = 100_000
"""Width of a console that fits every table."""


def print_table(
    titles: Sequence[str],
    rows: Sequence[Sequence[str]],
    *,
    right: frozenset[int] = frozenset(),
    console: Console = OUT,
) -> None:
    """Print rows whose cells are never broken, so that an id can be copied at any width.

    If a terminal is too narrow for the table, each row becomes a block with one line for each cell (as in psql's
    automatic expanded mode). A pipe or a file gets the table at its natural width, one line for each row. `right`
    holds the places of columns that are aligned to the right.
    """
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for at, title in enumerate(titles):
        table.add_column(title, no_wrap=True, justify="right" if at in right else "left")
    lines = [[_one_line(cell) for cell in row] for row in rows]
    for row in lines:
        table.add_row(*map(Text, row))
    wide = Console(file=console.file, width=_WIDE)
    width = Measurement.get(wide, wide.options, table).maximum
    if width <= console.width:
        console.print(table)
    elif console.is_terminal:
        _print_blocks(titles, lines, console)
    else:
        Console(file=console.file, width=width).print(table)


def _print_blocks(titles: Sequence[str], rows: Sequence[Sequence[str]], console: Console) -> None:
    widest = max(Text(title).cell_len for title in titles)
    for row in rows:
        console.print()
        for title, cell in zip(titles, row, strict=True):
            label = Text(title + " " * (widest + 2 - Text(title).cell_len), style="bold")
            console.print(label + Text(cell), soft_wrap=True)


def _one_line(cell: str) -> str:
    return to_printable(cell).replace("\n", "\\n")


def print_json(content: Any) -> None:
    """Print JSON for a script: indented, and without characters that control a terminal."""
    OUT.file.write(to_printable(to_json(content, indent=2).decode()) + "\n")
