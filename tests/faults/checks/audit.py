"""The audit trail: its chains are whole, and they tell how each document came to be what it is (ALL-5)."""

from collections import defaultdict, deque
from collections.abc import Iterator

from faults.checks.finding import Finding
from faults.declared import unaudited_in
from faults.evidence import Books, Document, Evidence

from aftersales.common.mongo import document_digest


def chain_verifies(evidence: Evidence) -> Iterator[Finding]:
    for service, books in evidence.books.items():
        for writer, seq in books.broken_chains.items():
            yield Finding("wrong", f"{service}: the chain of {writer} is broken at entry {seq}")


def tells_every_change(evidence: Evidence) -> Iterator[Finding]:
    """Each document's entries follow each other without a gap, and the last one is the document.

    Several writers may change it in turn: each has its entries in order, and digests say whose comes next.
    A piece of work that changes a document twice makes one entry of it: versions may leap, digests may not.
    """
    for service, books in evidence.books.items():
        entries: dict[str, dict[str, deque[Document]]] = defaultdict(lambda: defaultdict(deque))
        for entry in books.audit:
            entries[entry["document"]][_writer(entry)].append(entry)
        last: dict[str, Document] = {}
        for writers in entries.values():
            yield from _follows(service, list(writers.values()), last)
        yield from _ends(service, books, last)


def _writer(entry: Document) -> str:
    """Records are named `<writer>:<place in the chain>`."""
    name: str = entry["record"]
    return name.rpartition(":")[0]


def _follows(service: str, writers: list[deque[Document]], last: dict[str, Document]) -> Iterator[Finding]:
    """Take one writer's next entry after another, as long as one fits; the last one taken is noted."""
    version, state = 0, ""
    while waiting := [entries for entries in writers if entries]:
        fitting = [entries for entries in waiting if entries[0]["before"] == state]
        entry = min(fitting or waiting, key=lambda entries: entries[0]["at"]).popleft()
        if not fitting or 0 < entry["version"] <= version:
            step = f"{entry['document']} goes from version {version} to {entry['version']}"
            yield Finding("wrong", f"{service}: {step} in {entry['record']}")
        version, state = entry["version"], entry["after"]
        last[entry["document"]] = entry


def _ends(service: str, books: Books, last: dict[str, Document]) -> Iterator[Finding]:
    stored = {
        f"{collection}/{id}": document
        for collection, documents in (books.documents | {"parked": books.parked}).items()
        if collection not in unaudited_in(service)
        for id, document in documents.items()
    }
    for name in {*stored, *last}:
        told = last[name]["after"] if name in last else ""
        if told != (document_digest(stored[name]) if name in stored else ""):
            yield Finding("wrong", f"{service}: {name} is not what its last audit entry says")
