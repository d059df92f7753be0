"""One verification of a service's audit trail: its anchors, its chains, and the documents that they name."""

from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from time import perf_counter
from typing import Any

from pydantic import BaseModel, Field

from aftersales.common.mongo import Document, Mongo
from aftersales.common.trail.anchors import Anchored, read_anchors
from aftersales.common.trail.balance import BASES, document_digests, find_unaudited
from aftersales.common.work import audit, values
from aftersales.values.anchors import Anchor

MOST_FINDINGS = 100
_DOCUMENTS = 100
_RECORDS = 10
"""Audit records whose values are read together; a record has those of a whole group."""
_FIRST_ANCHOR_WITHIN = timedelta(days=1)
"""If a sealed record is older than this and no anchor is sealed, the anchors were removed."""


class Finding(BaseModel):
    """Something that does not fit: a code and its parameters; texts are in `messages/`."""

    code: str
    params: dict[str, Any] = Field(default_factory=dict)


class Report(BaseModel):
    """The extent of a verification, and its findings."""

    chains: int = 0
    records: int = 0
    changes: int = 0
    documents: int = 0
    anchors: int = 0
    readable: int = 0
    """Changes whose values before and after can be read and are those that the record proves."""
    erased: int = 0
    """Changes whose values were erased; who, when and why are still proved."""
    digest_only: int = 0
    """Changes without values, from before they were stored or made by the archive."""
    broken: int = 0
    """The number of findings; `findings` has the first hundred."""
    findings: list[Finding] = Field(default_factory=list)

    def wrong(self, code: str, **params: Any) -> None:
        self.broken += 1
        if len(self.findings) < MOST_FINDINGS:
            self.findings.append(Finding(code=code, params=params))


async def _no_pause(_seconds: float) -> None: ...


