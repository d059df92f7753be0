"""Outbox to broker: committed messages go out in commit order, and their rows go once they are confirmed."""

import asyncio
from collections import deque
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Protocol

from aftersales.common.clock import Clock
from aftersales.common.errors import Unavailable
from aftersales.common.mongo import Document, Mongo
from aftersales.common.telemetry import Metrics, log
from aftersales.common.values import uuid7

OUTBOX = "outbox"
_BATCH = 200
_IN_FLIGHT = 3
_MEMORY = 20_000
"""Messages kept in memory at most; the rest stays in the outbox for the sweep."""


@dataclass(slots=True)  # not frozen, like a delivery: there is one a message
class Outgoing:
    """A message to publish. `id` (a UUIDv7: its order is that of creation) is also the AMQP message id."""

    id: str
    exchange: str
    key: str
    body: bytes
    at: datetime
    headers: Document = field(default_factory=dict)

    def row(self) -> Document:
        return {
            "_id": self.id,
            "exchange": self.exchange,
            "key": self.key,
            "body": self.body,
            "at": self.at,
            "headers": self.headers,
        }


@dataclass(slots=True)
class Receipt:
    """What the broker said of a batch: ids it confirmed, and ids it refused (queue full, or no such queue)."""

    confirmed: set[str] = field(default_factory=set)
    refused: set[str] = field(default_factory=set)


class Publishes(Protocol):
    """Publishes a batch. Of messages named nowhere in the receipt nothing is known: publish them again."""

    async def publish(self, messages: Sequence[Outgoing]) -> Receipt: ...


class Relay:
    """`offer` after a commit; `run` and `sweep` are tasks. A row is deleted only after its confirm."""

    def __init__(self, mongo: Mongo, publisher: Publishes, clock: Clock, metrics: Metrics) -> None:
        self._mongo, self._publisher, self._clock, self._metrics = mongo, publisher, clock, metrics
        self._owner = uuid7()
        self._waiting: deque[Outgoing] = deque()
        self._held: set[str] = set()
        """Ids in memory or in flight here, so that the sweep leaves them alone."""
        self._wake = asyncio.Event()
        self._flights: set[asyncio.Task[None]] = set()
        self._paused_until = 0.0

    @property
    def idle(self) -> bool:
        return not self._held

    def offer(self, messages: Sequence[Outgoing]) -> None:
        """Take committed messages; what does not fit into memory waits in the outbox."""
        room = _MEMORY - len(self._held)
        for message in messages[:room]:
            if message.id not in self._held:
                self._held.add(message.id)
                self._waiting.append(message)
        self._wake.set()

    async def run(self) -> None:
        """Publish what waits, a few batches in flight."""
        while True:
            await self._wake.wait()
            self._wake.clear()
            while self._waiting:
                if len(self._flights) >= _IN_FLIGHT:
                    await asyncio.wait(self._flights, return_when=asyncio.FIRST_COMPLETED)
                    continue
                pause = self._paused_until - asyncio.get_running_loop().time()
                if pause > 0:
                    await asyncio.sleep(pause)
                size = min(_BATCH, len(self._waiting))
                batch = [self._waiting.popleft() for _ in range(size)]
                self._flights.add(flight := asyncio.create_task(self._publish(batch)))
                flight.add_done_callback(self._flights.discard)

    async def _publish(self, batch: list[Outgoing]) -> None:
        receipt = await self._publisher.publish(batch)
        unknown = [message for message in batch if message.id not in receipt.confirmed | receipt.refused]
        self._metrics.published.labels("confirmed").inc(len(receipt.confirmed))
        if unknown:
            self._put_back(unknown)
        if receipt.refused:  # their rows stay, and the sweep tries again
            self._metrics.published.labels("refused").inc(len(receipt.refused))
            log.error("relay.refused", messages=len(receipt.refused), keys=sorted({m.key for m in batch})[:5])
        try:
            if receipt.confirmed:
                await self._mongo.remove(OUTBOX, list(receipt.confirmed))
        except Unavailable as error:
            log.warning("relay.rows_left", error=str(error), rows=len(receipt.confirmed))
        finally:
            self._held -= receipt.confirmed | receipt.refused

    def _put_back(self, unknown: list[Outgoing]) -> None:
        """The connection was lost: try again a little later, in the old order."""
        self._metrics.published.labels("put_back").inc(len(unknown))
        self._waiting.extendleft(reversed(unknown))
        self._paused_until = asyncio.get_running_loop().time() + 0.2
        self._wake.set()

    async def sweep(self, every: timedelta, age: timedelta) -> None:
        """Publish what a crash, here or in another replica, left in the outbox. One sweeper at a time."""
        while True:
            with suppress(Unavailable):
                await self.sweep_once(every, age)
            await asyncio.sleep(every.total_seconds())

    async def sweep_once(self, every: timedelta, age: timedelta) -> int:
        now = self._clock.now()
        if not await self._mongo.claim("sweep", self._owner, now + 3 * every, now):
            return 0
        rows = await self._mongo.rows(OUTBOX, {"at": {"$lt": now - age}}, sort=("_id",), limit=2000)
        left = [from_row(row) for row in rows if row["_id"] not in self._held]
        if left:
            log.info("relay.swept", messages=len(left))
            self.offer(left)
        return len(left)

    async def drain(self, seconds: float) -> None:
        """Wait until all that was offered is out, at most so long; the rest stays in the outbox."""
        deadline = asyncio.get_running_loop().time() + seconds
        while self._held and asyncio.get_running_loop().time() < deadline:
            await asyncio.sleep(0.02)


def from_row(row: Document) -> Outgoing:
    return Outgoing(row["_id"], row["exchange"], row["key"], row["body"], row["at"], row["headers"])
