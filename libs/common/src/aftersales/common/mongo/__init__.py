"""The only folder that uses the MongoDB drivers: it reads aggregates, and writes only through `commit`.

Motor and PyMongo's own async API have the same interface here; they differ in five places, all in this folder (ADR 4).
"""

import asyncio
import hashlib
import secrets
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import suppress
from datetime import timedelta
from typing import Any, TypeVar

import bson
from bson.codec_options import CodecOptions
from bson.raw_bson import RawBSONDocument
from motor.frameworks.asyncio import run_on_executor
from motor.motor_asyncio import AsyncIOMotorClient
from pymongo import AsyncMongoClient, IndexModel
from pymongo.errors import ConfigurationError, PyMongoError
from pymongo.read_concern import ReadConcern
from pymongo.write_concern import WriteConcern

from aftersales.common.aggregate import Aggregate
from aftersales.common.mongo.changes import ChangedDocument, ChangeFeed, FeedLost
from aftersales.common.mongo.errors import translate_errors
from aftersales.common.mongo.files import Files
from aftersales.common.mongo.leases import Leases
from aftersales.common.mongo.reads import Reads
from aftersales.common.mongo.writes import Document, Rewriting, Writes, WriteStep, check_reply, write_steps
from aftersales.common.scope import WHOLE_NETWORK, Scope
from aftersales.common.settings import PREFIX, WrongSettings
from aftersales.values.errors import Unavailable

__all__ = [
    "ChangeFeed",
    "ChangedDocument",
    "Document",
    "FeedLost",
    "Index",
    "Mongo",
    "Reads",
    "Writes",
    "decode_document",
    "document_digest",
    "encode_document",
    "from_document",
    "to_document",
]
A = TypeVar("A", bound=Aggregate)
_AS_READ: CodecOptions[Document] = CodecOptions(tz_aware=True)
_NAMESPACE_EXISTS = 48
_PROBE_SECONDS = 2
_PREPARED_AT_ONCE = 4
"""Collections prepared together; more is no quicker (measured)."""
_MAJORITY: Document = {"read_concern": ReadConcern("local"), "write_concern": WriteConcern("majority", j=True)}


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


