"""A kind of sheet: its columns, and the HTTP call that a row becomes."""

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from itertools import pairwise
from typing import Any, Literal
from urllib.parse import quote

from aftersales.cli.sheets.cells import Cell, is_unknown
from aftersales.cli.sheets.invalid_cell import InvalidCell
from aftersales.cli.sheets.read_options import CellValue, ReadOptions
from aftersales.cli.sheets.synonyms import SYNONYMS
from aftersales.values import without_controls

NO_OWN: Mapping[str, ReadOptions] = {}
Required = Literal["always", "together", "never"]
"""Whether a cell must be filled; `together`: if a column beside it (of the same object) is filled."""


@dataclass(frozen=True)
class Column:
    """A column: how its cell is read, and its place in the body (`customer.name`; `{code}` is in the path)."""

    name: str
    chinese: str
    """Its headers in Chinese, separated by a blank: simplified, then traditional if that differs."""
    read: Cell
    about: str
    to: str = ""
    required: Required = "always"
    may_be_unknown: bool = False
    """Whether `-`, `n/a`, 无 and the like count as an empty cell."""
    rest: str = ""
    """The text column for what the cell contains beyond the value; empty if there is none."""

    @property
    def field(self) -> str:
        return self.to or self.name

    @cached_property
    def way(self) -> tuple[str, ...]:
        """The path of its value in the body, step by step."""
        return tuple(self.field.split("."))

    @cached_property
    def beside(self) -> str:
        """The object that contains its value; empty for the body itself."""
        return self.field.rpartition(".")[0]

    @property
    def headers(self) -> tuple[str, ...]:
        """Its possible headers, in the form of `header_key`."""
        return self.name, *self.chinese.split()

    @property
    def shown(self) -> str:
        return f"{self.name} ({self.chinese.split()[0]})"


@dataclass(frozen=True)
class Wrong:
    """An error in a row. Without `words` the text of the code is shown."""

    column: str
    code: str
    params: Mapping[str, Any]
    words: str = ""

    @classmethod
    def by(cls, misfit: InvalidCell, column: str = "") -> "Wrong":
        return cls(column, misfit.code, misfit.params)


@dataclass(frozen=True)
class Call:
    """A row as an HTTP call. Calls with the same `turn` are made one after another, as in the file."""

    method: str
    path: str
    body: dict[str, Any]
    turn: str
    identity: str = ""
    """The row's number in the system that it comes from, with what that number is about; empty if it has none."""


class RowRefused(Exception):
    """A row does not become a call; `wrong` lists every cell that does not fit."""

    def __init__(self, wrong: list[Wrong]) -> None:
        super().__init__(wrong)
        self.wrong = wrong


