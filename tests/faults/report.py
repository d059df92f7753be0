"""The report that a long run leaves in docs/faults.md."""

import platform
from collections.abc import Mapping, Sequence
from dataclasses import astuple
from statistics import median

from faults.score import Outcome

_WORDS = ("attempted", "accepted", "applied", "lost", "duplicates seen", "double effects")


def markdown(outcome: Outcome, broken: Mapping[str, Outcome], arguments: str) -> str:
    """Everything that was counted, in the words that were asked for."""
    return "\n".join(
        [
            "# Faults",
            "",
            f'Written by `make faults ARGS="{arguments}"`. {_when(outcome)}',
            "",
            *_counted(outcome),
            "",
            *_recovered(outcome.recovered),
            "",
            *_invariants(outcome),
            "",
            *_broken(broken),
            "",
            *_LIMITS,
            "",
        ]
    )


def _when(outcome: Outcome) -> str:
    strikes = sum(map(len, outcome.recovered.values()))
    machine = f"{platform.system()}, Python {platform.python_version()}"
    return f"{strikes} faults in {outcome.seconds / 60:.0f} minutes, one after another under load; {machine}."


def _counted(outcome: Outcome) -> list[str]:
    rows = [(name, *map(str, astuple(score))) for name, score in outcome.scores().items()]
    return [
        *_table(("", *_WORDS), rows),
        "",
        "`requests`: sent in by HTTP and by a partner's message; applied: with exactly one work order. `commands`:",
        "HTTP calls with an Idempotency-Key; not accepted are those that a rule refused. `events`: each event times",
        "each service that takes it, accepted by the broker, applied by the service's inbox. Duplicates seen are those",
        "deliveries and calls that came again and were recognised.",
        "",
        f"Deliveries made again on purpose: {outcome.redelivered}. Dead letters sent again by hand, after which they",
        f"passed: {_listed(outcome.dead)}. Left, sent in unreadable on purpose: {_listed(outcome.parked)}.",
    ]


def _listed(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{count} {reason}" for reason, count in sorted(counts.items())) or "none"


def _recovered(recovered: Mapping[str, Sequence[float]]) -> list[str]:
    rows = [
        (kind, str(len(seconds)), f"{median(seconds):.1f}", f"{max(seconds):.1f}")
        for kind, seconds in recovered.items()
    ]
    return [
        "## Recovered in",
        "",
        "Seconds from the fault until a request that was sent in after it had been through all four services; what the",
        "server or the service takes to start again is part of it.",
        "",
        *_table(("fault", "times", "recovered in (median)", "at most"), rows),
    ]


def _invariants(outcome: Outcome) -> list[str]:
    rows = [(name, str(len(findings)) if findings else "holds") for name, findings in outcome.findings.items()]
    lines = ["## Invariants", "", *_table(("invariant", "contradictions"), rows)]
    if outcome.failures:
        lines += ["", "What was found:", "", *(f"- {failure.splitlines()[0]}" for failure in outcome.failures[:50])]
    return lines


def _broken(broken: Mapping[str, Outcome]) -> list[str]:
    rows = []
    for name, outcome in broken.items():
        shown = "; ".join(invariant for invariant, findings in outcome.findings.items() if findings) or "none"
        rows.append((f"`{name}`", str(outcome.lost), str(outcome.double_effects), shown))
    return [
        "## The same checks on broken variants",
        "",
        "One crash at a chosen moment each (`tests/faults/broken.py`); `sound` is the real system with four of them.",
        "",
        *_table(("variant", "lost", "double effects", "invariants that do not hold"), rows),
    ]


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    return [_row(head), _row(["---"] * len(head)), *map(_row, rows)]


def _row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


_LIMITS = (
    "## Known limits",
    "",
    "- RabbitMQ 3.10.8, killed with SIGKILL within about a second of making a quorum queue or a stream, forgets it",
    "  with all that it had confirmed. The runs wait for 15 s after the first start before they kill it.",
)
