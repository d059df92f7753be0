"""The identity map of a group: each document once, read in as few round trips as possible."""

import asyncio
from collections import defaultdict
from collections.abc import Callable, Container, Iterable, Mapping, Sequence
from dataclasses import dataclass
from operator import attrgetter
from typing import Any, TypeVar, cast

from aftersales.common.aggregate import Aggregate
from aftersales.common.mongo import Document, Mongo, document_digest, from_document

A = TypeVar("A", bound=Aggregate)
Which = str | Mapping[str, Any]
Then = Callable[[Any], Iterable["DocumentRef"]]
DocumentRef = tuple[type[Aggregate], Which] | tuple[type[Aggregate], Which, Then]
DocumentRefs = Sequence[DocumentRef]
"""Documents, each by its id, or all whose fields equal these; `Then` returns what each one found leads to."""
Key = tuple[str, str]
_Query = tuple[str, tuple[tuple[str, Any], ...]]
"""A collection, and the values that fields of its documents must equal."""


@dataclass(slots=True)
class Slot:
    """A document as it is in the database, and as the group has left it. If `current` is None, it does not exist."""

    base: int = 0
    """The version in the database; 0 if it is not there."""
    current: Aggregate | None = None
    row: Mapping[str, Any] | None = None
    """The row that was read."""
    document: Mapping[str, Any] | None = None
    """The row that will be written."""
    digest: str | None = None

    def stored(self) -> Mapping[str, Any] | None:
        """Return the row as the group has left it, if there is one."""
        if self.current is None:
            return None
        return self.row if self.document is None else self.document

    def before(self) -> str:
        """Return the digest of the stored document, empty if there is none. Only changed documents need it."""
        if self.digest is None:
            self.digest = document_digest(self.row) if self.row else ""
        return self.digest


@dataclass(frozen=True, slots=True)
class Read:
    """A query, and the function that receives its rows."""

    collection: str
    where: Document
    take: Callable[[list[Document]], None]


def with_ids(ids: Iterable[str]) -> Document:
    """Return the filter for documents with one of these ids."""
    return {"_id": {"$in": list(ids)}}


