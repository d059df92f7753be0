"""The only file that touches the MongoDB drivers: reads of aggregates, and one way to write: `commit`.

Motor and PyMongo's own async API stand behind the same seam; they differ in four places, all here (ADR 4).
"""

import asyncio
import hashlib
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from typing import Any, TypeVar

import bson
from motor.motor_asyncio import AsyncIOMotorClient
from pymongo import AsyncMongoClient, DeleteOne, InsertOne, ReplaceOne, UpdateOne
from pymongo.errors import BulkWriteError, ConnectionFailure, OperationFailure, PyMongoError
from pymongo.read_concern import ReadConcern
from pymongo.write_concern import WriteConcern

from aftersales.common.errors import Conflict, Unavailable
from aftersales.common.values import Aggregate

Document = dict[str, Any]
A = TypeVar("A", bound=Aggregate)
_DUPLICATE_KEY, _WRITE_CONFLICT, _NAMESPACE_EXISTS = 11000, 112, 48
_MAJORITY = WriteConcern("majority", j=True)


class Index:
    """An index of a collection: field names in order, `-field` for descending."""

    def __init__(
        self, *fields: str, unique: bool = False, partial: Document | None = None, ttl: timedelta | None = None
    ) -> None:
        self.keys = [(name.lstrip("-"), -1 if name.startswith("-") else 1) for name in fields]
        self.options: Document = {"unique": unique}
        if partial:
            self.options["partialFilterExpression"] = partial
        if ttl:
            self.options["expireAfterSeconds"] = int(ttl.total_seconds())


@dataclass(slots=True)
class Writes:
    """What one transaction changes, per collection."""

    inserts: dict[str, list[Document]] = field(default_factory=dict)
    replaces: dict[str, list[tuple[int, Document]]] = field(default_factory=dict)
    """The version that was read, and the new document: it is replaced only where that version still stands."""
    deletes: dict[str, list[tuple[str, int]]] = field(default_factory=dict)
    increments: dict[str, dict[str, tuple[Document, float]]] = field(default_factory=dict)
    """Counters by id: the fields set when it is new, and by how much it grows."""

    @property
    def empty(self) -> bool:
        return not (self.inserts or self.replaces or self.deletes or self.increments)

    def insert(self, collection: str, *documents: Document) -> None:
        if documents:
            self.inserts.setdefault(collection, []).extend(documents)


