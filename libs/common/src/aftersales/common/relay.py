"""Outbox to broker: committed messages go out in commit order, and a row goes once all of it is confirmed."""

import asyncio
from collections import deque
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Protocol

from aftersales.common.clock import Clock
from aftersales.common.errors import Unavailable
from aftersales.common.mongo import Document, Mongo
from aftersales.common.parts import run_together
from aftersales.common.telemetry import Metrics, log
from aftersales.common.values import uuid7

OUTBOX = "outbox"
_BATCH = 200
_IN_FLIGHT = 3
_PARCEL_BYTES = 4_000_000
_CLEAR_EVERY = 0.1
_MEMORY = 20_000
"""Messages kept in memory at most; the rest stays in the outbox for the sweep."""


@dataclass(slots=True)  # not frozen, like a delivery: there is one a message
class Outgoing:
    """A message to publish. `id` (a UUIDv7: its order is that of creation) is also the AMQP message id."""

    id: str
    exchange: str
    key: str
    body: bytes
    headers: Document = field(default_factory=dict)


@dataclass(slots=True)
class Parcel:
    """Messages of one commit: one row of the outbox (a row each would cost more than all else in the commit)."""

    id: str
    at: datetime
    messages: list[Outgoing]
    unanswered: set[str] = field(default_factory=set)
    confirmed: list[str] = field(default_factory=list)

    @property
    def sent(self) -> bool:
        """Whether the broker has all of it, so that the row may go."""
        return len(self.confirmed) == len(self.messages)

    def row(self) -> Document:
        fields = Outgoing.__slots__
        messages = [{name: getattr(message, name) for name in fields} for message in self.messages]
        return {"_id": self.id, "at": self.at, "messages": messages}


def pack(messages: Sequence[Outgoing], at: datetime) -> list[Parcel]:
    """One parcel, or a few: a row has its limit."""
    parcels: list[Parcel] = []
    room = -1
    for message in messages:
        room -= len(message.body)
        if room < 0:
            parcels.append(Parcel(message.id, at, []))
            room = _PARCEL_BYTES - len(message.body)
        parcels[-1].messages.append(message)
    return parcels


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
        self._held: dict[str, Parcel] = {}
        """In memory or in flight here, by id, so that the sweep leaves them alone."""
        self._open: dict[str, Parcel] = {}
        """Of which parcel each unanswered message is."""
        self._finished: list[Parcel] = []
        """Answered, and not yet cleared away."""
        self._any_finished = asyncio.Event()
        self._wake = asyncio.Event()
        self._flights: set[asyncio.Task[None]] = set()
        self._paused_until = 0.0

    @property
    def idle(self) -> bool:
        return not self._held

    def offer(self, parcels: Sequence[Parcel]) -> None:
        """Take committed messages; what does not fit into memory waits in the outbox."""
        for parcel in parcels:
            if len(self._open) >= _MEMORY or parcel.id in self._held:
                continue
            self._held[parcel.id] = parcel
            parcel.unanswered = {message.id for message in parcel.messages}
            self._open.update(dict.fromkeys(parcel.unanswered, parcel))
            self._waiting.extend(parcel.messages)
        self._wake.set()

    async def run(self) -> None:
        """For ever: publish what waits, and clear away what was confirmed."""
        await run_together(send=self._send(), clear=self._clear())

    async def _send(self) -> None:
        """A few batches in flight at a time."""
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
        if finished := self._answered(receipt):
            self._finished += finished
            self._any_finished.set()

    async def _clear(self) -> None:
        """Delete the rows of what is out, a few times a second: one delete per batch would cost as much as sending."""
        while True:
            await self._any_finished.wait()
            self._any_finished.clear()
            parcels, self._finished = self._finished, []
            try:
                if sent := [parcel.id for parcel in parcels if parcel.sent]:
                    await self._mongo.remove(OUTBOX, sent)
                for parcel in parcels:
                    if not parcel.sent:  # what was refused waits for the sweep alone
                        await self._mongo.pull(OUTBOX, parcel.id, "messages", parcel.confirmed)
            except Unavailable as error:
                log.warning("relay.rows_left", error=str(error), rows=len(parcels))
            for parcel in parcels:
                del self._held[parcel.id]
            await asyncio.sleep(_CLEAR_EVERY)

    def _answered(self, receipt: Receipt) -> list[Parcel]:
        """Note what the broker said; the parcels that have nothing open any more."""
        finished = []
        for id in receipt.confirmed | receipt.refused:
            parcel = self._open.pop(id)
            parcel.unanswered.discard(id)
            if id in receipt.confirmed:
                parcel.confirmed.append(id)
            if not parcel.unanswered:
                finished.append(parcel)
        return finished

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
        """Take up what is old; how many messages that is."""
        now = self._clock.now()
        if not await self._mongo.claim("sweep", self._owner, now + 3 * every, now):
            return 0
        rows = await self._mongo.rows(OUTBOX, {"at": {"$lt": now - age}}, sort=("_id",), limit=200)
        left = [from_row(row) for row in rows if row["_id"] not in self._held]
        messages = sum(len(parcel.messages) for parcel in left)
        if left:
            log.info("relay.swept", messages=messages)
            self.offer(left)
        return messages

    async def drain(self, seconds: float) -> None:
        """Wait until all that was offered is out, at most so long; the rest stays in the outbox."""
        deadline = asyncio.get_running_loop().time() + seconds
        while self._held and asyncio.get_running_loop().time() < deadline:
            await asyncio.sleep(0.02)


def from_row(row: Mapping[str, Any]) -> Parcel:
    return Parcel(row["_id"], row["at"], [Outgoing(**message) for message in row["messages"]])
