"""The rows to send, and their outcome."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from aftersales.cli.session import Trouble
from aftersales.cli.sheets.journal import Journal
from aftersales.cli.sheets.kinds import Kind, Wrong
from aftersales.cli.sheets.rows import Row


@dataclass
class Result:
    """The outcome of the rows; rows still `unsent` when `trouble` occurred may or may not have arrived."""

    imported: int = 0
    updated: int = 0
    """Number of imported rows that were known already."""
    repeated: int = 0
    changed: list[int] = field(default_factory=list)
    """Rows imported before that read differently now; they are not imported again."""
    notes: dict[str, list[int]] = field(default_factory=dict)
    """What the service noted about imported rows, with the rows."""
    refused: list[Row] = field(default_factory=list)
    unsent: int = 0
    trouble: Trouble | None = None


@dataclass(frozen=True)
class Plan:
    """Options of sending."""

    done: Callable[[int], None] = lambda _: None
    """Called with the number of rows that were answered."""
    journal: Journal = field(default_factory=lambda: Journal(None, ""))
    dry_run: bool = False
    most_rows: int = 200
    """Most rows in one batch."""


def refusal_reasons(kind: Kind, code: str, words: str, params: dict[str, Any]) -> tuple[Wrong, ...]:
    """Return the reasons of a refusal, with the columns that they concern."""
    errors = params.get("errors")
    if isinstance(errors, list) and errors:
        return tuple(
            Wrong(kind.column_of(error["field"]), error.get("code", code), {}, error["problem"]) for error in errors
        )
    named = [column.name for column in kind.columns if column.name in params]
    return (Wrong(", ".join(named), code, params, words),)
