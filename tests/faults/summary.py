"""The outcome of a run as plain data, kept in a file, so that one report tells of several runs."""

import json
import subprocess
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import asdict, astuple, dataclass
from pathlib import Path
from statistics import median
from typing import Any, Self

from faults.score import Outcome
from faults.servers import RUNS

KEPT = RUNS / "outcomes"


@dataclass(frozen=True)
class Run:
    """How it was run."""

    plan: str
    arguments: str
    servers: str
    """What they are, and how many."""
    replicas: int
    commit: str


@dataclass(frozen=True)
class Summary:
    run: Run
    seconds: float
    scores: dict[str, list[int]]
    """`Score`, by what was counted."""
    published: int
    """Distinct events in the journal."""
    redelivered: int
    dead: dict[str, int]
    parked: dict[str, int]
    recovered: dict[str, list[float]]
    shown: list[dict[str, Any]]
    invariants: dict[str, int]
    failures: list[str]

    @classmethod
    def of(cls, run: Run, outcome: Outcome) -> Self:
        return cls(
            run,
            outcome.seconds,
            {name: list(astuple(score)) for name, score in outcome.scores().items()},
            len(outcome.evidence.events),
            outcome.redelivered,
            outcome.dead,
            outcome.parked,
            outcome.recovered,
            [asdict(shown) | {"probes": sorted(shown.probes)} for shown in outcome.evidence.shown],
            {name: len(findings) for name, findings in outcome.findings.items()},
            [failure.splitlines()[0][:300] for failure in outcome.failures[:50]],
        )

    def save(self) -> None:
        keep(self.run.plan, asdict(self))

    @property
    def faults(self) -> int:
        return sum(map(len, self.recovered.values()))

    def by_kind(self) -> list[tuple[str, ...]]:
        """Of each kind: how often, red and green within, what the probes named, recovered in (median, at most)."""
        shown: dict[str, list[dict[str, Any]]] = defaultdict(list)
        for one in self.shown:
            shown[one["kind"]].append(one)
        rows: list[tuple[str, ...]] = []
        for kind, seconds in self.recovered.items():
            probes = sorted({probe for one in shown[kind] for probe in one["probes"]})
            red = _most([one["red"] for one in shown[kind]])
            late = sum(len(one["silent"]) for one in shown[kind])
            red = f"{late} not" if late else red
            green = _most([one["green"] for one in shown[kind]])
            took = (f"{median(seconds):.1f}", f"{max(seconds):.1f}")
            rows.append((kind, str(len(seconds)), red, green, ", ".join(probes) or "-", *took))
        return rows


def _most(values: Sequence[float | None]) -> str:
    known = [value for value in values if value is not None]
    return f"{max(known):.1f}" if known else "-"


def keep(name: str, data: Any) -> None:
    KEPT.mkdir(parents=True, exist_ok=True)
    (KEPT / f"{name}.json").write_text(json.dumps(data, indent=1, ensure_ascii=False))


def kept(name: str) -> Any:
    """What was kept under this name, or None."""
    path = KEPT / f"{name}.json"
    return json.loads(path.read_text()) if path.exists() else None


def load(plan: str) -> Summary | None:
    data = kept(plan)
    return Summary(**data | {"run": Run(**data["run"])}) if data else None


def commit() -> str:
    """The version that runs, as Git names it; empty without Git."""
    command = ("git", "describe", "--always", "--dirty", "--exclude=*")
    done = subprocess.run(command, cwd=Path(__file__).parent, capture_output=True, text=True, check=False)
    return done.stdout.strip()
