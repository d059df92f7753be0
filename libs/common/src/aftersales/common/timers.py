"""Timers are data (ADR 3): documents with `wake_at`, passed to the writer when due."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from aftersales.common.aggregate import Aggregate
from aftersales.common.clock import Clock
from aftersales.common.dead_letters import store_dead_letter
from aftersales.common.failing_timers import (
    LONGEST_PAUSE,
    TIMER_ATTEMPTS,
    FailingTimer,
    failed_again,
    failing_id,
    first_failure,
    make_dead_letter,
)
from aftersales.common.mongo import Document, Index, Mongo
from aftersales.common.telemetry import Metrics, log
from aftersales.common.work import Job, UnitOfWork, Writer
from aftersales.values import uuid7
from aftersales.values.errors import Busy, DomainError, Unavailable

_EVER = {"$gte": datetime(1970, 1, 1, tzinfo=UTC)}
INDEX = Index("wake_at", partial={"wake_at": _EVER})
"""Index of documents with a timer only; a query uses it if it repeats the condition."""
_BATCH = 500


@dataclass(frozen=True, slots=True)
class Timer:
    """Wakes documents of this kind: `handle(work, id)` is called for a due one."""

    kind: type[Aggregate]
    handle: Callable[[UnitOfWork, str], Awaitable[Any]]


def due_by(now: datetime) -> Document:
    return {"wake_at": {"$lte": now, **_EVER}}


def wake_with(kind: type[Aggregate], handle: Callable[[UnitOfWork, str], Awaitable[Any]]) -> Timer:
    return Timer(kind, handle)


class Timers:
    """Finds due documents and passes them to the writer; a million waiting ones cost one index seek.

    A document whose handler fails is tried again, later each time, and finally its timer becomes a dead letter.
    """

    def __init__(self, mongo: Mongo, writer: Writer, clock: Clock, metrics: Metrics) -> None:
        self._mongo, self._writer, self._clock, self._metrics = mongo, writer, clock, metrics

    async def run(self, timers: Sequence[Timer], tick: timedelta) -> None:
        """Wake due documents, until cancelled; sleep a tick only when no more are due."""
        while True:
            try:
                woken = sum([await self.wake(timer) for timer in timers])
            except (Unavailable, Busy) as error:
                log.warning("timers.wait", error=str(error))
                woken = 0
            if woken < _BATCH:
                await asyncio.sleep(tick.total_seconds())

    async def wake(self, timer: Timer) -> int:
        """Wake one batch of one kind, earliest first; return its size. Raises `Busy` if the writer does."""
        now = self._clock.now()
        due = await self._mongo.rows(
            timer.kind.COLLECTION, due_by(now), sort=("wake_at",), limit=_BATCH, only=("wake_at",)
        )
        for row in due:
            self._metrics.timer_lag.observe((now - row["wake_at"]).total_seconds())
        ids = [row["_id"] for row in due]
        outcomes = await asyncio.gather(*(self._one(timer, id) for id in ids), return_exceptions=True)
        passing = next((error for error in outcomes if isinstance(error, Busy)), None)
        failed = [
            (id, error)
            for id, error in zip(ids, outcomes, strict=True)
            if isinstance(error, Exception) and not isinstance(error, Busy)
        ]
        if failed:
            first = repr(failed[0][1])[:200]
            log.error("timers.failed", kind=timer.kind.COLLECTION, failed=len(failed), first=first)
            await asyncio.gather(*(self._put_off(timer.kind, id, error) for id, error in failed))
        if passing:
            raise passing
        return len(due)

    async def _one(self, timer: Timer, id: str) -> None:
        async def run(work: UnitOfWork) -> None:
            before = await work.get(timer.kind, id)
            await timer.handle(work, id)
            after = await work.get(timer.kind, id)
            unchanged = before and after and after.version == before.version
            if after and unchanged and after.wake_at and after.wake_at <= work.now:  # it would be due at every tick
                raise DomainError("timer.still_due", id=id)

        await self._submit(run, timer.kind, id)

    async def _put_off(self, kind: type[Aggregate], id: str, error: Exception) -> None:
        """Let the document wake later; after the last attempt it sleeps, and its timer becomes a dead letter."""

        async def put_off(work: UnitOfWork) -> None:
            state = await work.get(kind, id)
            if state is None or state.wake_at is None or state.wake_at > work.now:
                return  # changed meanwhile, here or in another replica
            known = await work.get(FailingTimer, failing_id(kind, id)) or first_failure(kind, id, work.now)
            failing = failed_again(known, state.wake_at, work.now)
            if failing.tries < TIMER_ATTEMPTS:
                work.put(failing)
                work.put(state.but(wake_at=failing.again_at))
            else:
                work.delete(failing)
                work.put(state.but(wake_at=None))
                await store_dead_letter(work, make_dead_letter(failing, error, work.now))

        try:
            await self._submit(put_off, kind, id)
        except (Busy, Unavailable):
            raise
        except Exception:  # noqa: BLE001 (after any error, the other timers continue)
            log.exception("timers.unreadable", kind=kind.COLLECTION, id=id)
            await self._put_off_unread(kind, id)

    async def _put_off_unread(self, kind: type[Aggregate], id: str) -> None:
        """Postpone the timer of a document that no handler can read, without any other change to it."""

        async def note(work: UnitOfWork) -> None:
            known = await work.get(FailingTimer, failing_id(kind, id)) or first_failure(kind, id, work.now)
            work.put(failed_again(known, known.again_at, work.now).but(again_at=later))

        later = self._clock.now() + LONGEST_PAUSE
        await self._mongo.amend(kind.COLLECTION, [id], {"$set": {"wake_at": later}})
        await self._writer.submit(Job(note, f"wake {kind.COLLECTION}", "timer", correlation=uuid7()))

    async def _submit(self, run: Callable[[UnitOfWork], Awaitable[None]], kind: type[Aggregate], id: str) -> None:
        why = f"wake {kind.COLLECTION}"
        await self._writer.submit(Job(run, why, "timer", correlation=uuid7(), preload=((kind, id),)))