class Mongo:
    """One service's database. Every read is `majority`, every write is journaled on a majority."""

    def __init__(self, url: str, database: str, driver: str = "motor") -> None:
        options: Document = {
            "w": "majority",
            "journal": True,
            "readConcernLevel": "majority",
            "retryWrites": True,
            "tz_aware": True,
            "serverSelectionTimeoutMS": 5_000,
            "socketTimeoutMS": 30_000,
            "maxPoolSize": 32,
        }
        self._motor = driver == "motor"
        self._client: Any = AsyncIOMotorClient(url, **options) if self._motor else AsyncMongoClient(url, **options)
        self._db: Any = self._client[database]
        self._collections: dict[str, Any] = {}

    def _collection(self, name: str) -> Any:
        """Give the driver's collection; one is dear to make, so each is made once."""
        if name not in self._collections:
            self._collections[name] = self._db[name]
        return self._collections[name]

    async def close(self) -> None:
        """Say goodbye; a server that is away is not waited for (the drivers would, for five seconds)."""
        closing = asyncio.to_thread(self._client.close) if self._motor else self._client.close()
        with suppress(TimeoutError):
            await asyncio.wait_for(closing, 0.5)

    async def ping(self) -> None:
        """Raises `Unavailable` when no primary answers."""
        with _translated():
            await self._db.command("ping")

    async def drop(self) -> None:
        """Drop the whole database (tests and benches)."""
        await self._client.drop_database(self._db.name)

    async def prepare(self, indexes: Mapping[str, Sequence[Index]]) -> None:
        """Create collections and indexes that are missing: nothing is created inside a transaction."""
        with _translated():
            existing = set(await self._db.list_collection_names())
            for collection, wanted in indexes.items():
                if collection not in existing:
                    await self._create(collection)
                for index in wanted:
                    await self._collection(collection).create_index(index.keys, **index.options)

    async def _create(self, collection: str) -> None:
        try:
            await self._db.create_collection(collection)
        except PyMongoError as error:
            if getattr(error, "code", None) != _NAMESPACE_EXISTS and "already exists" not in str(error):
                raise  # else another replica was quicker

    async def rows(
        self,
        collection: str,
        where: Document,
        *,
        sort: Sequence[str] = (),
        limit: int = 0,
        only: Sequence[str] = (),
    ) -> list[Document]:
        """Plain documents. `sort` names fields, `-field` for descending; `only` names the fields wanted."""
        with _translated():
            cursor = self._collection(collection).find(where, dict.fromkeys(only, 1) or None)
            if sort:
                cursor = cursor.sort(Index(*sort).keys)
            return list(await cursor.limit(limit).to_list(None))

    async def find(self, kind: type[A], where: Document, *, sort: Sequence[str] = ("_id",), limit: int = 0) -> list[A]:
        """The aggregates that match a filter."""
        return [from_document(kind, row) for row in await self.rows(kind.COLLECTION, where, sort=sort, limit=limit)]

    async def get(self, kind: type[A], id: str) -> A | None:
        found = await self.find(kind, {"_id": id}, sort=())
        return found[0] if found else None

    async def count(self, kind: type[Aggregate], where: Document) -> int:
        with _translated():
            return int(await self._collection(kind.COLLECTION).count_documents(where))

    async def aggregate(self, kind: type[Aggregate] | str, pipeline: list[Document]) -> list[Document]:
        """Run an aggregation pipeline on a collection."""
        name = kind if isinstance(kind, str) else kind.COLLECTION
        with _translated():
            cursor = self._collection(name).aggregate(pipeline)
            if not self._motor:
                cursor = await cursor
            return list(await cursor.to_list(None))

    async def explain(self, kind: type[Aggregate], where: Document, sort: Sequence[str] = ()) -> Document:
        """The winning plan of a query, to prove that it runs on an index."""
        cursor = self._collection(kind.COLLECTION).find(where)
        if sort:
            cursor = cursor.sort(Index(*sort).keys)
        return dict((await cursor.explain())["queryPlanner"]["winningPlan"])

    async def commit(self, writes: Writes) -> None:
        """Apply all of it in one transaction, or nothing.

        Raises `Conflict` (a version moved on, or a key is taken), `Unavailable` (no primary, no network),
        or the driver's error for a write that MongoDB refuses.
        """

        async def apply(session: Any) -> None:
            for step in self._steps(writes, session):
                with _conflicts():
                    await step()

        with _translated():
            async with self._session() as session:
                await session.with_transaction(apply, read_concern=ReadConcern("local"), write_concern=_MAJORITY)

    @asynccontextmanager
    async def _session(self) -> AsyncIterator[Any]:
        session = await self._client.start_session() if self._motor else self._client.start_session()
        try:
            yield session
        finally:  # not `async with`: Motor's aborts a cancelled transaction in the event loop, and blocks it
            await session.end_session()

    def _steps(self, writes: Writes, session: Any) -> Iterable[Callable[[], Awaitable[None]]]:
        """One round trip per collection: a transaction's commands cannot overlap."""
        for collection, documents in writes.inserts.items():
            if collection not in writes.replaces:
                yield partial(self._insert, collection, documents, session)
        for collection in {**writes.replaces, **writes.deletes}:
            yield partial(self._change, collection, writes, session)
        for collection, increments in writes.increments.items():
            yield partial(self._increment, collection, increments, session)

    async def _insert(self, collection: str, documents: list[Document], session: Any) -> None:
        await self._collection(collection).insert_many(documents, ordered=False, session=session)

    async def _change(self, collection: str, writes: Writes, session: Any) -> None:
        replaces, deletes = writes.replaces.get(collection, []), writes.deletes.get(collection, [])
        inserts = writes.inserts.get(collection, []) if replaces else []
        requests: list[Any] = [ReplaceOne({"_id": new["_id"], "version": old}, new) for old, new in replaces]
        requests += [DeleteOne({"_id": id, "version": old}) for id, old in deletes]
        requests += [InsertOne(document) for document in inserts]
        done = await self._collection(collection).bulk_write(requests, ordered=False, session=session)
        if done.matched_count != len(replaces) or done.deleted_count != len(deletes):
            raise Conflict("version", collection)

    async def _increment(self, collection: str, increments: dict[str, tuple[Document, float]], session: Any) -> None:
        requests = [
            UpdateOne({"_id": id}, {"$setOnInsert": labels, "$inc": {"amount": amount}}, upsert=True)
            for id, (labels, amount) in increments.items()
        ]
        await self._collection(collection).bulk_write(requests, ordered=False, session=session)

    async def remove(self, collection: str, ids: Sequence[str]) -> None:
        """Delete rows that are of no more use. Not awaited by a majority: losing it only repeats work."""
        with _translated():
            plain = self._collection(collection).with_options(write_concern=WriteConcern(1, j=False))
            await plain.delete_many({"_id": {"$in": list(ids)}})

    async def claim(self, lease: str, owner: str, until: datetime, now: datetime) -> bool:
        """Take or renew a lease; false when somebody else holds it."""
        mine = {"_id": lease, "$or": [{"owner": owner}, {"until": {"$lt": now}}]}
        try:
            with _translated():
                taken = {"$set": {"owner": owner, "until": until}}
                await self._collection("leases").update_one(mine, taken, upsert=True)
        except Conflict:
            return False
        return True

    async def reserve(self, counter: str, amount: int) -> int:
        """Take `amount` numbers from a counter; the first of them comes back."""
        with _translated():
            row = await self._collection("counters").find_one_and_update(
                {"_id": counter}, {"$inc": {"next": amount}}, upsert=True, return_document=True
            )
        return int(row["next"]) - amount


