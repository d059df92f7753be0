"""The audit trail: its chain is whole, and it tells how each document came to be what it is (ALL-5)."""

from collections.abc import Iterator

from faults.checks.finding import Finding
from faults.declared import unaudited_in
from faults.evidence import Books, Document, Evidence

from aftersales.common.mongo import digest


def chain_verifies(evidence: Evidence) -> Iterator[Finding]:
    for service, books in evidence.books.items():
        for writer, seq in books.broken_chains.items():
            yield Finding("wrong", f"{service}: the chain of {writer} is broken at entry {seq}")


def tells_every_change(evidence: Evidence) -> Iterator[Finding]:
    """Each document's entries follow each other without a gap, and the last one is the document.

    A piece of work that changes a document twice makes one entry of it: versions may leap, digests may not.
    """
    for service, books in evidence.books.items():
        last: dict[str, Document] = {}
        for entry in books.audit:
            before = last.get(entry["document"])
            yield from _follows(service, before, entry)
            last[entry["document"]] = entry
        yield from _ends(service, books, last)


def _follows(service: str, before: Document | None, entry: Document) -> Iterator[Finding]:
    version, digest_before = (before["version"], before["after"]) if before else (0, "")
    if entry["before"] != digest_before or 0 < entry["version"] <= version:
        what = f"{service}: {entry['document']} goes from version {version} to {entry['version']} in {entry['record']}"
        yield Finding("wrong", what)


def _ends(service: str, books: Books, last: dict[str, Document]) -> Iterator[Finding]:
    stored = {
        f"{collection}/{id}": document
        for collection, documents in (books.documents | {"parked": books.parked}).items()
        if collection not in unaudited_in(service)
        for id, document in documents.items()
    }
    for name in {*stored, *last}:
        told = last[name]["after"] if name in last else ""
        if told != (digest(stored[name]) if name in stored else ""):
            yield Finding("wrong", f"{service}: {name} is not what its last audit entry says")
