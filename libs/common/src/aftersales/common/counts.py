"""Counts from the database for Prometheus, made apart from the scrapes, so that a scrape is always quick.

Each count starts with a scrape, one at a time, and then rests nineteen times as long as it took, so that it takes at
most a twentieth of the time. A scrape waits only for a count that is known to be quick, which is then current. For a
slow one it shows the last numbers and their time (`aftersales_counted_timestamp_seconds`).
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from datetime import datetime

from aftersales.common.aggregate import Aggregate
from aftersales.common.clock import Clock
from aftersales.common.dead_letters import StoredDeadLetter
from aftersales.common.failing_timers import GRACE, FailingTimer
from aftersales.common.mongo import Document, Mongo
from aftersales.common.relay import OUTBOX
from aftersales.common.telemetry import log
from aftersales.common.work.group import TALLIES
from aftersales.values.errors import Unavailable

QUICK = 0.1
"""Seconds up to which a count is made at each scrape."""
_PATIENCE = 1
"""Seconds that a scrape waits for a count that is expected to be quick."""
_REST = 19
_BRANCHES_AT_ONCE = 20
"""Branches per query for open clocks, so that none exceeds the driver's timeout (30 s)."""
_UNSENT: list[Document] = [{"$group": {"_id": None, "n": {"$sum": {"$size": "$messages"}}, "oldest": {"$min": "$at"}}}]
_PARKED: list[Document] = [{"$group": {"_id": "$reason", "n": {"$sum": 1}}}]
_TALLIED: list[Document] = [
    {"$group": {"_id": {"name": "$name", "labels": "$labels"}, "amount": {"$sum": "$amount"}}},
    {"$project": {"_id": 0, "name": "$_id.name", "labels": "$_id.labels", "amount": 1}},
]


class Count:
    """A query to the database, its newest result, and the time of that."""

    def __init__(self, of: str, ask: Callable[[datetime], Awaitable[list[Document]]], clock: Clock) -> None:
        self.of = of
        self.rows: list[Document] | None = None
        """The result; None before the first."""
        self.version = 0
        """Changes when the rows change."""
        self.at: datetime | None = None
        self._ask, self._clock = ask, clock
        self._took = self._next = 0.0
        self._task: asyncio.Task[None] | None = None

    async def look(self) -> None:
        """Count again if it is due, and wait for the result if that is quick."""
        if self._task is None and asyncio.get_running_loop().time() >= self._next:
            self._begin()
        if self._task and self._took <= QUICK:
            await asyncio.wait({self._task}, timeout=_PATIENCE)

    async def refresh(self) -> None:
        """Count again in any case, for a caller that needs current numbers."""
        if self._task:
            await self._task
        await self._begin()

    async def stop(self) -> None:
        if self._task:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task

    def _begin(self) -> "asyncio.Task[None]":
        self._task = asyncio.create_task(self._count(), name=f"count {self.of}")
        return self._task

    async def _count(self) -> None:
        loop = asyncio.get_running_loop()
        began, at = loop.time(), self._clock.now()
        try:
            rows = await self._ask(at)
            self.version += rows != self.rows
            self.rows, self.at = rows, at
        except Unavailable as error:
            log.warning("metrics.count_failed", of=self.of, error=str(error)[:200])
        except Exception:  # noqa: BLE001 (a scrape must not fail; the age shows it)
            log.exception("metrics.count_failed", of=self.of)
        finally:
            self._took = loop.time() - began
            self._next = loop.time() + (_REST * self._took if self._took > QUICK else 0)
            self._task = None


class Counts:
    def __init__(self, mongo: Mongo, clocked: Sequence[type[Aggregate]], clock: Clock) -> None:
        self._mongo, self._clocked = mongo, clocked
        self._texts: dict[str, tuple[tuple[int, ...], bytes]] = {}
        self.tallies = Count("tallies", lambda _: mongo.aggregate(TALLIES, _TALLIED, "snapshot"), clock)
        self.clocks = Count("open_clocks", self._open_clocks, clock)
        self.outbox = Count("outbox", lambda _: mongo.aggregate(OUTBOX, _UNSENT), clock)
        self.dead_letters = Count("dead_letters", lambda _: mongo.aggregate(StoredDeadLetter, _PARKED), clock)
        self.failing = Count("failing_timers", lambda now: mongo.aggregate(FailingTimer, _failing_by(now)), clock)
        self.all = (self.tallies, self.clocks, self.outbox, self.dead_letters, self.failing)

    def text(self, name: str, of: Sequence[Count], make: Callable[[], bytes]) -> bytes:
        """Return what `make` renders from these counts, rendered again when one has changed."""
        versions = tuple(count.version for count in of)
        if self._texts.get(name, ((), b""))[0] != versions:
            self._texts[name] = (versions, make())
        return self._texts[name][1]

    async def look(self) -> None:
        await asyncio.gather(*(count.look() for count in self.all))

    async def refresh(self) -> None:
        await asyncio.gather(*(count.refresh() for count in self.all))

    async def stop(self) -> None:
        await asyncio.gather(*(count.stop() for count in self.all))

    async def _open_clocks(self, now: datetime) -> list[Document]:
        """Count items whose stage is not done, by stage, branch and state."""
        found: list[Document] = []
        for kind in self._clocked:
            branches = [row["_id"] for row in await self._mongo.aggregate(kind, [{"$group": {"_id": "$branch"}}])]
            for first in range(0, len(branches), _BRANCHES_AT_ONCE):
                some = branches[first : first + _BRANCHES_AT_ONCE]
                found += await self._mongo.aggregate(kind, _open_in(some, now))
        return found


def _failing_by(now: datetime) -> list[Document]:
    return [{"$match": {"again_at": {"$gt": now - GRACE}}}, {"$group": {"_id": "$kind", "n": {"$sum": 1}}}]


def _open_in(branches: Sequence[str], now: datetime) -> list[Document]:
    state = {
        "$switch": {
            "branches": [
                {"case": {"$eq": ["$clocks.deadline", None]}, "then": "paused"},
                {"case": {"$lte": ["$clocks.deadline", now]}, "then": "overdue"},
                {"case": {"$and": ["$clocks.warn_at", {"$lte": ["$clocks.warn_at", now]}]}, "then": "at_risk"},
            ],
            "default": "on_track",
        }
    }
    waiting = {"$cond": [{"$gt": ["$clocks.deadline", now]}, "$clocks.deadline", None]}
    return [
        {"$match": {"branch": {"$in": branches}, "clocks": {"$elemMatch": {"ended_at": None}}}},
        {"$unwind": "$clocks"},
        {"$match": {"clocks.ended_at": None}},
        {
            "$group": {
                "_id": {"stage": "$clocks.stage", "branch": "$branch", "state": state},
                "n": {"$sum": 1},
                "next": {"$min": waiting},
            }
        },
    ]