@contextmanager
def _conflicts() -> Iterator[None]:
    """Inside a transaction: say at once that another writer was there, before the driver retries in a spin."""
    try:
        yield
    except (OperationFailure, BulkWriteError) as error:
        codes = {error.code, *(e.get("code") for e in (error.details or {}).get("writeErrors", ()))}
        if _WRITE_CONFLICT in codes:
            raise Conflict("write_conflict") from error
        if _DUPLICATE_KEY in codes:
            raise Conflict("duplicate_key", str(error)[:200]) from error
        raise


@contextmanager
def _translated() -> Iterator[None]:
    """The driver's errors as ours: `Conflict` and `Unavailable`; whatever else it says is a bug."""
    try:
        with _conflicts():
            yield
    except ConnectionFailure as error:
        raise Unavailable("mongodb", str(error)[:200]) from error
    except PyMongoError as error:
        if _is_passing(error):
            raise Unavailable("mongodb", str(error)[:200]) from error
        raise


def _is_passing(error: PyMongoError) -> bool:
    """True while the replica set elects, steps down or shuts down."""
    labels = ("TransientTransactionError", "UnknownTransactionCommitResult", "RetryableWriteError")
    return any(error.has_error_label(label) for label in labels) or getattr(error, "code", None) in _PASSING


_PASSING = {6, 7, 89, 91, 189, 262, 9001, 10107, 11600, 11602, 13435, 13436, 134, 50}
"""Server codes of a node that is starting, stopping, or no longer primary, and of a deadline that ran out."""


def to_document(state: Aggregate) -> Document:
    """An aggregate as MongoDB stores it."""
    fields = state.model_dump()
    return {"_id": fields.pop("id"), **fields}


def from_document(kind: type[A], row: Document) -> A:
    fields = row.copy()
    fields["id"] = fields.pop("_id")
    return kind.model_validate(fields)


def digest(document: Mapping[str, Any]) -> str:
    """SHA-256 over the document's BSON, as hex."""
    return hashlib.sha256(bson.encode(document)).hexdigest()
