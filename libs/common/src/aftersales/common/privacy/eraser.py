"""The eraser: a part of each service that erases what customers asked for, in one replica at a time (ALL-6).

Everything it does can be done again. After a crash it goes through everything again; later it looks for data that came
late: each minute in the first hour, then every six hours for fifteen days (the inbox knows events for 14).
"""

import asyncio
from collections.abc import AsyncIterator, Sequence
from datetime import datetime, timedelta
from typing import Any

from aftersales.common.aggregate import Aggregate
from aftersales.common.clock import Clock
from aftersales.common.dead_letters import StoredDeadLetter
from aftersales.common.events import ErasedCollection
from aftersales.common.mongo import Document, Mongo
from aftersales.common.privacy.erasure import erase_dead_letters, erase_documents, finish_look
from aftersales.common.privacy.holdings import DataSubject, PersonalData
from aftersales.common.privacy.record import LATE_AFTER, Erasure
from aftersales.common.privacy.traces import has_any
from aftersales.common.telemetry import Metrics, log
from aftersales.common.work import Job, UnitOfWork, Writer, audit, prepare_call, values
from aftersales.common.work.group import ANSWERS
from aftersales.values import uuid7
from aftersales.values.errors import Busy, Unavailable

ERASER_LEASE = "erasures"
LOOKS = ((timedelta(minutes=1), timedelta(hours=1)), (timedelta(hours=6), timedelta(days=15)))
"""How often to look for late data, and for how long after the erasure."""
_LOOK_EVERY = 1.0
_PAUSE = 10.0
"""Seconds until the next try after a failure."""
_LEASE_FOR = timedelta(minutes=2)
_PAGE = 50
_ROWS = 500
_REDACTED: Document = {"problem": "customer.erased", "params": {}, "status": 409}
"""Stands where the answer to an earlier command was stored."""


