"""Finds the row of a sheet that names the columns, and the source of each column's cells."""

import difflib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from xlsxwriter.utility import xl_col_to_name

from aftersales.cli.session import Trouble
from aftersales.cli.sheets.invalid_cell import plain_cell
from aftersales.cli.sheets.kinds import Column, Kind, header_key
from aftersales.cli.sheets.mapping import MappingFile, Rule
from aftersales.cli.sheets.record import Record

ERROR_COLUMNS = ("error_row", "error_column", "error_code", "error_message")
_CLEARLY = 2
"""By how many names a second row of headers must be better than the first."""
HEADER_WITHIN = 30
"""Number of filled rows at the top that may be the header; those above it are titles."""


@dataclass(frozen=True)
class Source:
    """The places of a column's cells in a row, and the mapping file's rule for them."""

    places: tuple[int, ...]
    rule: Rule = field(default_factory=Rule)

    def text(self, cells: Sequence[str]) -> str:
        found = [cells[place] for place in self.places if place < len(cells) and cells[place].strip()]
        cell = found[0] if found else self.rule.constant
        if self.rule.join is not None:
            cell = self.rule.join.join(one.strip() for one in found) or self.rule.constant
        return self.rule.values.get(plain_cell(cell), cell) if self.rule.values else cell


@dataclass(frozen=True)
class Layout:
    """The layout of a sheet: its headers, the source of each column, and unknown headers."""

    headers: list[str]
    sources: Mapping[str, Source]
    left: Mapping[str, str]
    """Unknown headers, each with the name of the column that it might be, or nothing."""


def header_at(kind: Kind, mapping: MappingFile, filled: Sequence[Record]) -> tuple[int, int]:
    """Return the index of the filled row that names the columns, and how many of them it names.

    It is the first row that names at least half as many as the best, because data below may look like headers; of
    headers in several rows below each other it is the best.
    """
    known = kind.known.keys() | {header_key(name) for rule in mapping.columns.values() for name in rule.headers}
    named = [len(known & set(map(header_key, record.cells))) for record in filled[:HEADER_WITHIN] if not record.broken]
    rows = [at for at, record in enumerate(filled[:HEADER_WITHIN]) if not record.broken]
    best = max(named, default=0)
    first = next((at for at, count in enumerate(named) if best and count * 2 >= best), None)
    if first is None:
        return 0, 0
    end = next((at for at in range(first, len(named)) if not named[at]), len(named))
    chosen = max(range(first, end), key=lambda at: named[at])
    return rows[chosen if named[chosen] >= named[first] + _CLEARLY else first], best


def lay_out(kind: Kind, mapping: MappingFile, headers: list[str], rows: Sequence[Record]) -> Layout:
    """Return the layout. Raises `Trouble` if a required column is missing or ambiguous."""
    keys = [header_key(header) for header in headers]
    sources = {name: _mapped(name, rule, keys, headers) for name, rule in mapping.columns.items()}
    used = {place for source in sources.values() for place in source.places}
    for column in kind.columns:
        if column.name not in sources and (place := _found(kind, column, keys, used)) is not None:
            sources[column.name] = Source((place,))
    _check(kind, headers, sources)
    used = {place for source in sources.values() for place in source.places}
    ignored = {*map(header_key, mapping.ignore), *ERROR_COLUMNS, ""}
    left = [header for at, header in enumerate(headers) if at not in used and keys[at] not in ignored]
    nameless = [at for at, key in enumerate(keys) if not key and any(row.cells[at : at + 1] > [""] for row in rows)]
    doubts = {header.strip(): _perhaps(kind, header, sources) for header in left}
    return Layout(headers, sources, doubts | {f"({xl_col_to_name(at)})": "" for at in nameless})


def _mapped(name: str, rule: Rule, keys: list[str], headers: list[str]) -> Source:
    places = [keys.index(key) for header in rule.headers if (key := header_key(header)) in keys]
    if rule.headers and len(places) < (1 if rule.join is None else len(rule.headers)):
        wanted = ", ".join(header for header in rule.headers if header_key(header) not in keys)
        raise Trouble("mapping.header_missing", column=name, header=wanted, found=_listed(headers))
    return Source(tuple(places), rule)


def _found(kind: Kind, column: Column, keys: list[str], used: set[int]) -> int | None:
    """Return the place of the column's own header, else of one that other programs write."""
    for known in (kind.named, kind.known):
        places = [at for at, key in enumerate(keys) if at not in used and known.get(key) is column]
        if len(places) > 1:
            raise Trouble("sheet.column_twice", column=column.shown, headers=", ".join(keys[at] for at in places))
        if places:
            return places[0]
    return None


def _check(kind: Kind, headers: list[str], sources: Mapping[str, Source]) -> None:
    missing = [column.shown for column in kind.required if column.name not in sources]
    if kind.either and not any(name in sources for name in kind.either):
        missing.append(" / ".join(kind.either))
    if missing:
        columns = ", ".join(missing)
        raise Trouble("sheet.columns_missing", columns=columns, found=_listed(headers), kind=kind.name)


def _listed(headers: list[str]) -> str:
    return ", ".join(header.strip()[:40] for header in headers[:40] if header.strip())


def _perhaps(kind: Kind, header: str, sources: Mapping[str, Source]) -> str:
    """Return the missing column that this header might mean, or nothing."""
    free = [key for key, column in kind.known.items() if column.name not in sources]
    close = difflib.get_close_matches(header_key(header), free, 1, 0.6)
    return kind.known[close[0]].name if close else ""
