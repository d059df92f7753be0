"""An ear on the bus of a running system."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import aio_pika

from aftersales.common.events import Event, decode_envelope
from aftersales.testing.system import RunningService, RunningSystem

DecodedEvents = Callable[..., Awaitable[list[Event]]]


@asynccontextmanager
async def hear_events(system: RunningSystem, service: RunningService) -> AsyncIterator[DecodedEvents]:
    """Hear a service; gives a function that returns all events of some types so far, once nothing is on its way."""
    connection = await aio_pika.connect(service.runtime.service.settings.amqp_url.get_secret_value())
    events: list[Event] = []
    async with connection:
        channel = await connection.channel()
        queue = await channel.declare_queue(exclusive=True)
        await queue.bind(service.runtime.topology.events, "#")

        async def all_of(*types: type[Event]) -> list[Event]:
            await system.quiet()
            while message := await queue.get(no_ack=True, fail=False):
                events.append(decode_envelope(message.body).event())
            return [event for event in events if isinstance(event, types)]

        yield all_of