@dataclass
class Verification:
    """Verifies a trail in small pages. `pause` is awaited after each page with the seconds that the page took."""

    mongo: Mongo
    keys: audit.Keys
    collections: Sequence[str]
    """Names of the collections whose changes are audited."""
    now: datetime
    known: Sequence[Anchor] = ()
    """Anchors that were stored outside the database."""
    pause: Callable[[float], Awaitable[None]] = _no_pause
    report: Report = field(default_factory=Report)

    _gone: set[str] = field(default_factory=set)
    """Documents found to be gone, because several records name each."""

    async def run(self) -> Report:
        anchored = await read_anchors(self.mongo, self.keys)
        self._check_anchors(anchored)
        await self._check_chains(anchored)
        await self._check_bases()
        for collection in self.collections:
            await self._check_documents(collection)
        return self.report

    def _check_anchors(self, anchored: Anchored) -> None:
        self.report.anchors = anchored.count
        for number in anchored.broken:
            self.report.wrong("audit.anchor_broken", number=number)
        for anchor in self.known:
            if anchored.hashes.get(anchor.number) != anchor.hash:
                self.report.wrong("audit.anchor_missing", number=anchor.number, at=f"{anchor.at:%Y-%m-%d %H:%M} UTC")

    async def _check_chains(self, anchored: Anchored) -> None:
        verdict = await audit.begin_verification(self.mongo, self.keys)
        seals = _Seals(self.keys, anchored)
        missing = _still_there(anchored, verdict)
        began = perf_counter()
        async for page in audit.read_pages(self.mongo):
            for record in page:
                seals.look_at(record)
                writer, seq = str(record.get("writer")), record.get("seq")
                if verdict.take(record) and missing.get(writer, {}).get(seq or 0) == record["hash"]:
                    del missing[writer][record["seq"]]
            await self._check_gone({change["document"] for record in page for _, change in _changes_in(record)})
            await self._check_values(page)
            await self.pause(perf_counter() - began)
            began = perf_counter()
        for writer, seq in verdict.broken.items():
            self.report.wrong("audit.record_broken", writer=writer, seq=seq)
        for writer, seq in seals.absent.items():
            self.report.wrong("audit.record_unsealed", writer=writer, seq=seq)
        for key in sorted(seals.unknown):
            self.report.wrong("audit.key_unknown", key=key)
        for writer, places in missing.items():
            if places:
                self.report.wrong("audit.head_missing", writer=writer, seq=min(places))
        if seals.since and anchored.unsealed is None and seals.since < self.now - _FIRST_ANCHOR_WITHIN:
            self.report.wrong("audit.anchors_missing")
        self.report.chains, self.report.records = verdict.chains, verdict.records
        self.report.changes = verdict.changes

    async def _check_gone(self, names: set[str]) -> None:
        """Find documents that records name and that were removed without a record.

        Collections that were audited once and are no longer have no records of what came later.
        """
        names = {name for name in names if name.partition("/")[0] in self.collections}
        there = await document_digests(self.mongo, names, existence=True)
        for name in await find_unaudited(self.mongo, self.keys, sorted(names - there.keys() - self._gone)):
            self._gone.add(name)
            self.report.wrong("audit.document_gone", document=name)

    async def _check_values(self, page: Sequence[Document]) -> None:
        """Compare the values of each change with the digest in its record."""
        for start in range(0, len(page), _RECORDS):
            records = page[start : start + _RECORDS]
            changes = {(record["_id"], place): change for record in records for place, change in _changes_in(record)}
            found = await values.read_values(self.mongo, changes)
            for place, change in changes.items():
                self._count(change, values.state_of(change.get("values"), found.get(place)))

    def _count(self, change: Document, state: values.ValuesState) -> None:
        if state == "altered":
            self.report.wrong("audit.values_changed", document=change["document"], version=change.get("version"))
        else:
            setattr(self.report, state, getattr(self.report, state) + 1)

    async def _check_bases(self) -> None:
        """Find documents that were removed without a record and whose earlier records are all archived."""
        after = ""
        while rows := await self.mongo.rows(BASES, {"_id": {"$gt": after}}, sort=("_id",), limit=_DOCUMENTS):
            began = perf_counter()
            after = rows[-1]["_id"]
            await self._check_gone({row["_id"] for row in rows})
            await self.pause(perf_counter() - began)

    async def _check_documents(self, collection: str) -> None:
        """Compare each document of a collection with its audit records."""
        after: Any = None
        while True:
            began = perf_counter()
            where = {} if after is None else {"_id": {"$gt": after}}
            rows = await self.mongo.rows(collection, where, sort=("_id",), limit=_DOCUMENTS, only=("_id",))
            if not rows:
                return
            after = rows[-1]["_id"]
            self.report.documents += len(rows)
            for name in await find_unaudited(self.mongo, self.keys, [f"{collection}/{row['_id']}" for row in rows]):
                self.report.wrong("audit.document_changed", document=name)
            await self.pause(perf_counter() - began)


@dataclass
class _Seals:
    """The records that are sealed with a key, and those that should be."""

    keys: audit.Keys
    anchored: Anchored
    absent: dict[str, int] = field(default_factory=dict)
    """The first record of each chain that should have a seal and has none."""
    unknown: set[str] = field(default_factory=set)
    """Ids of keys that are not known here."""
    since: datetime | None = None
    """The time of the oldest sealed record."""

    def look_at(self, record: Document) -> None:
        writer, seq, key, at = (record.get(name) for name in ("writer", "seq", "key", "at"))
        if key is None:
            vouched = (self.anchored.unsealed or {}).get(str(writer), 0)
            if self.keys and self.anchored.unsealed is not None and isinstance(seq, int) and seq > vouched:
                self.absent[str(writer)] = min(seq, self.absent.get(str(writer), seq))
        elif not self.keys.knows(key):
            self.unknown.add(str(key))
        elif isinstance(at, datetime):
            self.since = min(self.since or at, at)


def _still_there(anchored: Anchored, verdict: audit.Verdict) -> dict[str, dict[int, str]]:
    """Return the anchored records that were not archived: hashes by chain and sequence number."""
    archived = {writer: head["seq"] for writer, head in verdict.heads.items()}
    return {
        writer: {seq: hash for seq, hash in places.items() if seq > archived.get(writer, 0)}
        for writer, places in anchored.heads.items()
    }


def _changes_in(record: Document) -> Iterator[tuple[int, Document]]:
    """Yield the changes of a record with their places, if they are well-formed."""
    changes = record.get("changes")
    for place, change in enumerate(changes if isinstance(changes, list) else ()):
        if isinstance(change, dict) and isinstance(change.get("document"), str):
            yield place, change
