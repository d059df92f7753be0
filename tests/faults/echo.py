"""Delivers events again, and in another order: reads them from the journal and puts them into the queues itself."""

import asyncio
import contextlib
import heapq
import random
from collections.abc import AsyncIterator, Callable
from datetime import timedelta
from typing import Any, Self

import aio_pika
from aio_pika.abc import AbstractChannel, AbstractConnection, AbstractIncomingMessage
from aio_pika.exceptions import AMQPError, ChannelNotFoundEntity
from faults.declared import consumed_by
from faults.rig import TIERS, System

from aftersales.common.amqp import Topology
from aftersales.values import uuid7

Event = tuple[str, bytes]
"""A routing key and a body."""
MARKER = "intake.end_of_reading"
"""A key that the journal takes and no service listens to."""
_SPREAD = 1.5
"""Seconds over which the copies of an event are scattered."""
_ACKNOWLEDGE = 250
"""Deliveries of the journal that are acknowledged at once."""
_TRIES = 20
_PATIENCE = 180.0
"""Seconds after which the broker counts as stuck."""


def topology(system: System, service: str) -> Topology:
    """What the service declares, as far as names go."""
    tiers = tuple(timedelta(seconds=seconds) for seconds in TIERS)
    return Topology(system.tag, service, tuple(sorted(consumed_by(service))), tiers)


