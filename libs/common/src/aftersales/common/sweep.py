"""The sweep, which publishes rows left in the outbox: by a crash of this or another replica, or for lack of memory."""

import asyncio
from contextlib import aclosing, suppress
from datetime import timedelta

from aftersales.common.clock import Clock
from aftersales.common.mongo import Document, Mongo
from aftersales.common.outgoing import Parcel, from_row
from aftersales.common.relay import LONGEST_PAUSE, OUTBOX, Publishes, Relay
from aftersales.common.telemetry import log
from aftersales.values import uuid7
from aftersales.values.errors import Unavailable

SWEEP_LEASE = "sweep"
_PAGE_ROWS, _PAGE_MESSAGES, _PAGE_BYTES = 1000, 4000, 8_000_000
"""Limits of one page: less than half of what the relay holds."""
_SKEW = timedelta(minutes=1)
"""A time further ahead than this was written by a wrong clock and is ignored."""
_LAST_WORD = 1
"""Seconds for releasing the lease at the end."""


class Sweep:
    """Sweeps in one replica at a time, by lease, and only while its publisher is usable."""

    def __init__(self, mongo: Mongo, relay: Relay, publisher: Publishes, clock: Clock) -> None:
        self._mongo, self._relay, self._publisher, self._clock = mongo, relay, publisher, clock
        self._owner = uuid7()
        self._leading = False

    async def run(self, every: timedelta, age: timedelta) -> None:
        """Publish rows older than `age`, with a search each `every`, until cancelled."""
        try:
            while True:
                with suppress(Unavailable):
                    await self.once(every, age)
                await asyncio.sleep(every.total_seconds())
        finally:
            with suppress(Unavailable, TimeoutError):
                async with asyncio.timeout(_LAST_WORD):  # also after a cancelled claim that still arrived
                    await self._mongo.leases.release(SWEEP_LEASE, self._owner)

    async def once(self, every: timedelta, age: timedelta) -> int:
        """Publish all old rows, as fast as they are sent; return the number of messages."""
        last, messages, more = "", 0, True
        while more and self._publisher.usable and await self._lead(every):
            if await self._relay.room(every.total_seconds()):
                last, left, more = await self._page(last, age)
                messages += sum(len(parcel.messages) for parcel in left)
                self._relay.offer(left)
        if not self._publisher.usable:
            await self._give_back()
        if messages:
            log.info("relay.swept", messages=messages)
        return messages

    async def _lead(self, every: timedelta) -> bool:
        self._leading = await self._mongo.leases.claim(SWEEP_LEASE, self._owner, 3 * every)
        return self._leading

    async def _give_back(self) -> None:
        """Release the lease, for a replica with a broker."""
        if self._leading:
            self._leading = False
            await self._mongo.leases.release(SWEEP_LEASE, self._owner)

    async def _page(self, after: str, age: timedelta) -> tuple[str, list[Parcel], bool]:
        """Return the id of the last row read, the rows not in memory here, and whether there may be more."""
        held = self._relay.held  # before reading: a row that is in memory now may be deleted while it is read
        left: list[Parcel] = []
        rows = messages = size = 0
        old = self._mongo.each(OUTBOX, self._old(after, age), sort=("_id",), limit=_PAGE_ROWS)
        async with aclosing(old):
            async for row in old:
                after, rows = row["_id"], rows + 1
                if after not in held:
                    left.append(parcel := from_row(row))
                    messages += len(parcel.messages)
                    size += parcel.size
                if messages >= _PAGE_MESSAGES or size >= _PAGE_BYTES:
                    return after, left, True
        return after, left, rows == _PAGE_ROWS

    def _old(self, after: str, age: timedelta) -> Document:
        """Return the filter for rows left behind, without refused ones that wait."""
        now = self._clock.now()
        return {
            "_id": {"$gt": after},
            "at": {"$not": {"$gte": now - age, "$lte": now + _SKEW}},
            "again_at": {"$not": {"$gt": now, "$lte": now + LONGEST_PAUSE + _SKEW}},
        }
