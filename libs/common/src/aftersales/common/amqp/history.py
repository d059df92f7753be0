"""The replay of events from the journal that a service missed, or that are older than the service."""

import asyncio
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from aio_pika.abc import AbstractConnection, AbstractIncomingMessage

from aftersales.common.amqp.connecting import connect_to_broker, retrieve_exception
from aftersales.common.amqp.consumer import Delivery
from aftersales.common.amqp.topology import Topology

_WINDOW = 200
_OFFSET = "x-stream-offset"
_EMPTY_SECONDS, _END_SECONDS, _BUSY_SECONDS = 5, 1, 20
"""Timeouts in seconds for finding the end of a stream, which does not report its length: it is empty if no message
comes within the first, and ends if none follows within the second or, while others publish, after the third."""
_ANSWER_SECONDS, _NEXT_SECONDS = 10, 30
"""Timeouts in seconds for a call, and for the next message of a stream that has more."""
Messages = asyncio.Queue[AbstractIncomingMessage]


async def replay_journal(
    urls: Sequence[str], topology: Topology, handle: Callable[[Delivery], None], since: datetime | None = None
) -> int:
    """Call `handle` with each event that the journal has now and the service listens to; return the number.

    With `since`, only events published from then on are replayed (a chunk of the stream may include some older ones).
    The service's queue must exist already, because later events arrive there (some arrive both ways). Raises one of
    `TROUBLE` when the connection is lost.
    """
    connection = await connect_to_broker(urls, "history")
    reading = asyncio.ensure_future(_replay(connection, topology, handle, since))
    reading.add_done_callback(retrieve_exception)
    waiting: set[asyncio.Future[Any]] = {reading, connection.lost()}
    try:
        await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
        if not reading.done() or reading.cancelled():  # the driver cancels calls that wait for an answer
            raise ConnectionError("lost while reading the journal")
        return reading.result()
    finally:
        reading.cancel()
        await connection.end()


async def _replay(
    connection: AbstractConnection, topology: Topology, handle: Callable[[Delivery], None], since: datetime | None
) -> int:
    end, found = await _end(await _read(connection, topology, "last")), 0
    if end < 0:
        return 0
    messages = await _read(connection, topology, since or "first")

    def is_live() -> bool:
        return not connection.is_closed

    async def handled(message: AbstractIncomingMessage) -> None:
        """Handle a message, and wait until it is committed, in a retry queue or stored as a dead letter."""
        done = asyncio.Event()
        key = str(message.routing_key)
        handle(Delivery(message.body, {}, topology.queue, key, topology.events, done.set, is_live))
        await done.wait()

    window: list[AbstractIncomingMessage] = []
    patience = _EMPTY_SECONDS if since else _NEXT_SECONDS  # perhaps nothing was published since
    while True:
        try:
            message = await asyncio.wait_for(messages.get(), patience)
        except TimeoutError:
            if patience == _EMPTY_SECONDS:
                return 0
            raise
        window.append(message)
        patience = _NEXT_SECONDS
        ended = _offset(message) >= end
        if ended or len(window) == _WINDOW:
            wanted = [message for message in window if message.routing_key in topology.keys]
            await asyncio.gather(*(handled(message) for message in wanted))
            await window[-1].ack(multiple=True)
            found += len(wanted)
            window.clear()
        if ended:
            return found


async def _read(connection: AbstractConnection, topology: Topology, offset: str | datetime) -> Messages:
    """Start reading the stream from `first`, `last` or a time, one window at a time, until the connection ends."""
    messages: Messages = asyncio.Queue()
    async with asyncio.timeout(_ANSWER_SECONDS):
        channel = await connection.channel()
        await channel.set_qos(_WINDOW)
        journal = await channel.get_queue(topology.journal)
        arguments: dict[str, Any] = {_OFFSET: offset}
        await journal.consume(messages.put, arguments=arguments)
    return messages


async def _end(messages: Messages) -> int:
    """Return the offset of the newest message, or of one that arrived meanwhile; -1 if there is none."""
    newest, wait, deadline = -1, _EMPTY_SECONDS, asyncio.get_running_loop().time() + _BUSY_SECONDS
    while asyncio.get_running_loop().time() < deadline:
        try:
            message = await asyncio.wait_for(messages.get(), wait)
        except TimeoutError:
            break
        newest, wait = _offset(message), _END_SECONDS
        await message.ack()
    return newest


def _offset(message: AbstractIncomingMessage) -> int:
    return int(str(message.headers[_OFFSET]))