class IdentityMap:
    def __init__(self, mongo: Mongo, archivable: Container[str] = ()) -> None:
        self._mongo = mongo
        self.archivable = archivable
        """Collections whose documents may have been archived."""
        self._found: dict[_Query, list[str]] = {}
        self.changed: dict[str, set[str]] = defaultdict(set)
        """Ids that the group changed, by collection. They may now match queries that they do not match in the
        database."""
        self._followed: dict[str, set[str]] = defaultdict(set)
        """Ids that the group before it changed, by collection."""
        self._before: asyncio.Event | None = None
        """Set when that group is committed."""
        self.committed = asyncio.Event()
        self.slots: dict[Key, Slot] = {}

    async def load(self, preload: Sequence[DocumentRef], others: Sequence[Read]) -> None:
        """Load the documents and other rows in one round trip, then the documents they lead to, and so on."""
        await self._read([*others, *self._reads(preload)])
        while preload := [further for need in preload for further in self._led_to(*need)]:
            await self._read(self._reads(preload))

    def _reads(self, preload: Sequence[DocumentRef]) -> list[Read]:
        wanted: dict[type[Aggregate], set[str]] = defaultdict(set)
        for kind, which, *_ in preload:
            if isinstance(which, str):
                wanted[kind].add(which)
        queries = {_query(kind, which): kind for kind, which, *_ in preload if not isinstance(which, str)}
        by_id = [self._by_id(kind, ids) for kind, ids in wanted.items()]
        return by_id + [self._matching(kind, query) for query, kind in queries.items()]

    def _led_to(self, kind: type[Aggregate], which: Which, *then: Then) -> Iterable[DocumentRef]:
        for follow in then:
            for id in [which] if isinstance(which, str) else self._found[_query(kind, which)]:
                if state := self.slots[kind.COLLECTION, id].current:
                    yield from follow(state)

    async def _read(self, reads: Sequence[Read]) -> None:
        asked = [read for read in reads if read.where != with_ids(())]
        found = await self._mongo.several([(read.collection, read.where) for read in asked])
        for read, rows in zip(asked, found, strict=True):
            read.take(rows)

    def _by_id(self, kind: type[Aggregate], ids: Iterable[str]) -> Read:
        missing = [id for id in ids if (kind.COLLECTION, id) not in self.slots]

        def take(rows: list[Document]) -> None:
            self._adopt(kind, rows)
            for id in missing:
                self.slots.setdefault((kind.COLLECTION, id), Slot())

        return Read(kind.COLLECTION, with_ids(missing), take)

    def _matching(self, kind: type[Aggregate], query: _Query) -> Read:
        def take(rows: list[Document]) -> None:
            self._adopt(kind, rows)
            self._found[query] = [row["_id"] for row in rows]

        return Read(kind.COLLECTION, dict(query[1]), take)

    def _adopt(self, kind: type[Aggregate], rows: list[Document]) -> None:
        """Add the documents read. Known documents stay unchanged, because jobs may have used them already."""
        for row in rows:
            if (kind.COLLECTION, row["_id"]) not in self.slots:
                state = from_document(kind, row)
                self.slots[kind.COLLECTION, state.id] = Slot(state.version, state, row)

    def missing(self) -> list[Key]:
        """Return the requested documents that do not exist, of collections that are archived."""
        return [key for key, slot in self.slots.items() if key[0] in self.archivable and slot.current is None]

    def follow(self, other: "IdentityMap") -> None:
        """Take over the changes of another map, which is committed before this one."""
        self._before = other.committed
        for collection, ids in other.changed.items():
            self._followed[collection] |= ids
            for id in ids:
                slot = other.slots[collection, id]
                base = slot.current.version if slot.current else 0
                self.slots[collection, id] = Slot(base, slot.current, slot.document, digest=slot.digest)

    async def get(self, kind: type[A], id: str) -> A | None:
        """Return the document as the group has it now."""
        key = (kind.COLLECTION, id)
        if key not in self.slots:
            await self._read([self._by_id(kind, (id,))])
        return cast("A | None", self.slots[key].current)

    async def find(self, kind: type[A], equal: Mapping[str, Any]) -> list[A]:
        """Return documents whose fields equal these, as the group has them now."""
        query = _query(kind, equal)
        if query not in self._found:
            await self._read([self._matching(kind, query)])
        ids = {*self._found[query], *self._followed[kind.COLLECTION], *self.changed[kind.COLLECTION]}
        states = (self.slots[kind.COLLECTION, id].current for id in ids)
        return [cast("A", state) for state in states if matches_filter(state, equal)]

    async def page(self, kind: type[A], where: Document, limit: int) -> list[A]:
        """Return documents that match in the database, by id, as the group has them now, without deleted ones."""
        if self._before:
            await self._before.wait()  # the changes of that group may match
        rows = await self._mongo.rows(kind.COLLECTION, where, sort=("_id",), limit=limit)
        self._adopt(kind, rows)
        states = (self.slots[kind.COLLECTION, row["_id"]].current for row in rows)
        return [cast("A", state) for state in states if state]

    async def aggregate(self, kind: type[Aggregate], pipeline: list[Document]) -> list[Document]:
        """Return what a pipeline finds in the database, once the group before is committed."""
        if self._before:
            await self._before.wait()
        return await self._mongo.aggregate(kind, pipeline)

    def change(self, key: Key, state: Aggregate | None, document: Mapping[str, Any] | None, digest: str) -> None:
        """Store the new state of a document; None if it was deleted."""
        collection, id = key
        self.changed[collection].add(id)
        slot = self.slots[key]
        slot.current, slot.document, slot.digest = state, document, digest


def _query(kind: type[Aggregate], equal: Mapping[str, Any]) -> _Query:
    return kind.COLLECTION, tuple(sorted(equal.items()))


def matches_filter(state: Aggregate | None, equal: Mapping[str, Any]) -> bool:
    """Return whether a document in memory matches by MongoDB's equality; `a.b` is nested."""
    if state is None:
        return False
    for name, wanted in equal.items():
        value = attrgetter(name)(state)
        if value != wanted and not (isinstance(value, tuple) and wanted in value):
            return False
    return True