@dataclass(frozen=True)
class Kind:
    name: str
    service: str
    target: str
    """HTTP method and path."""
    columns: tuple[Column, ...]
    about: str
    turn: tuple[str, ...]
    """The columns that identify what a row changes."""
    adds: bool = False
    """Whether rows add something, so that a repeated row must not count again; else rows describe a state."""
    either: tuple[str, ...] = ()
    """Columns of which at least one must be there, and filled in each row."""
    either_cell: tuple[str, ...] = ()
    """Columns that do instead in a row. Without those of `either`, a column was probably not recognised."""
    asks: tuple[str, Mapping[str, tuple[str, ...]]] = ("", {})
    """A column, and the other columns that each of its values requires."""
    instead: Mapping[str, str] = field(default_factory=dict)
    """Columns that `asks` names but that may be empty if another column is filled, with that column."""
    identity: tuple[str, ...] = ()
    """The column of a row's number elsewhere, and the columns that belong to that number."""
    batches: bool = False
    """Whether the target accepts many rows in one call (`common/http/batches.py`), each with its own key."""

    @property
    def required(self) -> list[Column]:
        return [column for column in self.columns if column.required == "always"]

    @cached_property
    def named(self) -> dict[str, Column]:
        """The columns by their own headers, in either language, in the form of `header_key`."""
        return {header: column for column in self.columns for header in column.headers}

    @cached_property
    def known(self) -> dict[str, Column]:
        """The columns by their own headers and by those that other programs write."""
        by_name = {column.name: column for column in self.columns}
        also = {header: by_name[name] for name, headers in SYNONYMS.get(self.name, {}).items() for header in headers}
        return also | self.named

    def column_under(self, header: str) -> Column | None:
        """Return the column that a header names."""
        return self.known.get(header_key(header))

    def column_of(self, field: str) -> str:
        """Return the column of a field that a service refused (`body.customer.phone`)."""
        name = field.removeprefix("body.").removeprefix("path.")
        return next((column.name for column in self.columns if column.field.strip("{}") == name), name)

    def call(self, cells: Mapping[str, str], manner: ReadOptions, own: Mapping[str, ReadOptions] = NO_OWN) -> Call:
        """Return the call of a row, with its cells by column name; `own` options of columns override `manner`.

        Raises `RowRefused`.
        """
        given = {
            column.name: cell
            for column in self.columns
            if (cell := without_controls(cells.get(column.name, "")).strip())
            and not (column.may_be_unknown and is_unknown(cell))
        }
        wrong = self._missing(given)
        read: dict[str, Any] = {}
        rests: list[tuple[Column, str]] = []
        for column in self.columns:
            if column.name not in given:
                continue
            cell, of_cell = given[column.name], own.get(column.name, manner)
            try:
                value = column.read(cell, of_cell)
            except InvalidCell as misfit:
                wrong.append(Wrong.by(misfit, column.name))
                continue
            if isinstance(value, CellValue):
                rests += [] if of_cell.leave_rest else [(column, value.rest)]
                value = value.value
            read[column.name] = value
        wrong += [one for column, rest in rests if (one := self._keep(column, rest, read))]
        if wrong:
            raise RowRefused(wrong)
        return self._made_of(read)

    def _keep(self, column: Column, rest: str, read: dict[str, Any]) -> Wrong | None:
        """Store what a cell contains beyond its value in the column for it."""
        room = next((one for one in self.columns if one.name == column.rest), None)
        if room is None:
            return Wrong.by(InvalidCell("cell.more_than_one", cell=rest), column.name)
        try:
            read[room.name] = room.read("\n".join(filter(None, [read.get(room.name), f"☎ {rest}"])), ReadOptions())
        except InvalidCell as misfit:
            return Wrong.by(misfit, column.name)
        return None

    def _missing(self, given: Mapping[str, str]) -> list[Wrong]:
        objects = {column.beside for column in self.columns if column.name in given}
        by, asked = self.asks
        asks = asked.get(self._code_of(by, given), ())
        missing = [
            Wrong.by(InvalidCell("cell.empty"), column.name)
            for column in self.columns
            if column.name not in given
            and (
                (column.required == "always" and self.instead.get(column.name) not in given)
                or (column.name in asks and self.instead.get(column.name) not in given)
                or (column.required == "together" and column.beside in objects)
            )
        ]
        if self.either and not any(name in given for name in (*self.either, *self.either_cell)):
            first, *others = self.either
            missing.append(Wrong.by(InvalidCell("cell.all_empty", others=", ".join(others)), first))
        return missing

    def _code_of(self, by: str, given: Mapping[str, str]) -> str:
        """Return the code in a column of codes; empty if there is none that can be read."""
        column = next((one for one in self.columns if one.name == by and by in given), None)
        try:
            return str(column.read(given[by], ReadOptions())) if column else ""
        except InvalidCell:
            return "?"

    def _made_of(self, read: Mapping[str, Any]) -> Call:
        body: dict[str, Any] = {}
        path = {}
        for column in self.columns:
            if column.name not in read:
                continue
            if column.to.startswith("{"):
                path[column.name] = quote(str(read[column.name]), safe="")
            else:
                _place(body, column.way, read[column.name])
        method, _, target = self.target.partition(" ")
        turn = "|".join(str(read.get(name, "")) for name in self.turn)
        return Call(method, target.format(**path), body, turn, self._identity(read))

    def _identity(self, read: Mapping[str, Any]) -> str:
        known = bool(self.identity) and self.identity[0] in read
        return "|".join(str(read.get(name, "")) for name in self.identity) if known else ""


def header_key(header: str) -> str:
    """Return a header without differences of case, width and blanks, and without the star of a required column."""
    return re.sub(r"[\s-]+", "_", unicodedata.normalize("NFKC", header).strip().rstrip("*").strip().casefold())


def _place(body: dict[str, Any], way: tuple[str, ...], value: Any) -> None:
    """Put a value at the path `way`; the step 0 is the only item of a list."""
    here: Any = body
    for step, following in pairwise(way):
        if following == "0":
            here = here.setdefault(step, [{}])
        else:
            here = here[0] if step == "0" else here.setdefault(step, {})
    here[way[-1]] = value
