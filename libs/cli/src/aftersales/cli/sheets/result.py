"""What is to be sent, and what became of it."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from aftersales.cli.session import Trouble
from aftersales.cli.sheets.journal import Journal
from aftersales.cli.sheets.kinds import Kind, Wrong
from aftersales.cli.sheets.rows import Row

Keyed = tuple[str, Row]
"""A row that is a call, and its name."""


@dataclass
class Result:
    """What became of the rows; those still `unsent` when `trouble` ended it may or may not have arrived."""

    imported: int = 0
    updated: int = 0
    """Of those imported: what was known already."""
    repeated: int = 0
    refused: list[Row] = field(default_factory=list)
    unsent: int = 0
    trouble: Trouble | None = None


@dataclass(frozen=True)
class Plan:
    """How to send."""

    done: Callable[[int], None] = lambda _: None
    """Is told how many rows have been answered."""
    journal: Journal = field(default_factory=lambda: Journal(None, ""))
    dry_run: bool = False
    most_rows: int = 200
    """In one batch."""


def refusal_reasons(kind: Kind, code: str, words: str, params: dict[str, Any]) -> tuple[Wrong, ...]:
    """Why a service refused a row, by the columns that it means."""
    errors = params.get("errors")
    if isinstance(errors, list) and errors:
        return tuple(
            Wrong(kind.column_of(error["field"]), error.get("code", code), {}, error["problem"]) for error in errors
        )
    named = [column.name for column in kind.columns if column.name in params]
    return (Wrong(", ".join(named), code, params, words),)
