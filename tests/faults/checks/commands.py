"""HTTP commands with an Idempotency-Key: however often they were sent, their effect is there once."""

import hashlib
from collections import Counter, defaultdict
from collections.abc import Iterator

from faults.checks.finding import Finding
from faults.evidence import Document, Evidence
from faults.ledger import Command
from faults.wire import ACTOR


def applied_once(evidence: Evidence) -> Iterator[Finding]:
    caused: dict[tuple[str, str], list[Document]] = defaultdict(list)
    for service, books in evidence.books.items():
        for entry in books.audit:
            caused[service, entry["causation"]].append(entry)
    for command in evidence.ledger.commands.values():
        answers = evidence.books[command.service].answers
        yield from _checked(command, caused[command.service, command.key], answers)


def _checked(command: Command, entries: list[Document], answers: dict[str, Document]) -> Iterator[Finding]:
    name = f"{command.method} {command.service}{command.path} ({command.key})"
    times = Counter(entry["document"] for entry in entries)
    if again := sorted(document for document, count in times.items() if count > 1):
        yield Finding("double", f"{name} changed {', '.join(again)} more than once")
    if command.accepted:
        stored = answers.get(answer_id(command), {}).get("answer", {})
        if stored.get("status") != command.status:
            yield Finding("lost", f"{name} was answered {command.status}, which is not in the database")
        if command.version and entries and all(entry["version"] != command.version for entry in entries):
            yield Finding("wrong", f"{name} was answered version {command.version}, which it did not make")
    elif command.status is not None and entries:
        yield Finding("wrong", f"{name} was refused with {command.status} and changed {', '.join(sorted(times))}")


def answer_id(command: Command) -> str:
    """Where the service keeps its answer to this key."""
    where = f"{ACTOR}|{command.method}|{command.path}|{command.key}"
    return hashlib.sha256(where.encode()).hexdigest()
