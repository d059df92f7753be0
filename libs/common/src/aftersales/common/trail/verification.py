"""One verification of a service's audit trail: its anchors, its chains, and the documents that they speak of."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from time import perf_counter
from typing import Any

from pydantic import BaseModel, Field

from aftersales.common.mongo import Document, Mongo, digest
from aftersales.common.trail.anchors import Anchored, read_anchors
from aftersales.common.trail.exported import Anchor
from aftersales.common.work import audit

MOST_FINDINGS = 100
_DOCUMENTS = 100
_ROUNDS = 10
"""How often a document that does not fit is looked at again while it changes."""
_FIRST_ANCHOR_WITHIN = timedelta(days=1)
"""A record with a seal that is older than this, without any sealed anchor, means that the anchors were removed."""

Balance = dict[str, int]
"""Of one document's changes: how much more often each digest is a result than it is replaced; zeros are left out."""


class Finding(BaseModel):
    """Something that does not fit: a code and its parameters; words are in `messages/`."""

    code: str
    params: dict[str, Any] = Field(default_factory=dict)


class Report(BaseModel):
    """What a verification has looked at, and what it found."""

    chains: int = 0
    records: int = 0
    changes: int = 0
    documents: int = 0
    anchors: int = 0
    broken: int = 0
    """How many findings there are; `findings` holds the first hundred."""
    findings: list[Finding] = Field(default_factory=list)

    def wrong(self, code: str, **params: Any) -> None:
        self.broken += 1
        if len(self.findings) < MOST_FINDINGS:
            self.findings.append(Finding(code=code, params=params))


async def _no_pause(_seconds: float) -> None: ...


@dataclass
class Verification:
    """Verify a trail in small pages. `pause` is awaited after each page with the seconds that the page took."""

    mongo: Mongo
    keys: audit.Keys
    collections: Sequence[str]
    """Names of the collections whose changes are audited."""
    now: datetime
    known: Sequence[Anchor] = ()
    """Anchors that were kept outside the database."""
    pause: Callable[[float], Awaitable[None]] = _no_pause
    report: Report = field(default_factory=Report)

    async def run(self) -> Report:
        anchored = await read_anchors(self.mongo, self.keys)
        self._check_anchors(anchored)
        await self._check_chains(anchored)
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
        verdict = audit.Verdict(self.keys)
        seals = _Seals(self.keys, anchored)
        missing = {writer: dict(places) for writer, places in anchored.heads.items()}
        began = perf_counter()
        async for page in audit.pages(self.mongo):
            for record in page:
                seals.look_at(record)
                writer, seq = str(record.get("writer")), record.get("seq")
                if verdict.take(record) and missing.get(writer, {}).get(seq or 0) == record["hash"]:
                    del missing[writer][record["seq"]]
            await self._check_gone(page)
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

    async def _check_gone(self, page: Sequence[Document]) -> None:
        """Look for documents that these records name and that were removed without an audit record."""
        names = {name for record in page for name in _named_in(record)}
        there = await _states(self.mongo, names, existence=True)
        for name in await unaudited(self.mongo, sorted(names - there.keys())):
            self.report.wrong("audit.document_gone", document=name)

    async def _check_documents(self, collection: str) -> None:
        """Compare each document of a collection with what its audit records say."""
        after: Any = None
        while True:
            began = perf_counter()
            where = {} if after is None else {"_id": {"$gt": after}}
            rows = await self.mongo.rows(collection, where, sort=("_id",), limit=_DOCUMENTS, only=("_id",))
            if not rows:
                return
            after = rows[-1]["_id"]
            self.report.documents += len(rows)
            for name in await unaudited(self.mongo, [f"{collection}/{row['_id']}" for row in rows]):
                self.report.wrong("audit.document_changed", document=name)
            await self.pause(perf_counter() - began)


@dataclass
class _Seals:
    """Which records are sealed with a key, and which should be."""

    keys: audit.Keys
    anchored: Anchored
    absent: dict[str, int] = field(default_factory=dict)
    """Of each chain, the first record that should have a seal and has none."""
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


async def unaudited(mongo: Mongo, names: Sequence[str]) -> list[str]:
    """Return those of these documents (`<collection>/<id>`) that are not what their audit records made of them.

    Each change replaces one digest by another, so that the digests of a whole history cancel out, except the empty
    one that it began with and the one of the document as it is. This holds in whatever order the records of several
    writers are read. A document that changes meanwhile is looked at again, and counts only when the same two things
    do not fit twice.
    """
    seen: dict[str, tuple[str, Balance]] = {}
    wrong: list[str] = []
    suspects: Sequence[str] = names
    for _ in range(_ROUNDS):
        if not suspects:
            break
        states = await _states(mongo, suspects)
        balances = await _balances(mongo, suspects)
        found = {name: (states.get(name, ""), balances.get(name, {})) for name in suspects}
        misfits = {name: both for name, both in found.items() if both[1] != _expected(both[0])}
        wrong += [name for name, both in misfits.items() if seen.get(name) == both]
        seen = {name: both for name, both in misfits.items() if name not in wrong}
        suspects = list(seen)
        if suspects:
            await asyncio.sleep(0)
    return sorted(wrong)


def _named_in(record: Document) -> Iterator[str]:
    """Yield the documents that a record names, if it is one."""
    changes = record.get("changes")
    for change in changes if isinstance(changes, list) else ():
        if isinstance(change, dict) and isinstance(change.get("document"), str):
            yield change["document"]


def _expected(state: str) -> Balance:
    return {"": -1, state: 1} if state else {}


async def _states(mongo: Mongo, names: Sequence[str] | set[str], *, existence: bool = False) -> dict[str, str]:
    """Return the digest of each document that is there; an empty one where only `existence` is asked."""
    by_collection: dict[str, list[str]] = {}
    for name in names:
        collection, _, id = name.partition("/")
        by_collection.setdefault(collection, []).append(id)
    found: dict[str, str] = {}
    for collection, ids in by_collection.items():
        only = ("_id",) if existence else ()
        for row in await mongo.rows(collection, {"_id": {"$in": ids}}, only=only):
            found[f"{collection}/{row['_id']}"] = "" if existence else digest(row)
    return found


async def _balances(mongo: Mongo, names: Sequence[str]) -> dict[str, Balance]:
    """Add up the changes of each document, in the database."""
    among = {"changes.document": {"$in": list(names)}}
    sides = [{"digest": "$changes.before", "n": -1}, {"digest": "$changes.after", "n": 1}]
    pipeline: list[Document] = [
        {"$match": among},
        {"$project": {"changes.document": 1, "changes.before": 1, "changes.after": 1}},
        {"$unwind": "$changes"},
        {"$match": among},
        {"$project": {"document": "$changes.document", "side": sides}},
        {"$unwind": "$side"},
        {"$group": {"_id": {"document": "$document", "digest": "$side.digest"}, "n": {"$sum": "$side.n"}}},
        {"$match": {"n": {"$ne": 0}}},
    ]
    found: dict[str, Balance] = {}
    for row in await mongo.aggregate(audit.COLLECTION, pipeline):
        found.setdefault(row["_id"]["document"], {})[row["_id"]["digest"]] = row["n"]
    return found
