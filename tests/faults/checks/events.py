"""From the outbox to the journal, and from the journal to each consumer's inbox."""

from collections import Counter
from collections.abc import Iterator

from faults.checks.finding import Finding
from faults.declared import consumed_by
from faults.evidence import Books, Evidence

from aftersales.common.events import REGISTRY
from aftersales.common.mongo import Document

Pair = tuple[str, str]
"""A service, and the id of an event that it takes."""


def published_as_committed(evidence: Evidence) -> Iterator[Finding]:
    """Every event that a transaction put into an outbox is in the journal, and every one there came so.

    A dead letter that is sent again goes through the outbox too, to one queue only: it is told by its key.
    """
    published = {id: event["type"] for id, event in evidence.events.items()}
    committed = {id: key for books in evidence.books.values() for id, key in books.committed.items() if key in REGISTRY}
    own = {f"/aftersales/{service}" for service in evidence.books}
    for id, type in committed.items():
        if id not in published:
            yield Finding("lost", f"{type} {id} was committed and never published")
    for id, event in evidence.events.items():
        if id not in committed and event["source"] in own:
            yield Finding("wrong", f"{event['type']} {id} was published and never committed")
    for service, books in evidence.books.items():
        for row in books.outbox:
            yield Finding("lost", f"{row['key']} {row['id']} is still in the outbox of {service}")


def applied_once_or_parked(evidence: Evidence) -> Iterator[Finding]:
    types = {id: event["type"] for id, event in evidence.events.items()}
    caused = {service: {entry["causation"] for entry in books.audit} for service, books in evidence.books.items()}
    parked = {service: _by_event(books) for service, books in evidence.books.items()}
    for service, id in expected(evidence):
        books = evidence.books[service]
        if id in books.inbox and id in parked[service]:
            yield Finding("wrong", f"{types[id]} {id} was applied by {service} and is parked all the same")
        if id in books.inbox or id in parked[service]:
            continue
        if id in caused[service]:
            yield Finding("wrong", f"{types[id]} {id} was applied by {service} and is not in its inbox")
        else:
            yield Finding("lost", f"{types[id]} {id} was neither applied nor parked by {service}")
    yield from _doubles(evidence)
    yield from _parked(evidence)
    for queue, count in evidence.stuck.items():
        yield Finding("wrong", f"{count} messages stay in {queue}")


def handled_is_not_parked(evidence: Evidence) -> Iterator[Finding]:
    """Sent again once the inbox has forgotten it, it would have its effect twice."""
    for event in evidence.handled_and_parked:
        yield Finding("wrong", f"{event} was handled and parked")
    for service, books in evidence.books.items():
        for row in books.parked.values():
            if row["event_id"] in books.inbox:
                yield Finding("wrong", f"{row['event_type']} {row['event_id']} is handled and parked by {service}")


def repeat_changes_nothing(evidence: Evidence) -> Iterator[Finding]:
    for document in evidence.changed_by_repeat:
        yield Finding("double", f"{document} changed when every event was delivered once more")


def _doubles(evidence: Evidence) -> Iterator[Finding]:
    commands = evidence.ledger.commands
    for service, books in evidence.books.items():
        effects = Counter((entry["causation"], entry["document"]) for entry in books.audit if entry["causation"])
        for (cause, document), times in effects.items():
            if times > 1 and cause not in commands:
                yield Finding("double", f"{cause} changed {document} of {service} {times} times")


def _parked(evidence: Evidence) -> Iterator[Finding]:
    """What means nothing is kept, and whatever is kept says why."""
    for service, books in evidence.books.items():
        for id, row in books.parked.items():
            if not row["reason"]:
                yield Finding("wrong", f"{id} is parked at {service} without a reason")
    if "intake" in evidence.books:
        parked = _by_event(evidence.books["intake"])
        for id in evidence.ledger.malformed:
            if parked.get(id, {}).get("reason") != "event.malformed":
                yield Finding("lost", f"the unreadable message {id} is not parked as such")


def _by_event(books: Books) -> dict[str, Document]:
    return {row["event_id"]: row for row in books.parked.values()}


def expected(evidence: Evidence) -> Iterator[Pair]:
    """Each event that was published, with each service that takes it."""
    for service in evidence.books:
        types = consumed_by(service)
        yield from ((service, id) for id, event in evidence.events.items() if event["type"] in types)
