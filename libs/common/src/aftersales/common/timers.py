"""Timers are data (ADR 3): documents with `wake_at`, taken when due and given to the writer."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from aftersales.common.aggregate import Aggregate
from aftersales.common.clock import Clock
from aftersales.common.errors import Busy, Unavailable
from aftersales.common.mongo import Document, Index, Mongo
from aftersales.common.telemetry import Metrics, log
from aftersales.common.values import uuid7
from aftersales.common.work import Piece, Work, Writer

_EVER = {"$gte": datetime(1970, 1, 1, tzinfo=UTC)}
INDEX = Index("wake_at", partial={"wake_at": _EVER})
"""Of those that will wake only; a query uses it when it repeats the condition."""
_BATCH = 500


@dataclass(frozen=True, slots=True)
class Timer:
    """Documents of this kind wake up: `handle(work, id)` looks at one that is due."""

    kind: type[Aggregate]
    handle: Callable[[Work, str], Awaitable[Any]]


def due_by(now: datetime) -> Document:
    """The filter for what is due."""
    return {"wake_at": {"$lte": now, **_EVER}}


def wakes(kind: type[Aggregate], handle: Callable[[Work, str], Awaitable[Any]]) -> Timer:
    """A row of a service's timer table."""
    return Timer(kind, handle)


class Timers:
    """Looks for what is due and hands it to the writer; a million that sleep cost one index seek."""

    def __init__(self, mongo: Mongo, writer: Writer, clock: Clock, metrics: Metrics) -> None:
        self._mongo, self._writer, self._clock, self._metrics = mongo, writer, clock, metrics

    async def run(self, timers: Sequence[Timer], tick: timedelta) -> None:
        """For ever: wake what is due; sleep a tick only when nothing more is."""
        while True:
            try:
                woken = sum([await self.wake(timer) for timer in timers])
            except (Unavailable, Busy) as error:
                log.warning("timers.wait", error=str(error))
                woken = 0
            if woken < _BATCH:
                await asyncio.sleep(tick.total_seconds())

    async def wake(self, timer: Timer) -> int:
        """Wake one batch of one kind, earliest first. How many went well."""
        now = self._clock.now()
        due = await self._mongo.rows(
            timer.kind.COLLECTION, due_by(now), sort=("wake_at",), limit=_BATCH, only=("wake_at",)
        )
        for row in due:
            self._metrics.timer_lag.observe((now - row["wake_at"]).total_seconds())
        woken = await asyncio.gather(*(self._one(timer, row["_id"]) for row in due), return_exceptions=True)
        failed = [error for error in woken if isinstance(error, BaseException)]
        if failed:
            log.error("timers.failed", kind=timer.kind.COLLECTION, failed=len(failed), first=repr(failed[0])[:200])
        return len(due) - len(failed)

    async def _one(self, timer: Timer, id: str) -> None:
        def run(work: Work) -> Awaitable[Any]:
            return timer.handle(work, id)

        why = f"wake {timer.kind.COLLECTION}"
        await self._writer.submit(Piece(run, why, "timer", correlation=uuid7(), needs=((timer.kind, id),)))