class Echo:
    """Speaks to the broker directly, past the proxy.

    Copies go out unconfirmed on a channel of their own; an answer on that channel tells that all were taken in.
    """

    def __init__(self, system: System, chance: random.Random) -> None:
        self._system, self._chance = system, chance
        self._topologies = [topology(system, name) for name in system.services]
        self._later: list[tuple[float, int, str, bytes]] = []
        self.delivered = 0
        self._connection: AbstractConnection
        self._channel: AbstractChannel
        self._out: AbstractChannel

    async def __aenter__(self) -> Self:
        self._connection = await aio_pika.connect(self._system.servers.amqp_url, timeout=_PATIENCE)
        self._channel = await self._connection.channel(on_return_raises=True)
        self._out = await self._connection.channel(publisher_confirms=False)
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._connection.close()

    async def journal(self) -> list[Event]:
        """Every event that was ever published, in order."""
        events: list[Event] = []
        async with self._reading("first", lambda key, body: events.append((key, body))):
            pass
        return events

    @contextlib.asynccontextmanager
    async def _reading(self, offset: str, take: Callable[[str, bytes], None]) -> AsyncIterator[None]:
        """Hand each event from `offset` on to `take`; at the end wait until the newest of now has come by."""
        end, reached = uuid7().encode(), asyncio.Event()
        taken = 0

        async def on_message(message: AbstractIncomingMessage) -> None:
            nonlocal taken
            taken += 1
            if taken % _ACKNOWLEDGE == 0:
                await message.ack(multiple=True)
            if message.body == end:
                reached.set()
            elif message.routing_key != MARKER and not reached.is_set():
                take(str(message.routing_key), message.body)

        async with await self._consuming(offset, on_message), asyncio.timeout(_PATIENCE):
            yield
            exchange = await self._channel.get_exchange(self._topologies[0].events, ensure=False)
            await exchange.publish(aio_pika.Message(end), MARKER)
            await reached.wait()

    async def _consuming(self, offset: str, take: Callable[[AbstractIncomingMessage], Any]) -> AbstractConnection:
        """Consume the journal on a connection of its own.

        A node that came back a moment ago may fail at it (RabbitMQ 3.10: INTERNAL_ERROR): then another one is asked.
        """
        for tries_left in reversed(range(_TRIES)):
            connection = await aio_pika.connect(self._system.servers.amqp_url, timeout=_PATIENCE)
            try:
                channel = await connection.channel(publisher_confirms=False)
                await channel.set_qos(4 * _ACKNOWLEDGE)
                queue = await channel.get_queue(self._topologies[0].journal, ensure=False)
                await queue.consume(take, arguments={"x-stream-offset": offset})
            except AMQPError:
                await connection.close()
                if not tries_left:
                    raise
                await asyncio.sleep(1)
            else:
                break
        return connection

    @contextlib.asynccontextmanager
    async def instead_of_the_exchange(self) -> AsyncIterator[None]:
        """Cut the queues off the exchange; give them each event twice instead, each copy at a moment of its own."""
        reading = asyncio.Event()
        delivering = asyncio.create_task(self._deliver(reading))
        async with self._reading("next", self._scatter):
            await self._bind(False)
            try:
                yield
            finally:
                await self._bind(True)
        reading.set()
        await asyncio.wait_for(delivering, _PATIENCE)

    async def taken_out(self, queue: str) -> list[bytes]:
        """Take everything out of a queue."""
        bodies = []
        found = await self._channel.get_queue(queue, ensure=False)
        while message := await found.get(no_ack=True, fail=False):
            bodies.append(message.body)
        return bodies

    async def delete(self, queue: str) -> None:
        await self._channel.queue_delete(queue)

    async def exists(self, queue: str) -> bool:
        return await self._declared(queue) is not None

    async def is_consumed(self, queue: str) -> bool:
        """Whether the broker knows a consumer of this queue."""
        found = await self._declared(queue)
        return found is not None and bool(found.consumer_count)

    async def _declared(self, queue: str) -> Any:
        """What the broker says of a queue; None where there is none."""
        channel = await self._connection.channel()
        try:
            return (await channel.declare_queue(queue, passive=True)).declaration_result
        except ChannelNotFoundEntity:
            return None
        finally:
            await channel.close()

    async def once_more(self, events: list[Event]) -> None:
        """Deliver all of these again, shuffled."""
        copies = [(queue, body) for key, body in events for queue in self._queues(key)]
        self._chance.shuffle(copies)
        for queue, body in copies:
            await self._put(queue, body)
        await self._taken_in()

    async def waiting(self) -> dict[str, int]:
        """Count the messages in each queue, retry tiers included, that are not in a consumer's hands."""
        counts: dict[str, int] = {}
        for found in self._topologies:
            for name in (found.queue, found.dead, *map(found.retry, range(len(found.tiers)))):
                queue = await self._channel.declare_queue(name, passive=True)
                counts[name] = queue.declaration_result.message_count or 0
        return {name: count for name, count in counts.items() if count}

    def _queues(self, key: str) -> list[str]:
        return [found.queue for found in self._topologies if key in found.keys]

    def _scatter(self, key: str, body: bytes) -> None:
        for queue in self._queues(key) * 2:
            at = asyncio.get_running_loop().time() + self._chance.uniform(0, _SPREAD)
            heapq.heappush(self._later, (at, len(self._later), queue, body))

    async def _deliver(self, reading: asyncio.Event) -> None:
        """Put each copy into its queue when it is due, until nothing more is read."""
        while self._later or not reading.is_set():
            while self._later and self._later[0][0] <= asyncio.get_running_loop().time():
                _, _, queue, body = heapq.heappop(self._later)
                await self._put(queue, body)
            await asyncio.sleep(0.02)
        await self._taken_in()

    async def _put(self, queue: str, body: bytes) -> None:
        await self._out.default_exchange.publish(aio_pika.Message(body, delivery_mode=2), queue, mandatory=False)
        self.delivered += 1

    async def _taken_in(self) -> None:
        async with asyncio.timeout(_PATIENCE):
            await self._out.declare_queue(self._topologies[0].queue, passive=True)

    async def _bind(self, wanted: bool) -> None:
        for found in self._topologies:
            queue = await self._channel.get_queue(found.queue, ensure=False)
            for key in found.keys:
                await (queue.bind(found.events, key) if wanted else queue.unbind(found.events, key))
