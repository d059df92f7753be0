"""The bus, with three supervised connections to RabbitMQ. Only this package uses the drivers."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from datetime import datetime

from aio_pika.abc import AbstractChannel, AbstractConnection

from aftersales.common.amqp import tolerant as _  # noqa: F401 (importing it makes the driver decode every message)
from aftersales.common.amqp.connecting import TROUBLE
from aftersales.common.amqp.consumer import Delivery, QueueConsumer
from aftersales.common.amqp.history import replay_journal
from aftersales.common.amqp.link import Link
from aftersales.common.amqp.publisher import Publisher
from aftersales.common.amqp.topology import Declarer, Topology, queue_exists
from aftersales.common.parts import run_together
from aftersales.common.telemetry import Metrics, log

__all__ = ["TROUBLE", "Bus", "Delivery", "Topology"]
_WATCH_SECONDS = 3
_DECLARE_SECONDS, _DECLARE_PAUSE = 5, 1
"""Seconds between two declarations of the topology, and at least between two requested ones."""
_CALL_SECONDS, _DECLARING_SECONDS = 10, 30
"""Timeouts in seconds for a call to the broker, and for declaring the topology, which is many calls."""


async def _at_once() -> None:
    pass


async def _nothing_missed(_seconds: float | None) -> None:
    pass


class Bus:
    """Connects, declares, consumes and publishes; each part recovers by itself after a lost connection."""

    def __init__(
        self,
        urls: Sequence[str],
        topology: Topology,
        metrics: Metrics,
        handle: Callable[[Delivery], None],
        prefetch: int = 300,
    ) -> None:
        self.topology, self._urls = topology, urls
        self._declarer = Declarer(topology)
        self._links = {name: Link(urls, name, metrics) for name in ("publish", "consume", "control")}
        self._missing = asyncio.Event()
        """Set when a queue or exchange may be missing, to declare the topology now."""
        self.publisher = Publisher(self._links["publish"], topology.events, self._missing.set)
        self.publisher.direct = topology.direct
        self._consumers = [
            QueueConsumer(topology.queue, prefetch, handle, metrics, direct=topology.direct),
            QueueConsumer(topology.dead, 10, handle, metrics, direct=topology.direct),
        ]
        self.wait_until_useful: Callable[[], Awaitable[None]] = _at_once
        """Awaited before consuming begins."""
        self._declared = asyncio.Event()
        self._declaring = asyncio.Lock()
        self._stopping = False
        self._seen: float | None = None
        """When the service's queue was last seen, by the event loop's clock."""
        self.on_missed: Callable[[float | None], Awaitable[None]] = _nothing_missed
        """Awaited before a missing queue is declared, with the seconds of events that may be missing; None if
        unknown."""
        self._channel: AbstractChannel | None = None

    @property
    def ready(self) -> bool:
        return all(link.up for link in self._links.values()) and self._declared.is_set() and self.consuming

    @property
    def consuming(self) -> bool:
        """Whether every queue of the service is consumed; sets the gauge of each queue."""
        return all([consumer.alive for consumer in self._consumers])  # noqa: C419 (each sets its gauge)

    @property
    def blocked(self) -> bool:
        """Whether RabbitMQ blocks publishing on any connection; sets the gauge of each connection."""
        return any([link.blocked for link in self._links.values()])  # noqa: C419 (each sets its gauge)

    @property
    def oldest_delivery(self) -> float:
        """Age of the oldest unfinished delivery of any queue, in seconds; sets the gauge of each queue."""
        return max([consumer.oldest for consumer in self._consumers])

    async def waiting(self) -> int:
        """Return how many deliveries are unfinished and messages are queued (retry queues apart)."""
        if self._channel is None:
            return 1
        async with asyncio.timeout(_CALL_SECONDS):
            queue = await self._channel.declare_queue(self.topology.queue, passive=True)
        return (queue.declaration_result.message_count or 0) + sum(c.unfinished for c in self._consumers)

    async def run(self) -> None:
        try:
            await run_together(
                control=self._links["control"].run(self._control),
                publish=self._links["publish"].run(self._publish),
                consume=self._links["consume"].run(self._consume),
            )
        finally:
            for link in self._links.values():
                await link.drop()

    async def _publish(self, connection: AbstractConnection) -> None:
        """Publish once this connection's node has the journal.

        A node that has just started accepts messages before its streams are up, and confirms messages that the journal
        never gets (RabbitMQ 3.10, measured: for 1 to 2 s, on a single node and on a member of a cluster). During that
        time, a query for the journal fails, which ends this connection; the link tries again.
        """
        await self._declared.wait()
        async with asyncio.timeout(_CALL_SECONDS):
            if not await queue_exists(connection, self.topology.journal):
                self._missing.set()
                raise ConnectionError(f"{self.topology.journal} is missing")
        await self.publisher.use(connection)

    async def _consume(self, connection: AbstractConnection) -> None:
        """Consume until a queue of the service has no consumer any more (connected does not mean consuming)."""
        await self._declared.wait()
        await self.wait_until_useful()
        try:
            for consumer in self._consumers:
                async with asyncio.timeout(_CALL_SECONDS):
                    await consumer.start(connection, self._links["consume"])
            await self._watch(connection)
        finally:
            self._missing.set()

    async def _watch(self, connection: AbstractConnection) -> None:
        """Raise ConnectionError when a queue has lost its consumer.

        A queue that elects its leader reports no consumers for a moment, so a loss counts only when it is reported
        twice.
        """
        async with asyncio.timeout(_CALL_SECONDS):
            channel = await connection.channel(publisher_confirms=False)
        doubts: dict[str, int] = {}
        while True:
            await asyncio.sleep(_WATCH_SECONDS)
            for consumer in self._consumers:
                if self._stopping:
                    continue
                async with asyncio.timeout(_CALL_SECONDS):
                    queue = await channel.declare_queue(consumer.queue, passive=True)
                there = bool(queue.declaration_result.consumer_count)
                doubts[consumer.queue] = 0 if there else doubts.get(consumer.queue, 0) + 1
                if not self._stopping and (not consumer.alive or doubts[consumer.queue] > 1):
                    log.error("amqp.consumer_missing", queue=consumer.queue)
                    raise ConnectionError(f"{consumer.queue} has lost its consumer")

    async def _control(self, connection: AbstractConnection) -> None:
        """Declare the topology repeatedly, which restores queues and exchanges that vanish while connected."""
        channel = self._channel = await connection.channel(publisher_confirms=False)
        try:
            while True:
                await self._declare(connection, channel)
                await asyncio.sleep(_DECLARE_PAUSE)
                with suppress(TimeoutError):
                    async with asyncio.timeout(_DECLARE_SECONDS - _DECLARE_PAUSE):
                        await self._missing.wait()
        finally:
            self._channel = None
            self._declared.clear()

    async def _declare(self, connection: AbstractConnection, channel: AbstractChannel) -> None:
        async with self._declaring, asyncio.timeout(_DECLARING_SECONDS):
            if self._stopping:
                return
            self._missing.clear()
            now = asyncio.get_running_loop().time()
            if not await queue_exists(connection, self.topology.queue):
                self._declared.clear()  # the journal is read only after the queue is bound again
                await self.on_missed(None if self._seen is None else now - self._seen)
            await self._declarer.declare(channel)
            self._seen = asyncio.get_running_loop().time()
            self._declared.set()

    async def replay(self, handle: Callable[[Delivery], None], since: datetime | None = None) -> int:
        """Call `handle` with each journal event that the service listens to; return their number. Raises `TROUBLE`."""
        await self._declared.wait()
        return await replay_journal(self._urls, self.topology, handle, since)

    async def stop_consuming(self, seconds: float) -> None:
        """Stop consuming and declaring, and wait at most `seconds` until all deliveries are acknowledged."""
        self._stopping = True
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await asyncio.gather(*(consumer.stop() for consumer in self._consumers), return_exceptions=True)
                await asyncio.gather(*(consumer.drained() for consumer in self._consumers), return_exceptions=True)
                async with self._declaring:
                    pass
