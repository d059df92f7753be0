"""The changes of a database's documents in the order of their commits, from MongoDB's change stream (ADR 17).

The cursor is read by plain commands, so that a whole reply arrives as one batch, and alike with both drivers.
"""

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from bson.codec_options import CodecOptions
from bson.timestamp import Timestamp
from pymongo.errors import OperationFailure, PyMongoError

from aftersales.common.mongo.errors import is_passing
from aftersales.common.mongo.writes import Document
from aftersales.values.errors import Unavailable

EARLIER = timedelta(minutes=1)
"""How far before its start a feed begins, so that a client of another replica can continue at this one."""
_AS_READ: CodecOptions[Document] = CodecOptions(tz_aware=True)
_WAIT_MS = 1000
_BATCH = 5000
_CLOSE_SECONDS = 0.5
_OF_DOCUMENT = ("branch", "shared_with", "version")
_FIELDS = ("ns.coll", "documentKey._id", *(f"fullDocument.{name}" for name in _OF_DOCUMENT), "wallTime", "clusterTime")


class ChangedDocument(NamedTuple):
    """One committed change of one document."""

    position: str
    """The database's time of the commit, and the place within the transaction. Positions sort as texts in the order of
    commits, and are the same for all processes that follow the same collections."""
    collection: str
    id: str
    branch: str
    version: int
    at: datetime
    shared_with: tuple[str, ...] = ()
    """Further branches that see it (`scope.SharedAggregate`)."""


class FeedLost(Exception):
    """Changes may have been missed, because the database no longer has them or is another one."""


class ChangeFeed:
    """Follows the new and replaced documents of some collections. An interrupted feed continues where it stopped."""

    def __init__(self, client: Any, db: Any, collections: Sequence[str], *, motor: bool) -> None:
        self._client, self._db, self._motor = client, db, motor
        wanted = {"ns.coll": {"$in": list(collections)}, "operationType": {"$in": ["insert", "replace"]}}
        self._stages: list[Document] = [{"$match": wanted}, {"$project": dict.fromkeys(_FIELDS, 1)}]
        self._earlier = EARLIER
        self._session: Any = None
        self._cursor: int | None = None
        self._token: Document | None = None
        self._last, self._place = Timestamp(0, 0), 0
        self.start = self.now = ""
        """The position before the first change, and that of the newest reply."""

    async def read(self) -> list[ChangedDocument]:
        """Return the next changes, or none after a second without any.

        Raises `Unavailable` if the feed was interrupted, and `FeedLost` if the next call starts it again.
        """
        try:
            reply = await (self._open() if self._cursor is None else self._continue(self._cursor))
        except PyMongoError as error:
            refused = self._cursor is None and self._token and isinstance(error, OperationFailure)
            await self.close()
            if refused and not is_passing(error):  # the database no longer has what follows the token
                raise self._forget() from error
            raise Unavailable("mongodb", str(error)[:200]) from error
        except asyncio.CancelledError:
            await self.close()
            raise
        self._cursor, self._token = reply["cursor"]["id"], reply["cursor"]["postBatchResumeToken"]
        self.now = _position(reply["operationTime"], 0)
        if not self._cursor:  # the database was dropped
            await self.close()
            raise self._forget()
        return [self._changed(row) for row in reply["cursor"].get("firstBatch") or reply["cursor"].get("nextBatch", ())]

    async def _open(self) -> Document:
        """Open the cursor. Only the session that opened it can read it."""
        self._session = self._client.start_session()
        if self._motor:
            self._session = await self._session
        stage: Document = {"fullDocument": "default"}
        if self._token:
            stage["resumeAfter"] = self._token
        else:
            now = (await self._db.command("ping"))["operationTime"]
            begin = Timestamp(max(1, now.time - int(self._earlier.total_seconds())), now.inc + 1)
            self.start, stage["startAtOperationTime"] = _position(begin, 0), begin
        command = {"aggregate": 1, "pipeline": [{"$changeStream": stage}, *self._stages]}
        return await self._command(command | {"cursor": {"batchSize": 0}, "readConcern": {"level": "majority"}})

    async def _continue(self, cursor: int) -> Document:
        more = {"getMore": cursor, "collection": "$cmd.aggregate"}
        return await self._command(more | {"maxTimeMS": _WAIT_MS, "batchSize": _BATCH})

    async def _command(self, command: Document) -> Document:
        reply: Document = await self._db.command(command, codec_options=_AS_READ, session=self._session)
        return reply

    def _changed(self, row: Document) -> ChangedDocument:
        self._place = self._place + 1 if row["clusterTime"] == self._last else 1
        self._last = row["clusterTime"]
        document = row.get("fullDocument", {})
        return ChangedDocument(
            _position(self._last, self._place),
            row["ns"]["coll"],
            str(row["documentKey"]["_id"]),
            document.get("branch", "-"),
            document.get("version", 0),
            row["wallTime"],
            tuple(document.get("shared_with", ())),
        )

    def _forget(self) -> FeedLost:
        """Start with the changes from now on, because those of the last minute may be lost too."""
        self._token, self._earlier = None, timedelta()
        return FeedLost()

    async def close(self) -> None:
        """Close the cursor, as far as the server answers."""
        session, cursor, self._session, self._cursor = self._session, self._cursor, None, None
        if session is None:
            return
        with suppress(PyMongoError, TimeoutError):
            async with asyncio.timeout(_CLOSE_SECONDS):
                if cursor:
                    killing = {"killCursors": "$cmd.aggregate", "cursors": [cursor]}
                    await self._db.command(killing, session=session)
                await session.end_session()


def _position(time: Timestamp, place: int) -> str:
    return f"{time.time:08x}{time.inc:08x}{place:04x}"
