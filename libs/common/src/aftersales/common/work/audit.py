"""The audit trail (ALL-5). It records who changed what, when and why: a hash chain per writer, a record per commit."""

import hashlib
import hmac
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import NotRequired, TypedDict

from aftersales.common.mongo import Document, Index, Mongo, document_digest

COLLECTION = "audit"
ARCHIVED_HEADS = "audit_heads"
"""The last archived record of each chain whose beginning was archived."""
INDEXES = (Index("changes.document"),)
RECORDS_PER_PAGE = 100
"""Records per read; a record has all changes of a group."""


class Change(TypedDict):
    """One change of one document. `before` and `after` are its digests, empty if there is no document.

    `values` is the digest of the values before and after, which are stored beside (`work.values`). It is empty if there
    are none; records from before they were stored lack it.
    """

    document: str
    version: int
    before: str
    after: str
    who: str
    why: str
    correlation: str
    causation: str
    values: NotRequired[str]
    subject: NotRequired[str]
    """The subject of the caller's token."""


class Keys:
    """The secret keys for audit records and anchors. The first key seals; all of them verify.

    A sealed hash is HMAC-SHA256 (RFC 2104) over the SHA-256 of the document's BSON. The field `key` identifies the key
    by the beginning of a hash of it. Without a key, the hash is the plain SHA-256, which anyone with write access can
    compute.
    """

    def __init__(self, text: str = "") -> None:
        self._keys = {_key_id(key): key.encode() for key in text.split()}

    def __bool__(self) -> bool:
        return bool(self._keys)

    def knows(self, id: object) -> bool:
        return id in self._keys

    def seal(self, document: Document) -> Document:
        """Return the document with its `hash`, and with its `key` if there is one."""
        if not self._keys:
            return document | {"hash": document_digest(document)}
        id = next(iter(self._keys))
        named = document | {"key": id}
        return named | {"hash": self._hash(id, named)}

    def fits(self, sealed: Document) -> bool:
        """Return whether the hash matches the content; False if the key is unknown."""
        content = {name: value for name, value in sealed.items() if name != "hash"}
        id = sealed.get("key")
        if id is None:
            return hmac.compare_digest(document_digest(content), str(sealed.get("hash")))
        return self.knows(id) and hmac.compare_digest(self._hash(id, content), str(sealed.get("hash")))

    def _hash(self, id: str, content: Document) -> str:
        return hmac.new(self._keys[id], document_digest(content).encode(), hashlib.sha256).hexdigest()


def _key_id(key: str) -> str:
    return hashlib.sha256(f"aftersales audit key|{key}".encode()).hexdigest()[:8]


def record_id(writer: str, seq: int) -> str:
    """Return the id of a record: unique, and in the order of the chain.

    A colon in the writer's name is escaped; otherwise the records of `host:8101` would be among those of `host`.
    """
    name = writer.replace("%", "%25").replace(":", "%3A")
    return f"{name}:{seq:015d}"


LAST = 10**15 - 1
"""The highest sequence number in a chain."""


class Head(TypedDict):
    """The newest record of a writer's chain."""

    writer: str
    seq: int
    hash: str


class Chain:
    """The head of one writer's chain. If two writers have the same name, the second to extend it gets a conflict."""

    def __init__(self, writer: str, keys: Keys | None = None) -> None:
        self.writer = writer
        self.seq = 0
        self.hash = ""
        self._keys = keys or Keys()

    async def reload(self, mongo: Mongo) -> None:
        own = {"_id": {"$gte": record_id(self.writer, 0), "$lte": record_id(self.writer, LAST)}}
        last = await mongo.rows(COLLECTION, own, sort=("-_id",), limit=1)
        self.seq, self.hash = (last[0]["seq"], last[0]["hash"]) if last else (0, "")

    def extend(self, changes: list[Change], at: datetime) -> Document | None:
        """Return the record to insert, or None if nothing changed. `advance` moves the head after the commit."""
        if not changes:
            return None
        seq = self.seq + 1
        place: Document = {"_id": record_id(self.writer, seq), "writer": self.writer, "seq": seq}
        return self._keys.seal(place | {"at": at, "previous": self.hash, "changes": changes})

    def advance(self, record: Document) -> None:
        self.seq, self.hash = record["seq"], record["hash"]