class Mongo(Reads):
    """One service's database. Every read is `majority`, every write is journaled on a majority.

    Raises `WrongSettings` for a URL that the driver cannot read.
    """

    def __init__(self, url: str, database: str, driver: str = "pymongo") -> None:
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
        try:
            self._client: Any = AsyncIOMotorClient(url, **options) if self._motor else AsyncMongoClient(url, **options)
        except (ConfigurationError, ValueError, OSError) as error:  # OSError: a certificate that cannot be read
            raise WrongSettings([f"{PREFIX}MONGO_URL: {error}"]) from error
        self._db: Any = self._client[database]
        self._collections: dict[str, Any] = {}
        self._files = Files(self._db, motor=self._motor)
        self.leases, self.rewriting = Leases(self._db), Rewriting(self._db)

    @property
    def beyond_scope(self) -> Reads:
        return self

    @property
    def files(self) -> Files:
        return self._files

    def within(self, scope: Scope) -> Reads:
        """Return this database as a caller with this scope may read it."""
        return self if scope == WHOLE_NETWORK else Reads(self, scope)

    def _collection(self, of: type[Aggregate] | str) -> Any:
        """Return the driver's collection; one is expensive to create, so each is created once."""
        name = of if isinstance(of, str) else of.COLLECTION
        if name not in self._collections:
            self._collections[name] = self._db[name]
        return self._collections[name]

    async def close(self) -> None:
        """Close the connections without waiting for an unavailable server (the drivers would, for five seconds)."""
        closing = asyncio.to_thread(self._client.close) if self._motor else self._client.close()
        with suppress(TimeoutError):
            await asyncio.wait_for(closing, 0.5)

    async def ping(self) -> None:
        """Ping the primary. Raises `Unavailable` if none answers."""
        with translate_errors():
            await self._db.command("ping")

    async def answers(self) -> bool:
        """Return whether a primary answers, in less than the 3 s that orchestrators usually allow a probe."""
        try:
            await asyncio.wait_for(self.ping(), _PROBE_SECONDS)
        except (Unavailable, TimeoutError):
            return False
        return True

    async def drop(self) -> None:
        """Drop the whole database (tests and benches)."""
        await self._client.drop_database(self._db.name)

    async def prepare(self, indexes: Mapping[str, Sequence[Index]]) -> None:
        """Create missing collections and indexes, because a transaction creates none.

        The indexes of a collection are created together, so that a large collection is read only once.
        """
        room = asyncio.Semaphore(_PREPARED_AT_ONCE)

        async def ready(collection: str, wanted: Sequence[Index]) -> None:
            async with room:
                if models := [IndexModel(index.keys, **index.options) for index in wanted]:
                    await self._collection(collection).create_indexes(models)  # also creates the collection
                elif collection not in existing:
                    await self._create(collection)

        with translate_errors():
            existing = set(await self._db.list_collection_names())
            await asyncio.gather(*(ready(*each) for each in indexes.items()))

    async def _create(self, collection: str) -> None:
        try:
            await self._db.create_collection(collection)
        except PyMongoError as error:
            if getattr(error, "code", None) != _NAMESPACE_EXISTS and "already exists" not in str(error):
                raise  # otherwise another replica was quicker

    async def rows(
        self,
        kind: type[Aggregate] | str,
        where: Document,
        *,
        sort: Sequence[str] = (),
        limit: int = 0,
        only: Sequence[str] = (),
    ) -> list[Document]:
        """Return plain documents. `sort` names fields, `-field` for descending; `only` names the fields to return."""
        with translate_errors():
            cursor = self._collection(kind).find(where, dict.fromkeys(only, 1) or None)
            if sort:
                cursor = cursor.sort(Index(*sort).keys)
            return list(await cursor.limit(limit).to_list(None))

    async def each(
        self, collection: str, where: Document, *, sort: Sequence[str], limit: int
    ) -> AsyncGenerator[Document, None]:
        """Yield plain documents one by one; the driver holds at most one reply of the server (16 MB)."""
        with translate_errors():
            async for row in self._collection(collection).find(where).sort(Index(*sort).keys).limit(limit):
                yield row

    async def find(self, kind: type[A], where: Document, *, sort: Sequence[str] = ("_id",), limit: int = 0) -> list[A]:
        return [from_document(kind, row) for row in await self.rows(kind, where, sort=sort, limit=limit)]

    async def get(self, kind: type[A], id: str) -> A | None:
        return next(iter(await self.find(kind, {"_id": id}, sort=())), None)

    async def aggregate(self, kind: type[Aggregate] | str, pipeline: list[Document], level: str = "") -> list[Document]:
        """Run an aggregation pipeline on a collection; level `snapshot` never sees part of a transaction."""
        source = self._collection(kind)
        source = source.with_options(read_concern=ReadConcern(level)) if level else source
        with translate_errors():
            cursor = source.aggregate(pipeline)
            if not self._motor:
                cursor = await cursor
            return list(await cursor.to_list(None))

    async def several(self, queries: Sequence[tuple[str, Document]]) -> list[list[Document]]:
        """Return the rows of several queries (collection and filter), in the same order, in one round trip."""
        if len(queries) < 2:
            return [await self.rows(*query) for query in queries]
        parts = [
            (name, [{"$match": where}, {"$project": {"_id": 0, "query": {"$literal": number}, "row": "$$ROOT"}}])
            for number, (name, where) in enumerate(queries)
        ]
        (first, pipeline), *others = parts
        unions: list[Document] = [{"$unionWith": {"coll": name, "pipeline": part}} for name, part in others]
        found: list[list[Document]] = [[] for _ in queries]
        for tagged in await self.aggregate(first, pipeline + unions):
            found[tagged["query"]].append(tagged["row"])
        return found

    async def explain(self, kind: type[Aggregate], where: Document, sort: Sequence[str] = ()) -> Document:
        """Return the winning plan of a query, to prove that it uses an index."""
        cursor = self._collection(kind.COLLECTION).find(where)
        if sort:
            cursor = cursor.sort(Index(*sort).keys)
        return dict((await cursor.explain())["queryPlanner"]["winningPlan"])

    async def commit(self, writes: Writes) -> None:
        """Apply all writes in one transaction, or none.

        Raises `Conflict` (a version has changed, or a key exists), `Unavailable` (no primary, no network), or the
        driver's error for a write that MongoDB refuses.
        """
        commands = list(write_steps(writes))
        with translate_errors():
            if self._motor:
                await run_on_executor(asyncio.get_running_loop(), self._transact, commands)  # type: ignore[no-untyped-call]
            else:
                async with self._client.start_session() as session, await session.start_transaction(**_MAJORITY):
                    for command, count in commands:
                        check_reply(await self._db.command(command, session=session), count)

    def _transact(self, commands: list[WriteStep]) -> None:
        """Run all commands in one call to Motor's thread; one call each took half as long again as the commands."""
        with self._client.delegate.start_session() as session, session.start_transaction(**_MAJORITY):
            for command, count in commands:
                check_reply(self._db.delegate.command(command, session=session), count)

    def follow(self, collections: Sequence[str]) -> ChangeFeed:
        """Return a feed of the committed changes of these collections."""
        return ChangeFeed(self._client, self._db, collections, motor=self._motor)

    async def remove(self, collection: str, ids: Sequence[str]) -> None:
        """Delete rows that are not needed any more. Does not wait for a majority: a loss only repeats work."""
        with translate_errors():
            await self._loosely(collection).delete_many({"_id": {"$in": list(ids)}})

    async def amend(self, collection: str, ids: Sequence[str], change: Document) -> None:
        """Change rows in a way that may be lost, like `remove`."""
        with translate_errors():
            await self._loosely(collection).update_many({"_id": {"$in": list(ids)}}, change)

    def _loosely(self, collection: str) -> Any:
        return self._collection(collection).with_options(write_concern=WriteConcern(1, j=False))

    async def reserve(self, counter: str, amount: int) -> tuple[int, bytes]:
        """Reserve `amount` numbers of a counter; return the first and the counter's key (random, created once)."""
        first, key = {"$ifNull": ["$next", 0]}, {"$ifNull": ["$key", secrets.token_bytes(16)]}
        change = [{"$set": {"next": {"$add": [first, amount]}, "key": key}}]
        counters = self._collection("counters")
        with translate_errors():
            row = await counters.find_one_and_update({"_id": counter}, change, upsert=True, return_document=True)
        return int(row["next"]) - amount, bytes(row["key"])


def encode_document(document: Document) -> RawBSONDocument:
    """Encode a document once, for its digest and for MongoDB."""
    return RawBSONDocument(bson.encode(document))


def decode_document(row: Mapping[str, Any]) -> Document:
    """Return a row as it is read from MongoDB, whether it was read or encoded here."""
    return bson.decode(row.raw, _AS_READ) if isinstance(row, RawBSONDocument) else dict(row)


def to_document(state: Aggregate) -> Document:
    fields = state.model_dump()
    return {"_id": fields.pop("id"), **fields}


def from_document(kind: type[A], row: Document) -> A:
    fields = row.copy()
    fields["id"] = fields.pop("_id")
    return kind.model_validate(fields)


def document_digest(document: Mapping[str, Any]) -> str:
    """Return SHA-256 over the document's BSON, as hex."""
    return hashlib.sha256(bson.encode(document)).hexdigest()
