"""Outbox to broker: committed messages are published in commit order; a row is deleted once all of it is confirmed.

`sweep` publishes rows that were left in the outbox.
"""

import asyncio
from collections import defaultdict, deque
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Protocol

from aftersales.common.clock import Clock
from aftersales.common.mongo import Mongo
from aftersales.common.outgoing import PUBLISH_ATTEMPTS, Outgoing, Parcel
from aftersales.common.parts import run_together
from aftersales.common.telemetry import Metrics, log
from aftersales.values.errors import Unavailable

OUTBOX = "outbox"
_BATCH = 200
_IN_FLIGHT = 3
_CLEAR_EVERY = 0.1
_MEMORY, _MEMORY_BYTES = 20_000, 32_000_000
"""Most messages in memory, and most bytes of their bodies; the rest stays in the outbox for the sweep."""
_FIRST_PAUSE, LONGEST_PAUSE = timedelta(seconds=5), timedelta(minutes=5)
"""Wait before a refused message is sent again; each wait is twice as long as the one before."""
_GIVEN_UP_AT_ONCE = 100


@dataclass(slots=True)
class Receipt:
    """The broker's answers to a batch, by message id."""

    confirmed: set[str] = field(default_factory=set)
    refused: set[str] = field(default_factory=set)
    """Messages that it cannot accept (a queue is full or has no majority), and those in `returned`."""
    returned: set[str] = field(default_factory=set)
    """Messages for which there is no queue."""
    closed: bool = False
    """Whether the broker closed the channel because of a message, mostly for its size: in this batch or in flight."""


class Publishes(Protocol):
    """Publishes a batch. The result of messages that the receipt does not name is unknown: publish them again."""

    @property
    def usable(self) -> bool:
        """Whether a message published now would go out."""
        ...

    async def publish(self, messages: Sequence[Outgoing]) -> Receipt: ...


def _cannot_store(_parcel: Parcel) -> Awaitable[None]:
    raise NotImplementedError


