"""Reads docs/rulebook.md: what the business asks, and how much of it works.

`contracts/rulebook.py` lists every rule with its status; `--check` names the open ones, and fails when a rule that is
cited stands nowhere, or when no test cites one that works.
"""

import argparse
import re
import sys
from collections import Counter
from collections.abc import Iterator
from itertools import zip_longest
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[1]
PAGE = Path("docs", "rulebook.md")
STATUSES = ("done", "in part", "open")
KINDS = ("ALL", "INT", "DSP", "INV", "FBK")
TESTS = Path("tests")
_CITING = ("libs", "services", "contracts", "deploy", "bench", "docs", "tests")
_SUFFIXES = {".py", ".md", ".yaml", ".yml", ".toml", ".json", ".html"}
_ID = re.compile(rf"\b(?:{'|'.join(KINDS)})-[0-9]+\b")
_TEST = re.compile(rf"def test_(?:\w+_)?({'|'.join(KINDS)})_([0-9]+)(?:_\w+)?\(", re.IGNORECASE)
_RULE = re.compile(r"^### (\S+)\n(.*?)(?=^##|\Z)", re.MULTILINE | re.DOTALL)
_TITLE = re.compile(r"\*\*(.+?)\.\*\*")
_ITEM = re.compile(r"^- ([A-Z][a-z ]+): (.+(?:\n  .+)*)", re.MULTILINE)


class Rule(NamedTuple):
    """One rule of the page; `items` are its lines such as `- Status: done`, by their names."""

    id: str
    title: str
    items: dict[str, str]

    @property
    def status(self) -> str:
        return self.items.get("Status", "")

    @property
    def is_open(self) -> bool:
        return self.status == "open"


def rules(root: Path = ROOT) -> tuple[Rule, ...]:
    """Every rule, in the order of the page."""
    return tuple(_rule(id, text) for id, text in _RULE.findall((root / PAGE).read_text()))


def _rule(id: str, text: str) -> Rule:
    title = _TITLE.search(text)
    items = {name: " ".join(said.split()) for name, said in _ITEM.findall(text)}
    return Rule(id, title[1] if title else "", items)


def flaws(root: Path = ROOT) -> Iterator[str]:
    """What is wrong with the page, and with those that cite it."""
    known = rules(root)
    yield from _misnumbered([rule.id for rule in known])
    for rule in known:
        yield from (f"{rule.id} has no {name}" for name in ("Source", "Lives in", "Status") if name not in rule.items)
        if not rule.title:
            yield f"{rule.id} has no title"
        if rule.status not in STATUSES:
            yield f"{rule.id}: the status is {rule.status!r}, not one of {', '.join(STATUSES)}"
        if ("Missing" in rule.items) == (rule.status == "done"):
            yield f"{rule.id} is {rule.status}: {'nothing is' if rule.status == 'done' else 'say what is'} missing"
    ids, tested = {rule.id for rule in known}, set[str]()
    for file, cited in citations(root):
        yield from (f"{file} cites {id}, which the rulebook does not have" for id in sorted(cited - ids))
        if file.parts[0] == TESTS.name:
            tested |= cited
    yield from (f"no test cites {rule.id}, which is {rule.status}" for rule in known if untested(rule, tested))


def untested(rule: Rule, tested: set[str]) -> bool:
    return not rule.is_open and rule.id not in tested


def _misnumbered(ids: list[str]) -> Iterator[str]:
    counts = Counter(id.split("-")[0] for id in ids)
    wanted = [f"{kind}-{number}" for kind in KINDS for number in range(1, counts[kind] + 1)]
    if ids != wanted:
        first = next(id for id, other in zip_longest(ids, wanted) if id != other)
        yield f"the rules are not numbered one after another, from {first} on"


def citations(root: Path = ROOT) -> Iterator[tuple[Path, set[str]]]:
    """Files of the checkout, each with the ids that it cites; a test also by its name (`test_int_3_…`)."""
    found = [file for folder in _CITING for file in sorted((root / folder).rglob("*"))]
    for file in (*found, *sorted(root.glob("*.md"))):
        if file.suffix in _SUFFIXES and file.is_file() and file != root / PAGE:
            text = file.read_text()
            by_name = {f"{kind.upper()}-{number}" for kind, number in _TEST.findall(text)}
            if cited := {*_ID.findall(text), *by_name}:
                yield file.relative_to(root), cited


def listed(known: tuple[Rule, ...]) -> Iterator[str]:
    """One line a rule, what is missing beneath it, and how many there are of each status."""
    for rule in known:
        yield f"{rule.id:7} {rule.status:8} {rule.title}"
        yield from (f"{'':17}{name}: {rule.items[name]}" for name in ("Missing", "Note") if name in rule.items)
    for kind in KINDS:
        yield f"{kind}: {_counted([rule for rule in known if rule.id.startswith(kind)])}"
    yield f"{len(known)} rules: {_counted(known)}"


def _counted(known: tuple[Rule, ...] | list[Rule]) -> str:
    counts = Counter(rule.status for rule in known)
    return ", ".join(f"{counts[status]} {status}" for status in STATUSES)


def main(arguments: list[str], root: Path = ROOT) -> int:
    """Run the program for the checkout at `root`; its exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="name the open rules; fail when page and checkout differ")
    if not parser.parse_args(arguments).check:
        print("\n".join(listed(rules(root))))
        return 0
    waiting = [rule.id for rule in rules(root) if rule.is_open]
    print(f"{len(waiting)} open rules ({PAGE}): {', '.join(waiting)}")
    wrong = list(flaws(root))
    for flaw in wrong:
        print(f"rulebook: {flaw}", file=sys.stderr)
    return bool(wrong)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
