"""Files (photos, scans) in GridFS, each with the id of the document that describes it.

Bytes are written before their document. A row in `uploads` exists from before the first byte until the document is
committed, so that `sweep` finds everything that a crash left, however little was written.
"""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import datetime
from functools import cached_property
from typing import Any

from gridfs.asynchronous import AsyncGridFSBucket
from gridfs.errors import NoFile
from motor.motor_asyncio import AsyncIOMotorGridFSBucket

from aftersales.common.aggregate import Aggregate
from aftersales.common.mongo.errors import translate_errors
from aftersales.values.errors import Busy, NotFound

UPLOADS = "uploads"
_BUCKET = "blobs"
_BATCH = 500
AT_ONCE = 8
"""Files written at the same time; the driver has each in memory until it is complete (or 48 MB)."""


class Files:
    def __init__(self, db: Any, *, motor: bool) -> None:
        self._uploads = db[UPLOADS]
        self._writing = 0
        self._db, self._motor = db, motor

    @cached_property
    def _bucket(self) -> Any:
        """The bucket, created on first use, because Motor's is bound to the current event loop."""
        return (AsyncIOMotorGridFSBucket if self._motor else AsyncGridFSBucket)(self._db, _BUCKET)

    @asynccontextmanager
    async def writing(self, id: str, at: datetime) -> AsyncIterator[Callable[[bytes], Awaitable[None]]]:
        """Write bytes under `id`, in pieces; nothing of them stays if the block raises.

        Raises `Busy` when too many files are being written.
        """
        if self._writing >= AT_ONCE:
            raise Busy("service.busy")
        self._writing += 1
        try:
            async with self._upload(id, at) as write:
                yield write
        finally:
            self._writing -= 1

    @asynccontextmanager
    async def _upload(self, id: str, at: datetime) -> AsyncIterator[Callable[[bytes], Awaitable[None]]]:
        with translate_errors():
            await self._uploads.insert_one({"_id": id, "at": at})
            file = self._bucket.open_upload_stream_with_id(id, id)
            try:
                yield file.write
                await file.close()
            except BaseException:
                await file.abort()
                await self.settle(id)
                raise

    async def settle(self, *ids: str) -> None:
        """Remove uploads from the sweep, once their documents are committed or their bytes deleted."""
        with translate_errors():
            await self._uploads.delete_many({"_id": {"$in": ids}})

    async def read(self, id: str) -> AsyncIterator[bytes]:
        """Return the bytes, in pieces. Raises `NotFound` before the first piece."""
        with translate_errors():
            try:
                file = await self._bucket.open_download_stream(id)
            except NoFile as error:
                raise NotFound("blobs.unknown", id=id) from error
        return _pieces(file)

    async def delete(self, id: str) -> None:
        """Delete the bytes, including half-written ones; no effect if there are none."""
        with translate_errors():
            try:
                await self._bucket.delete(id)
            except NoFile:
                return

    async def unsettled(self, before: datetime) -> list[str]:
        """Return ids of uploads that began before then and were never settled, earliest first."""
        with translate_errors():
            rows = self._uploads.find({"at": {"$lt": before}}).sort("at", 1).limit(_BATCH)
            return [row["_id"] for row in await rows.to_list(None)]

    async def sweep(self, kind: type[Aggregate], before: datetime) -> int:
        """Delete bytes from before then without a document of this kind; return the number of files."""
        ids = await self.unsettled(before)
        with translate_errors():
            standing = await self._db[kind.COLLECTION].find({"_id": {"$in": ids}}, {"_id": 1}).to_list(None)
        lost = set(ids) - {row["_id"] for row in standing}
        for id in lost:
            await self.delete(id)
        await self.settle(*ids)
        return len(lost)


async def _pieces(file: Any) -> AsyncIterator[bytes]:
    with translate_errors():
        while piece := await file.readchunk():
            yield piece
