"""Exports of other systems, generated from the layouts in `layouts.toml`."""

import csv
import io
import tomllib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

_GIVEN = tomllib.loads(Path(__file__).with_name("layouts.toml").read_text("utf-8"))


class Person(NamedTuple):
    name: str
    phone: str
    address: str


@dataclass(frozen=True)
class Sheet:
    system: str
    kind: str
    people: str
    encoding: str
    headers: list[str]
    mapping: str
    cells: dict[str, str]
    closed: list[int] = field(default_factory=list)
    closing: dict[str, str] = field(default_factory=dict)
    titles: list[str] = field(default_factory=list)
    delimiter: str = ","

    def file(self, rows: int) -> bytes:
        names = next(csv.reader([",".join(self.headers)]))
        out = io.StringIO()
        writer = csv.writer(out, delimiter=self.delimiter)
        writer.writerows([title] for title in self.titles)
        writer.writerow(names)
        writer.writerows(self._row(at, names) for at in range(rows))
        return out.getvalue().encode(self.encoding)

    def person(self, at: int) -> Person:
        people = _GIVEN["people"][self.people]
        return Person(*people[at % len(people)])

    def _row(self, at: int, names: list[str]) -> list[str]:
        person = self.person(at)
        first, *_, last = person.name.split() * 2
        words: dict[str, Any] = {"n": f"{at + 1:03}", "first": first, "last": last, **person._asdict()}
        cells = self.cells | (self.closing if at in self.closed else {})
        return [cells.get(name, "").format(**words) for name in names]


SHEETS = tuple(Sheet(**given) for given in _GIVEN["sheets"])
