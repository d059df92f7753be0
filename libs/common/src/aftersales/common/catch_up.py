"""Reading the journal again: what a service missed while its queue was gone. What it knows has no second effect."""

import asyncio
from collections.abc import Callable
from datetime import datetime, timedelta

from fastapi import APIRouter, Request
from pydantic import BaseModel

from aftersales.common.amqp import TROUBLE, Bus, Delivery
from aftersales.common.back_off import back_off
from aftersales.common.clock import Clock
from aftersales.common.errors import DomainError
from aftersales.common.problem import PROBLEMS
from aftersales.common.telemetry import log
from aftersales.common.values import Moment

_MARGIN = timedelta(days=1)
"""Of the inbox's term: reading takes its time, and a chunk of the stream may bring older events along."""


class CatchUpForm(BaseModel):
    since: Moment
    """Read what was published from then on."""


class CatchUpProgress(BaseModel):
    running: bool = False
    since: datetime | None = None
    """Of the run that goes on, or else of the newest one; none since this process started when it is null."""
    events: int | None = None
    """Read by the newest run that ended, known ones included; null while none has."""
    error: str | None = None
    """Why the run that goes on had to begin again."""


class CatchUp:
    """One run at a time; `request` while one goes on makes another follow it."""

    def __init__(self, bus: Bus, handle: Callable[[Delivery], None], clock: Clock, inbox_kept: timedelta) -> None:
        self._bus, self._handle, self._clock, self._reach = bus, handle, clock, inbox_kept - _MARGIN
        self._since: datetime | None = None
        self._wake = asyncio.Event()
        self.progress = CatchUpProgress()

    @property
    def earliest(self) -> datetime:
        """Older events may have left the inbox: read again, they would take effect a second time."""
        return self._clock.now() - self._reach

    def request(self, since: datetime) -> CatchUpProgress:
        """Begin soon. Raises DomainError when the inbox does not reach back so far."""
        if since < self.earliest:
            raise DomainError("catch_up.too_old", since=since.isoformat(), earliest=self.earliest.isoformat())
        return self.reach_back(since)

    def reach_back(self, since: datetime | None = None) -> CatchUpProgress:
        """Begin soon, at `since` or as far back as the inbox reaches, whichever is later."""
        since = max(since or self.earliest, self.earliest)
        self._since = since if self._since is None else min(since, self._since)
        self.progress = CatchUpProgress(running=True, since=self._since, events=self.progress.events)
        self._wake.set()
        return self.progress

    async def run(self) -> None:
        """For ever: read what was requested, again until it has been read whole."""
        while True:
            await self._wake.wait()
            self._wake.clear()
            since, self._since = self._since, None
            if since is None:
                continue
            events = await self._read(since)
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


router = APIRouter(prefix="/events/catch-up", tags=["events"], responses=PROBLEMS)


@router.post("", status_code=202)
async def catch_up(form: CatchUpForm, request: Request) -> CatchUpProgress:
    """Read the journal again from a moment on. What this service has handled already has no second effect."""
    reader: CatchUp = request.app.state.runtime.catch_up
    return reader.request(form.since)


@router.get("")
async def show_catch_up(request: Request) -> CatchUpProgress:
    """Show how far the newest run of this process is."""
    reader: CatchUp = request.app.state.runtime.catch_up
    return reader.progress
