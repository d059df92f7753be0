"""The outcome of a run, in the report's words: attempted, accepted, applied, lost, duplicates seen, double effects."""

from dataclasses import dataclass, field

from faults.checks import Finding, check
from faults.checks.events import expected
from faults.evidence import Evidence


@dataclass(frozen=True)
class Score:
    """`duplicates seen`: deliveries and calls that came again and were recognised; the rest counts things."""

    attempted: int
    accepted: int
    applied: int
    lost: int
    duplicates_seen: int
    double_effects: int


@dataclass
class Outcome:
    seed: int
    evidence: Evidence
    duplicates: int
    """Deliveries that the services recognised as seen before, by their metrics."""
    redelivered: int = 0
    """Deliveries made again on purpose."""
    recovered: dict[str, list[float]] = field(default_factory=dict)
    dead: dict[str, int] = field(default_factory=dict)
    """Dead letters that were sent again by hand and then passed, by reason."""
    complaints: list[str] = field(default_factory=list)
    seconds: float = 0

    def __post_init__(self) -> None:
        self.findings: dict[str, list[Finding]] = check(self.evidence)

    @property
    def failures(self) -> list[str]:
        """Everything that should not have been; empty when all is well."""
        found = [f"{name}: {finding}" for name, findings in self.findings.items() for finding in findings]
        return found + self.complaints + self.evidence.ledger.problems

    def scores(self) -> dict[str, Score]:
        ledger, books = self.evidence.ledger, self.evidence.books
        requests = "each accepted request has exactly one work order"
        commands = "each accepted command has its effect once"
        accepted_commands = [command for command in ledger.commands.values() if command.accepted]
        again = sum(command.replayed for command in ledger.commands.values())
        pairs = list(expected(self.evidence))
        applied = sum(1 for service, id in pairs if id in books[service].inbox)
        unpublished = self._count("what was committed was published, and nothing else", "lost")
        lost = self._count("each event was applied once or is parked with a reason", "lost") + unpublished
        return {
            "requests": Score(
                len(ledger.attempts),
                len(ledger.accepted),
                max(0, len(ledger.accepted) - self._count(requests, "lost")),
                self._count(requests, "lost"),
                0,
                self._count(requests, "double"),
            ),
            "commands": Score(
                len(ledger.commands),
                len(accepted_commands),
                max(0, len(accepted_commands) - self._count(commands, "lost")),
                self._count(commands, "lost"),
                again,
                self._count(commands, "double"),
            ),
            "events": Score(
                len(pairs) + unpublished,
                len(pairs),
                applied,
                lost,
                self.duplicates,
                self._count("each event was applied once or is parked with a reason", "double")
                + self._count("delivered once more, no event changes anything", "double"),
            ),
        }

    @property
    def lost(self) -> int:
        return self._kind("lost")

    @property
    def double_effects(self) -> int:
        return self._kind("double")

    def _kind(self, kind: str) -> int:
        return sum(finding.kind == kind for findings in self.findings.values() for finding in findings)

    def _count(self, invariant: str, kind: str) -> int:
        return sum(finding.kind == kind for finding in self.findings[invariant])

    @property
    def parked(self) -> dict[str, int]:
        """Dead letters left at the end, by reason."""
        reasons: dict[str, int] = {}
        for books in self.evidence.books.values():
            for row in books.parked.values():
                reasons[row["reason"]] = reasons.get(row["reason"], 0) + 1
        return reasons
