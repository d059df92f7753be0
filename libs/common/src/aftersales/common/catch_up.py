"""Catch-up: read from the journal what a service missed without its queue. Known events have no second effect."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import ClassVar

from pydantic import BaseModel

from aftersales.common.aggregate import Aggregate
from aftersales.common.amqp import TROUBLE, Bus, Delivery
from aftersales.common.back_off import back_off
from aftersales.common.clock import Clock
from aftersales.common.mongo import Mongo
from aftersales.common.telemetry import log
from aftersales.common.work import Job, UnitOfWork, Writer
from aftersales.values import uuid7
from aftersales.values.errors import Busy, DomainError, Unavailable

_MARGIN = timedelta(days=1)
"""Subtracted from the inbox's retention: reading takes time, and a chunk of the stream may include older events."""


class Missed(Aggregate):
    """The time from which events must be read again; stored before the queue is declared, deleted when all are read."""

    COLLECTION: ClassVar[str] = "marks"
    AUDITED: ClassVar[bool] = False

    id: str = "missed"
    branch: str = "-"
    since: datetime


class CatchUpProgress(BaseModel):
    running: bool = False
    since: datetime | None = None
    """Start of the current run, or else of the newest one; null if none was started in this process."""
    events: int | None = None
    """Events read by the newest finished run, including known ones; null if none has finished."""
    error: str | None = None
    """Why the current run had to start again."""


class CatchUp:
    """Runs one catch-up at a time; a `request` during a run is done after it.

    The start is stored, so that the next process continues if this one ends before it has read everything.
    """

    def __init__(
        self, bus: Bus, handle: Callable[[Delivery], None], clock: Clock, inbox_kept: timedelta, writer: Writer
    ) -> None:
        self._bus, self._handle, self._clock, self._reach = bus, handle, clock, inbox_kept - _MARGIN
        self._writer = writer
        self._since: datetime | None = None
        self._wake = asyncio.Event()
        self.progress = CatchUpProgress()

    @property
    def earliest(self) -> datetime:
        """The earliest start. Older events may have left the inbox, and would have a second effect."""
        return self._clock.now() - self._reach

    def request(self, since: datetime) -> CatchUpProgress:
        """Start soon. Raises DomainError if the inbox does not reach back to `since`."""
        if since < self.earliest:
            raise DomainError("catch_up.too_old", since=since.isoformat(), earliest=self.earliest.isoformat())
        return self.reach_back(since)

    def reach_back(self, since: datetime) -> CatchUpProgress:
        """Start soon, from `since` or as far back as the inbox reaches, whichever is later."""
        since = max(since, self.earliest)
        self._since = since if self._since is None else min(since, self._since)
        self.progress = CatchUpProgress(running=True, since=self._since, events=self.progress.events)
        self._wake.set()
        return self.progress

    async def missed(self, since: datetime | None = None) -> None:
        """Store that events since then may be missing (None: since an unknown time), and start to read soon."""
        since = max(since or self.earliest, self.earliest)

        async def note(work: UnitOfWork) -> None:
            known = await work.get(Missed, "missed")
            work.put((known or Missed(since=since)).but(since=min(since, known.since if known else since)))

        await self._submit(note)
        self.reach_back(since)

    async def _forget_missed(self, since: datetime) -> None:
        """Delete the stored time after all events since then were read; an earlier time stays."""

        async def forget(work: UnitOfWork) -> None:
            known = await work.get(Missed, "missed")
            if known and max(known.since, self.earliest) >= since:
                work.delete(known)

        await self._submit(forget)

    async def _submit(self, run: Callable[[UnitOfWork], Awaitable[None]]) -> None:
        while True:
            try:
                await self._writer.submit(Job(run, "catch up", "bus", correlation=uuid7()))
            except Busy as error:
                if error.code == "service.stopping":
                    return
                await asyncio.sleep(0.5)
            else:
                return

    async def run(self, mongo: Mongo) -> None:
        """Read the requested or stored events, each again until it is complete; runs until cancelled."""
        while True:
            try:
                left = await mongo.get(Missed, "missed")
                break
            except Unavailable:
                await asyncio.sleep(1)
        if left:
            self.reach_back(left.since)
        while True:
            await self._wake.wait()
            self._wake.clear()
            since, self._since = self._since, None
            if since is None:
                continue
            events = await self._read(since)
            await self._forget_missed(since)
            log.info("events.caught_up", since=since.isoformat(), events=events)
            self.progress = CatchUpProgress(running=self._since is not None, since=self._since or since, events=events)

    async def _read(self, since: datetime) -> int:
        failures = 0
        while True:
            try:
                return await self._bus.replay(self._handle, since)
            except TROUBLE as error:
                failures += 1
                self.progress.error = f"{type(error).__name__}: {error}"[:300]
                log.warning("events.catch_up_failed", since=since.isoformat(), error=self.progress.error)
                await asyncio.sleep(back_off(failures, 0.5, 10))
