"""`make mutants ARGS="libs/policy/src/aftersales/policy/sla --sample 20"`: would the tests notice wrong code?

docs/tests.md says how to read what it prints.
"""

import argparse
import signal
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import yaml

sys.path.insert(0, str(Path(__file__).parents[1]))

from mutants.closest import area, closest
from mutants.places import Mutant, sample, sources
from mutants.trying import Copy, changed_files, copied

ROOT = Path(__file__).parents[2]
UNNOTICEABLE = Path("tests", "mutants", "unnoticeable.yaml")
Log = Callable[[str], None]


class Result(NamedTuple):
    mutant: Mutant
    outcome: str
    """`killed`, `survived`, or `unnoticeable`: it survived and stands in the list of those that no user can notice."""


class Trial:
    """Tries mutants in a copy; `results` has those that were tried, also after an interruption."""

    def __init__(self, root: Path, copy: Copy, asked: Sequence[str], log: Log) -> None:
        self._root, self._copy, self._asked, self._log = root, copy, asked, log
        self._known = unnoticeable(root)
        self._seconds: dict[frozenset[str], float] = {}
        self.results: list[Result] = []

    def attempt(self, mutants: Sequence[Mutant]) -> None:
        """Raises SystemExit where the tests fail although nothing was changed."""
        for number, mutant in enumerate(mutants, 1):
            few, rest = closest(self._root, mutant.file, self._asked)
            limit = self._limit([*few, *rest])
            began = time.monotonic()
            with self._copy.wrong(mutant):
                noticed = any(self._copy.run(tests, limit)[0] != "passed" for tests in (few, rest) if tests)
            outcome = "killed" if noticed else "unnoticeable" if _key(mutant) in self._known else "survived"
            self.results.append(Result(mutant, outcome))
            seconds = time.monotonic() - began
            place = f"{mutant.file.rpartition('/src/aftersales/')[2]}:{mutant.line}"
            self._log(f"{number:4}/{len(mutants)} {outcome:12} {seconds:5.0f} s  {place}  {mutant.operator}\n")

    def _limit(self, tests: list[str]) -> float:
        """Give the seconds after which a run hangs; the tests must have passed on the unchanged copy."""
        key = frozenset(tests)
        if key not in self._seconds:
            if not tests:
                sys.exit("there are no tests for this; say which with --tests")
            self._log(f"{len(tests)} test files without a change ... ")
            began = time.monotonic()
            ending, printed = self._copy.run(tests)
            if ending != "passed":
                sys.exit(f"they fail:\n{printed}")
            self._seconds[key] = time.monotonic() - began
            self._log(f"pass in {self._seconds[key]:.0f} s\n")
        return 2 * self._seconds[key] + 120


def unnoticeable(root: Path) -> set[tuple[str, str, str]]:
    path = root / UNNOTICEABLE
    listed: list[dict[str, Any]] = yaml.safe_load(path.read_text()) if path.exists() else []
    return {(one["file"], one["was"], one["now"]) for one in listed}


def _key(mutant: Mutant) -> tuple[str, str, str]:
    return mutant.file, *mutant.change


def report(results: Iterable[Result]) -> str:
    """The survivors with their diffs, and the score of each area: killed, of those that a user can notice."""
    areas: dict[str, Counter[str]] = defaultdict(Counter)
    lines = []
    for mutant, outcome in results:
        areas[area(mutant.file)][outcome] += 1
        lines += ["", *mutant.diff] if outcome == "survived" else []
    lines += ["", "| area | tried | killed | unnoticeable | survived | score |", "|---|---|---|---|---|---|"]
    for name, count in sorted(areas.items()):
        counted = count["killed"] + count["survived"]
        score = f"{count['killed'] / counted:.1%}" if counted else ""
        columns = (name, count.total(), count["killed"], count["unnoticeable"], count["survived"], score)
        lines.append(f"| {' | '.join(map(str, columns))} |")
    return "\n".join(lines) + "\n"


def log(text: str) -> None:
    sys.stdout.write(text)
    sys.stdout.flush()


def run(root: Path, given: argparse.Namespace) -> int:
    names = [*given.paths, *(changed_files(root, given.changed) if given.changed else ())]
    mutants = list(sample(sources(root, names), given.sample, given.seed))
    log(f"{len(mutants)} mutants, seed {given.seed}\n")
    with copied(root) as copy:
        trial = Trial(root, copy, given.tests, log)
        try:
            trial.attempt(mutants)
        except KeyboardInterrupt:
            log(f"interrupted after {len(trial.results)}\n")
            return 130
        finally:
            log(report(trial.results))
    return 0


def arguments(given: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make mutants", description="Would the tests notice if the code were wrong?")
    parser.add_argument("paths", nargs="*", help="files or folders below a src folder")
    parser.add_argument(
        "--changed", nargs="?", const="main", metavar="BRANCH", help="the files that differ from main (or that branch)"
    )
    parser.add_argument("--sample", type=int, metavar="N", help="so many places by chance; without it, all of them")
    parser.add_argument("--seed", type=int, default=1, help="the same seed gives the same sample of the same code")
    parser.add_argument(
        "--tests",
        nargs="+",
        default=(),
        metavar="PATTERN",
        help="instead of the tests folder of the service or library",
    )
    parsed = parser.parse_args(given)
    if not parsed.paths and not parsed.changed:
        parser.error("say which files or folders, or --changed")
    return parsed


def main(root: Path, said: Sequence[str]) -> int:
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    return run(root, arguments(said))


if __name__ == "__main__":
    sys.exit(main(ROOT, sys.argv[1:]))