async def read_changes(mongo: Mongo, document: str) -> list[Change]:
    """Return all changes of one document (`<collection>/<id>`), in the order of the writers' clocks."""
    records = await mongo.rows(COLLECTION, {"changes.document": document}, sort=("at", "_id"))
    return [change for record in records for change in record["changes"] if change["document"] == document]


async def read_heads(mongo: Mongo) -> list[Head]:
    """Return the newest record of every chain, with two index seeks for each writer."""
    found: list[Head] = []
    after = ""
    while first := await mongo.rows(COLLECTION, {"_id": {"$gt": after}}, sort=("_id",), limit=1, only=("_id",)):
        start = str(first[0]["_id"])
        after = max(start, f"{start.rpartition(':')[0]}:{LAST:015d}")
        (last,) = await mongo.rows(
            COLLECTION, {"_id": {"$lte": after}}, sort=("-_id",), limit=1, only=("writer", "seq", "hash")
        )
        writer, seq = last.get("writer"), last.get("seq")
        if isinstance(writer, str) and isinstance(seq, int) and last["_id"] == record_id(writer, seq):
            found.append(Head(writer=writer, seq=seq, hash=str(last.get("hash"))))
    return found


async def read_pages(mongo: Mongo) -> AsyncIterator[list[Document]]:
    """Yield all records in pages, chain by chain, in the order of each chain."""
    page = await mongo.rows(COLLECTION, {}, sort=("_id",), limit=RECORDS_PER_PAGE)
    while page:
        yield page
        page = await mongo.rows(COLLECTION, {"_id": {"$gt": page[-1]["_id"]}}, sort=("_id",), limit=RECORDS_PER_PAGE)


@dataclass
class Verdict:
    """The result of `verify_chains`. `broken` has the first wrong record of each broken chain."""

    keys: Keys = field(default_factory=Keys)
    chains: int = 0
    records: int = 0
    changes: int = 0
    broken: dict[str, int] = field(default_factory=dict)
    heads: dict[str, Head] = field(default_factory=dict)

    def take(self, record: Document) -> bool:
        """Check the next record of its chain and return whether it fits. A malformed record counts as broken."""
        try:
            writer, seq, changes = str(record["writer"]), int(record["seq"]), len(record["changes"])
            before = self.heads.get(writer) or Head(writer=writer, seq=0, hash="")
            fits = record["_id"] == record_id(writer, seq) and seq == before["seq"] + 1
            fits = fits and record["previous"] == before["hash"] and self.keys.fits(record)
            head = Head(writer=writer, seq=seq, hash=str(record["hash"]))
        except (KeyError, TypeError, ValueError):
            self.broken.setdefault(str(record["_id"]), 0)
            return False
        self.chains += writer not in self.heads
        self.heads[writer] = head
        self.records += 1
        self.changes += changes
        if not fits:
            self.broken.setdefault(writer, seq)
        return fits


async def begin_verification(mongo: Mongo, keys: Keys) -> Verdict:
    """Return an empty verdict in which each archived chain continues after its last archived record."""
    verdict = Verdict(keys)
    for row in await mongo.rows(ARCHIVED_HEADS, {}):
        if keys.fits(row):
            verdict.heads[row["_id"]] = Head(writer=row["_id"], seq=row["seq"], hash=row["last"])
        else:
            verdict.broken[row["_id"]] = row.get("seq", 0)
    verdict.chains = len(verdict.heads)
    return verdict


async def verify_chains(mongo: Mongo, keys: Keys | None = None) -> Verdict:
    """Recompute every chain. The other daily checks are in `aftersales.common.trail`."""
    found = await begin_verification(mongo, keys or Keys())
    async for page in read_pages(mongo):
        for record in page:
            found.take(record)
    return found
