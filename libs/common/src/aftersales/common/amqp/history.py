"""What was said before a service was here: read from the journal, once, when it is new."""

import asyncio
from collections.abc import Callable

import aio_pika
from aio_pika.abc import AbstractConnection, AbstractIncomingMessage

from aftersales.common.amqp.consumer import Delivery
from aftersales.common.amqp.topology import Topology

_WINDOW = 200
_OFFSET = "x-stream-offset"
_EMPTY_SECONDS, _END_SECONDS = 5, 1
"""A stream tells nobody its length: nothing comes for so long when it is empty, else its last batch within that."""
Messages = asyncio.Queue[AbstractIncomingMessage]


async def replay(url: str, topology: Topology, handle: Callable[[Delivery], None]) -> int:
    """Hand to `handle` all that the journal holds now and the service listens to; how many these were.

    Its queue must be there already: what is published from then on comes that way (and some of it both ways).
    Raises one of `TROUBLE` when the connection is lost.
    """
    async with await aio_pika.connect(url) as connection:
        reading = asyncio.ensure_future(_replay(connection, topology, handle))
        connection.close_callbacks.add(lambda *_: reading.cancel())
        try:
            return await reading
        except asyncio.CancelledError as lost:
            if reading.cancelled() and connection.is_closed:
                raise ConnectionError("lost while reading the journal") from lost
            reading.cancel()
            raise


async def _replay(connection: AbstractConnection, topology: Topology, handle: Callable[[Delivery], None]) -> int:
    end, found = await _end(await _read(connection, topology, "last")), 0
    if end < 0:
        return 0
    messages = await _read(connection, topology, "first")
    window: list[AbstractIncomingMessage] = []
    while True:
        window.append(await messages.get())
        ended = _offset(window[-1]) >= end
        if ended or len(window) == _WINDOW:
            wanted = [message for message in window if message.routing_key in topology.keys]
            await asyncio.gather(*(_handled(message, topology, handle) for message in wanted))
            await window[-1].ack(multiple=True)
            found += len(wanted)
            window.clear()
        if ended:
            return found


async def _read(connection: AbstractConnection, topology: Topology, offset: str) -> Messages:
    """Read the stream from `first` or `last` on, a window at a time; the connection's end is the reader's."""
    channel = await connection.channel()
    await channel.set_qos(_WINDOW)
    journal = await channel.get_queue(topology.journal)
    messages: Messages = asyncio.Queue()
    await journal.consume(messages.put, arguments={_OFFSET: offset})
    return messages


async def _end(messages: Messages) -> int:
    """Give the offset of the newest message, or of one that came while this looked; -1 when there is none."""
    newest = -1
    try:
        async with asyncio.timeout(_EMPTY_SECONDS) as patience:
            while True:
                message = await messages.get()
                if newest < 0:
                    patience.reschedule(asyncio.get_running_loop().time() + _END_SECONDS)
                newest = _offset(message)
                await message.ack()
    except TimeoutError:
        return newest


def _offset(message: AbstractIncomingMessage) -> int:
    return int(str(message.headers[_OFFSET]))


async def _handled(message: AbstractIncomingMessage, topology: Topology, handle: Callable[[Delivery], None]) -> None:
    """Until its effect is committed, or it is safe in a retry queue or the parking place."""
    done = asyncio.Event()
    handle(Delivery(message.body, {}, topology.queue, str(message.routing_key), topology.events, done.set))
    await done.wait()