class Eraser:
    """Runs as a task of a service with personal data."""

    def __init__(
        self, mongo: Mongo, writer: Writer, clock: Clock, data: PersonalData, files: type[Aggregate] | None = None
    ) -> None:
        """`files` is the kind of documents whose bytes are stored under the same id."""
        self._mongo, self._writer, self._clock, self._data, self._files = mongo, writer, clock, data, files
        self._owner = uuid7()
        self._looked: dict[timedelta, datetime] = {}

    async def run(self, metrics: Metrics) -> None:
        """Erase what is due, until cancelled."""
        while True:
            try:
                metrics.late_erasures.set(await self.look())
            except (Unavailable, Busy) as error:
                log.warning("eraser.waits", error=type(error).__name__)
            except Exception as error:  # noqa: BLE001 (the service goes on; the metric and its alert tell of it)
                log.error("eraser.failed", error=repr(type(error)))
                await asyncio.sleep(_PAUSE)
            await asyncio.sleep(_LOOK_EVERY)

    async def look(self) -> int:
        """Go through new erasures, and look for late data of the others as often as `LOOKS` says.

        Returns the number of erasures that are not complete after an hour.
        """
        now = self._clock.now()
        new = await self._mongo.find(Erasure, {"whole": True}, limit=_PAGE)
        for erasure in new if new and await self._lead() else ():
            await self.erase(erasure)
        for every, lasting in LOOKS:
            if every in self._looked and now - self._looked[every] < every:
                continue
            self._looked[every] = now
            async for erasure in self._since(now - lasting):
                await self.erase(erasure)
        late = {"completed_at": None, "at": {"$lt": now - LATE_AFTER}}
        return len(await self._mongo.rows(Erasure, late, only=("_id",), limit=_ROWS))

    async def _since(self, since: datetime) -> AsyncIterator[Erasure]:
        after = ""
        while page := await self._mongo.find(Erasure, {"at": {"$gte": since}, "_id": {"$gt": after}}, limit=_PAGE):
            if not await self._lead():
                return
            for erasure in page:
                yield erasure
            after = page[-1].id

    async def _lead(self) -> bool:
        return await self._mongo.leases.claim(ERASER_LEASE, self._owner, _LEASE_FOR)

    async def erase(self, erasure: Erasure) -> None:
        """Erase what is left of a customer, everywhere in this service's database."""
        whole = erasure.whole
        names: list[str] = []
        for holding in self._data.holdings:
            where = holding.where(erasure.subject)
            if where is None:
                continue
            rows = await self._mongo.rows(holding.kind, where, only=("_id",))
            ids = [row["_id"] for row in rows]
            found: list[str] = []
            for start in range(0, len(ids), _PAGE):
                found += await self._do(erase_documents, erasure.id, holding, ids[start : start + _PAGE])
            if holding.kind.AUDITED:
                names += [f"{holding.collection}/{id}" for id in (ids if whole else found)]
            if holding.kind is self._files and whole:
                await self._delete_bytes(ids)
        if whole or names:
            letters = await self._erase_messages(erasure) if whole else []
            names += [f"{StoredDeadLetter.COLLECTION}/{id}" for id in letters]
            more = [("audit_values", await self._erase_values(names))]
            if whole:
                more.append((ANSWERS, await self._redact_answers(erasure)))
            counts = [ErasedCollection(collection=name, documents=n, fields=n) for name, n in more if n]
            await self._do(finish_look, erasure.id, counts, self._data.announces)

    async def _do(self, handler: Any, *args: Any) -> Any:
        call = prepare_call(handler, *args)

        async def run(work: UnitOfWork) -> Any:
            return await call.run(work)

        return await self._writer.submit(Job(run, call.why, "eraser", uuid7(), preload=call.preload))

    async def _delete_bytes(self, ids: Sequence[str]) -> None:
        for id in ids:
            await self._mongo.files.delete(id)
        await self._mongo.files.settle(*ids)

    async def _erase_values(self, documents: Sequence[str]) -> int:
        """Erase the values before and after of all changes of these documents, and return the number of changes."""
        erased = 0
        for start in range(0, len(documents), _PAGE):
            wanted = set(documents[start : start + _PAGE])
            records = await self._mongo.rows(audit.COLLECTION, {"changes.document": {"$in": sorted(wanted)}})
            places = [
                (record["_id"], place)
                for record in records
                for place, change in enumerate(record["changes"])
                if change["document"] in wanted
            ]
            stored = await values.read_values(self._mongo, places)
            fields: dict[str, list[str]] = {}
            for record, place in stored:
                fields.setdefault(values.row_id(record, place), []).append(f"values.{place}")
            gone: dict[str, Document] = {row: {"$unset": dict.fromkeys(names, "")} for row, names in fields.items()}
            await self._mongo.rewriting.rewrite(values.VALUES, gone)
            erased += len(stored)
        return erased

    async def _erase_messages(self, erasure: Erasure) -> list[str]:
        """Delete dead letters about the customer, and return their ids."""
        ids = _traced(erasure, StoredDeadLetter.COLLECTION)
        async for row in self._each(StoredDeadLetter.COLLECTION):
            if _speaks_of(erasure.subject, row["body"]) or _speaks_of(erasure.subject, values.as_json(row["params"])):
                ids.add(row["_id"])
        letters = sorted(ids)
        for start in range(0, len(letters), _PAGE):
            await self._do(erase_dead_letters, erasure.id, letters[start : start + _PAGE])
        return letters

    async def _redact_answers(self, erasure: Erasure) -> int:
        """Replace the stored answers to earlier commands that name the customer or one of their requests."""
        ids = _traced(erasure, ANSWERS)
        async for row in self._each(ANSWERS):
            answer = row["answer"]
            if _speaks_of(erasure.subject, answer.get("body", b"")) or _speaks_of(
                erasure.subject, values.as_json({name: value for name, value in answer.items() if name != "body"})
            ):
                ids.add(row["_id"])
        await self._mongo.rewriting.rewrite(ANSWERS, {id: {"$set": {"answer": _REDACTED}} for id in ids})
        return len(ids)

    async def _each(self, collection: str) -> AsyncIterator[Document]:
        after = ""
        while rows := await self._mongo.rows(collection, {"_id": {"$gt": after}}, sort=("_id",), limit=_ROWS):
            for row in rows:
                yield row
            after = rows[-1]["_id"]


def _traced(erasure: Erasure, collection: str) -> set[str]:
    parts = (trace.partition("/") for trace in erasure.traces)
    return {id for name, _, id in parts if name == collection}


def _speaks_of(subject: DataSubject, text: bytes | str) -> bool:
    """Return whether a text names the customer, a request or a complaint of theirs."""
    words = (*subject.customers, *subject.requests, *subject.complaints)
    return has_any(words, text)
