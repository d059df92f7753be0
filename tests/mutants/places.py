"""The places of a file where something can be changed, and a sample of them; the same seed gives the same one."""

import ast
import difflib
import random
import warnings
from collections import defaultdict
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

from cosmic_ray.ast import ast_nodes, get_ast
from cosmic_ray.mutating import mutate_code
from mutants.operators import operators

OPERATORS = operators()
Position = tuple[int, int]


class Mutant(NamedTuple):
    file: str
    """From the root of the tree."""
    line: int
    operator: str
    before: str
    after: str

    @property
    def diff(self) -> list[str]:
        before, after = self.before.splitlines(), self.after.splitlines()
        return list(difflib.unified_diff(before, after, self.file, self.file, lineterm="", n=1))

    @property
    def change(self) -> tuple[str, str]:
        """The lines that differ, as they were and as they are now."""
        changed = [line for line in self.diff[2:] if line[0] in "+-"]
        was, now = ("\n".join(line[1:].strip() for line in changed if line[0] == sign) for sign in "-+")
        return was, now


class Place(NamedTuple):
    """Where one kind of operator applies, with each way in which it does."""

    file: str
    start: Position
    kind: str
    ways: tuple[tuple[str, int], ...]


def places(file: str, source: str) -> list[Place]:
    tree, notes = get_ast(source), list(_annotations(source))
    found: dict[tuple[Position, str], list[tuple[str, int]]] = defaultdict(list)
    for name, operator in OPERATORS.items():
        spots = (span for node in ast_nodes(tree) for span in operator.mutation_positions(node))
        for occurrence, (start, _) in enumerate(spots):
            if not any(first <= start < last for first, last in notes):
                found[start, name.partition("_")[0]].append((name, occurrence))
    return [Place(file, start, kind, tuple(ways)) for (start, kind), ways in sorted(found.items())]


def _annotations(source: str) -> Iterator[tuple[Position, Position]]:
    """Yield where they begin and end: mypy looks after types, and what cannot be imported tells nothing of tests."""
    lines = source.splitlines()

    def at(line: int, octets: int) -> Position:
        return line, len(lines[line - 1].encode()[:octets].decode())

    for node in ast.walk(ast.parse(source)):
        for name in ("annotation", "returns"):
            if note := getattr(node, name, None):
                yield at(note.lineno, note.col_offset), at(note.end_lineno, note.end_col_offset)


def sample(files: Iterable[tuple[str, str]], number: int | None, seed: int) -> Iterator[Mutant]:
    """Yield one mutant for each of so many places (None: of all of them) of these files and their sources."""
    sources = dict(files)
    every = [place for file in sorted(sources) for place in places(file, sources[file])]
    chance = random.Random(seed)
    chance.shuffle(every)
    wanted = len(every) if number is None else number
    for place in every:
        if wanted and (mutant := _made(place, sources[place.file], chance)):
            wanted -= 1
            yield mutant


def _made(place: Place, source: str, chance: random.Random) -> Mutant | None:
    """Make one of the place's mutants; None when none of them is Python."""
    for name, occurrence in chance.sample(place.ways, len(place.ways)):
        after = mutate_code(source, OPERATORS[name], occurrence)
        if after and after != source and _compiles(after):
            return Mutant(place.file, place.start[0], name, source, after)
    return None


def _compiles(source: str) -> bool:
    try:
        with warnings.catch_warnings(action="ignore"):
            compile(source, "mutant", "exec")
    except SyntaxError:
        return False
    return True


def sources(root: Path, given: Iterable[str]) -> Iterator[tuple[str, str]]:
    """Yield the files of these folders and files that belong to a package of ours, with their text."""
    for name in given:
        path = root / name
        for file in sorted(path.rglob("*.py")) if path.is_dir() else [path]:
            if "src" in file.relative_to(root).parts:
                yield file.relative_to(root).as_posix(), file.read_text()
