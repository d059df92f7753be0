"""The bus: three supervised connections to RabbitMQ. Only this package touches the drivers."""

import asyncio
from collections.abc import Callable
from contextlib import suppress

from aio_pika.abc import AbstractChannel, AbstractConnection

from aftersales.common.amqp.consumer import Consumer, Delivery
from aftersales.common.amqp.history import replay
from aftersales.common.amqp.link import TROUBLE, Link
from aftersales.common.amqp.publisher import Publisher
from aftersales.common.amqp.topology import Topology, declare
from aftersales.common.telemetry import Metrics, log

__all__ = ["TROUBLE", "Bus", "Delivery", "Topology"]
_WATCH_SECONDS = 15


class Bus:
    """Connects, declares, consumes and publishes; each part comes back by itself after a loss."""

    def __init__(
        self, url: str, topology: Topology, metrics: Metrics, handle: Callable[[Delivery], None], prefetch: int = 300
    ) -> None:
        self.topology, self._url = topology, url
        self._links = {name: Link(url, name, metrics) for name in ("publish", "consume", "control")}
        self.publisher = Publisher(self._links["publish"])
        self._consumers = [
            Consumer(topology.queue, prefetch, handle, metrics),
            Consumer(topology.dead, 10, handle, metrics),
        ]
        self._declared = asyncio.Event()
        self._channel: AbstractChannel | None = None

    @property
    def ready(self) -> bool:
        return all(link.up for link in self._links.values()) and self.consuming

    @property
    def consuming(self) -> bool:
        """Whether every queue of ours is consumed; each one's gauge is set by this."""
        return all([consumer.alive for consumer in self._consumers])  # noqa: C419 (look at each of them)

    @property
    def blocked(self) -> bool:
        """Whether RabbitMQ holds any connection's publishing back; each one's gauge is set by this."""
        return any([link.blocked for link in self._links.values()])  # noqa: C419 (look at each of them)

    @property
    def oldest_delivery(self) -> float:
        """Age of the oldest unfinished delivery of any queue, in seconds; each one's gauge is set by this."""
        return max([consumer.oldest for consumer in self._consumers])

    async def waiting(self) -> int:
        """Deliveries in hand and messages in our queue (retry tiers apart)."""
        if self._channel is None:
            return 1
        queue = await self._channel.declare_queue(self.topology.queue, passive=True)
        return (queue.declaration_result.message_count or 0) + sum(c.unfinished for c in self._consumers)

    async def run(self) -> None:
        """For ever, until cancelled."""
        try:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(self._links["control"].run(self._control))
                tasks.create_task(self._links["publish"].run(self._publish))
                tasks.create_task(self._links["consume"].run(self._consume))
        finally:
            for link in self._links.values():
                await link.drop()

    async def _publish(self, connection: AbstractConnection) -> None:
        await self._declared.wait()
        await self.publisher.use(connection)

    async def _consume(self, connection: AbstractConnection) -> None:
        await self._declared.wait()
        for consumer in self._consumers:
            await consumer.start(connection, self._links["consume"])
        await asyncio.Event().wait()

    async def _control(self, connection: AbstractConnection) -> None:
        """Declare, then watch that our queue really has consumers (connected is not the same as consuming).

        A broker that comes back takes publishes before its stream is there, and confirms what the journal
        never gets (3.10, measured: for 1 to 2 s). So nobody publishes before the journal is declared anew.
        """
        channel = self._channel = await connection.channel(publisher_confirms=False)
        try:
            await declare(channel, self.topology)
            self._declared.set()
            while True:
                await asyncio.sleep(_WATCH_SECONDS)
                await self.watch()
        finally:
            self._declared.clear()

    async def replay(self, handle: Callable[[Delivery], None]) -> int:
        """Hand to `handle` what the journal has of events that this service listens to; raises one of `TROUBLE`."""
        await self._declared.wait()
        return await replay(self._url, self.topology, handle)

    async def watch(self) -> None:
        """Consume anew where a queue of ours has lost its consumer."""
        if self._channel is None or not self._links["consume"].up:
            return
        for consumer in self._consumers:
            queue = await self._channel.declare_queue(consumer.queue, passive=True)
            if not consumer.alive or not queue.declaration_result.consumer_count:
                log.error("amqp.consumer_missing", queue=consumer.queue)
                await self._links["consume"].drop()

    async def stop_consuming(self, seconds: float) -> None:
        """Take nothing more, and wait until what was taken is acknowledged, at most so long."""
        for consumer in self._consumers:
            await consumer.stop()
        with suppress(asyncio.TimeoutError, *TROUBLE):
            await asyncio.wait_for(asyncio.gather(*(consumer.drained() for consumer in self._consumers)), seconds)