class Relay:
    """Publishes parcels: `offer` after a commit; `run` is a task. A row is deleted once confirmed or a dead letter."""

    def __init__(self, mongo: Mongo, publisher: Publishes, clock: Clock, metrics: Metrics) -> None:
        self._mongo, self._publisher, self._clock, self._metrics = mongo, publisher, clock, metrics
        self.store_dead_letter: Callable[[Parcel], Awaitable[None]] = _cannot_store
        """Stores a parcel that the broker refuses permanently as dead letters."""
        self._waiting: deque[Outgoing] = deque()
        self._held: dict[str, Parcel] = {}
        """Parcels in memory or in flight, by id, so that the sweep ignores them."""
        self._open: dict[str, Parcel] = {}
        """The parcel of each unanswered message."""
        self._finished: list[Parcel] = []
        """Parcels that are answered, and not yet cleared."""
        self._any_finished = asyncio.Event()
        self._bytes = 0
        """Bytes of the bodies in memory."""
        self._cleared = asyncio.Event()
        self._wake = asyncio.Event()
        self._flights: set[asyncio.Task[None]] = set()
        self._paused_until = 0.0
        self._suspects = 0
        """How many waiting messages are sent alone, because one of them made the broker close the channel."""

    @property
    def idle(self) -> bool:
        return not self._held

    @property
    def held(self) -> frozenset[str]:
        """Ids of the rows that are in memory here."""
        return frozenset(self._held)

    @property
    def _full(self) -> bool:
        return len(self._open) >= _MEMORY or self._bytes >= _MEMORY_BYTES

    async def room(self, seconds: float) -> bool:
        """Wait at most `seconds` until half of the memory is free; return whether it is."""
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                while len(self._open) > _MEMORY // 2 or self._bytes > _MEMORY_BYTES // 2:
                    self._cleared.clear()
                    await self._cleared.wait()
                return True
        return False

    def offer(self, parcels: Sequence[Parcel]) -> None:
        """Queue committed messages; those that do not fit into memory stay in the outbox."""
        for parcel in parcels:
            if self._full or parcel.id in self._held:
                continue
            self._held[parcel.id] = parcel
            self._bytes += parcel.size
            parcel.unanswered = {message.id for message in parcel.messages}
            self._open.update(dict.fromkeys(parcel.unanswered, parcel))
            self._waiting.extend(parcel.messages)
        self._wake.set()

    async def run(self) -> None:
        """Publish the queued messages and clear the confirmed ones, until cancelled."""
        await run_together(send=self._send(), clear=self._clear())

    async def _send(self) -> None:
        """Publish batches, a few in flight at a time."""
        while True:
            await self._wake.wait()
            self._wake.clear()
            while self._waiting:
                if len(self._flights) >= (1 if self._suspects else _IN_FLIGHT):
                    await asyncio.wait(self._flights, return_when=asyncio.FIRST_COMPLETED)
                    continue
                pause = self._paused_until - asyncio.get_running_loop().time()
                if pause > 0:
                    await asyncio.sleep(pause)
                if self._suspects:
                    self._suspects -= 1
                    await self._publish([self._waiting.popleft()], alone=True)
                    continue
                size = min(_BATCH, len(self._waiting))
                batch = [self._waiting.popleft() for _ in range(size)]
                self._flights.add(flight := asyncio.create_task(self._publish(batch)))
                flight.add_done_callback(self._flights.discard)

    async def _publish(self, batch: list[Outgoing], *, alone: bool = False) -> None:
        receipt = await self._publisher.publish(batch)
        if receipt.closed and alone:  # so it is this one, and a later attempt would end the same way
            receipt.refused.add(batch[0].id)
            receipt.returned.add(batch[0].id)
        unknown = [message for message in batch if message.id not in receipt.confirmed | receipt.refused]
        self._metrics.published.labels("confirmed").inc(len(receipt.confirmed))
        if unknown:
            self._put_back(unknown)
            self._suspects += len(unknown) if receipt.closed or alone else 0
        if receipt.refused:  # their rows stay, and the sweep tries again later
            self._metrics.published.labels("refused").inc(len(receipt.refused))
            log.error("relay.refused", messages=len(receipt.refused), keys=sorted({m.key for m in batch})[:5])
        if finished := self._answered(receipt):
            self._finished += finished
            self._any_finished.set()

    async def _clear(self) -> None:
        """Delete the rows that are sent, a few times a second: one delete per batch would cost as much as sending."""
        while True:
            await self._any_finished.wait()
            self._any_finished.clear()
            parcels, self._finished = self._finished, []
            try:
                if sent := [parcel.id for parcel in parcels if parcel.sent]:
                    await self._mongo.remove(OUTBOX, sent)
                if refused := [parcel for parcel in parcels if not parcel.sent]:
                    await self._put_off(refused)
            except Unavailable as error:
                log.warning("relay.rows_left", error=str(error), rows=len(parcels))
            for parcel in parcels:
                del self._held[parcel.id]
                self._bytes -= parcel.size
            self._cleared.set()
            await asyncio.sleep(_CLEAR_EVERY)

    async def _put_off(self, parcels: list[Parcel]) -> None:
        """Leave refused parcels to a later sweep; move hopeless ones to the dead letters."""
        for parcel in parcels:
            if parcel.confirmed:
                await self._mongo.amend(OUTBOX, [parcel.id], {"$pull": {"messages": {"id": {"$in": parcel.confirmed}}}})
        for at in range(0, len(parcels), _GIVEN_UP_AT_ONCE):
            await self._give_up([parcel for parcel in parcels[at : at + _GIVEN_UP_AT_ONCE] if parcel.hopeless])
        later: dict[int, list[str]] = defaultdict(list)
        for parcel in parcels:
            later[min(parcel.tries + 1, PUBLISH_ATTEMPTS - 1)].append(parcel.id)
        for tries, ids in later.items():
            again_at = self._clock.now() + pause_after(tries)
            await self._mongo.amend(OUTBOX, ids, {"$set": {"tries": tries, "again_at": again_at}})

    async def _give_up(self, parcels: list[Parcel]) -> None:
        """Move parcels from the outbox to the dead letters; one that cannot be moved stays and is tried again later."""
        done = await asyncio.gather(*(self.store_dead_letter(parcel) for parcel in parcels), return_exceptions=True)
        gone = [parcel for parcel, error in zip(parcels, done, strict=True) if error is None]
        if errors := [error for error in done if error]:
            log.error("relay.not_parked", rows=len(errors), first=repr(errors[0])[:200])
        if gone:
            await self._mongo.remove(OUTBOX, [parcel.id for parcel in gone])
            self._metrics.published.labels("parked").inc(sum(len(parcel.left) for parcel in gone))

    def _answered(self, receipt: Receipt) -> list[Parcel]:
        """Record the broker's answers, and return the parcels without an unanswered message."""
        finished = []
        for id in receipt.confirmed | receipt.refused:
            parcel = self._open.pop(id)
            parcel.unanswered.discard(id)
            if id in receipt.confirmed:
                parcel.confirmed.append(id)
            elif id in receipt.returned:
                parcel.returned.append(id)
            if not parcel.unanswered:
                finished.append(parcel)
        return finished

    def _put_back(self, unknown: list[Outgoing]) -> None:
        """Queue messages again after a lost connection, in the old order, a little later."""
        self._metrics.published.labels("put_back").inc(len(unknown))
        self._waiting.extendleft(reversed(unknown))
        self._paused_until = asyncio.get_running_loop().time() + 0.2
        self._wake.set()

    async def drain(self, seconds: float) -> None:
        """Wait at most `seconds` until all queued messages are out; the rest stays in the outbox."""
        deadline = asyncio.get_running_loop().time() + seconds
        while self._held and asyncio.get_running_loop().time() < deadline:
            await asyncio.sleep(0.02)


def pause_after(tries: int) -> timedelta:
    """Return the wait after so many refusals of a message."""
    return min(_FIRST_PAUSE * (1 << tries - 1), LONGEST_PAUSE)
