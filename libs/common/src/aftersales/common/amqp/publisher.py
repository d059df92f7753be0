"""Confirmed publishing, many messages in one socket write (several times as fast as one at a time).

Uses public but undocumented attributes of aiormq channels (7.2), pinned and checked by contract tests; `batched=False`
does not.
"""

import asyncio
from collections.abc import Callable, Sequence
from functools import lru_cache
from itertools import count
from typing import Any

from aio_pika.abc import AbstractConnection
from aiormq.abc import ChannelFrame
from aiormq.exceptions import ChannelPreconditionFailed, DeliveryError, PublishError
from pamqp import commands as spec
from pamqp.body import ContentBody
from pamqp.frame import marshal
from pamqp.header import ContentHeader

from aftersales.common.amqp.connecting import TROUBLE
from aftersales.common.amqp.link import Link
from aftersales.common.outgoing import Outgoing
from aftersales.common.relay import Receipt
from aftersales.common.telemetry import log

CONTENT_TYPE = "application/cloudevents+json"
_CONFIRM_SECONDS = 15
_TURN_SECONDS, _EMPTY_EVERY = 0.25, 12
_WRITE_BYTES = 1_000_000
"""Bytes of the largest socket write, so that heartbeats still get through."""


class Publisher:
    """Publishes on its own link; waits while that is down or blocked. `refused` is called if the broker refused any.

    Messages to `exchange`, which all go to the journal, have their own channel. When a stream gets another leader,
    RabbitMQ 3.10 resends unconfirmed messages with the channel's numbers, but counts only the stream's own
    (`rabbit_stream_queue:resend_all`, fixed in 4.0). If the channel had also sent n messages elsewhere, the next n for
    the stream would count as duplicates: they would be confirmed and dropped.
    """

    def __init__(
        self,
        link: Link,
        exchange: str,
        refused: Callable[[], None] = lambda: None,
        *,
        batched: bool = True,
        confirm_seconds: float = _CONFIRM_SECONDS,
    ) -> None:
        self._link, self._refused, self._batched = link, refused, batched
        self.direct = ""
        """The exchange for messages that name none, but a queue as their key (`Topology.direct`)."""
        self._exchange, self._confirm_seconds = exchange, confirm_seconds
        self._channels: tuple[Any, Any] = (None, None)
        """The channels for all other messages, and for those to the exchange."""
        self._ready = asyncio.Event()

    @property
    def usable(self) -> bool:
        """Whether a message published now would go out: connected, and not blocked by the broker."""
        return self._ready.is_set() and not self._link.blocked

    async def use(self, connection: AbstractConnection) -> None:
        """Serve `publish` on this connection until it is lost.

        RabbitMQ tells a connection of an alarm when it publishes, so one that has nothing to publish sends an empty
        message to nobody now and then.
        """
        others, ours = [
            await (await connection.channel(publisher_confirms=True, on_return_raises=True)).get_underlay_channel()
            for _ in range(2)
        ]
        empty: Any = await (await connection.channel(publisher_confirms=False)).get_underlay_channel()
        self._channels = others, ours
        self._ready.set()
        try:
            for turn in count():
                if others.is_closed or ours.is_closed:
                    return
                blocked = self._link.blocked  # updates the metric while nothing is published
                if turn % _EMPTY_EVERY == 0 and not blocked:
                    await empty.basic_publish(b"", exchange=self.direct, wait=False)
                await asyncio.sleep(_TURN_SECONDS)
        finally:
            self._ready.clear()

    async def publish(self, messages: Sequence[Outgoing]) -> Receipt:
        """Publish the messages and wait for the broker's answer to each. Never raises for a broken connection."""
        await self._ready.wait()
        receipt, channels = Receipt(), self._channels
        sent: list[tuple[Outgoing, Any, asyncio.Future[Any]]] = []
        try:
            for channel, some in zip(channels, self._by_channel(messages), strict=True):
                futures = await (self._write if self._batched else self._write_plainly)(channel, some)
                sent += [(message, channel, future) for message, future in zip(some, futures, strict=True)]
        except TROUBLE as error:
            log.warning("amqp.publish_failed", error=str(error)[:200])
            await asyncio.sleep(0.1)
            return receipt
        await self._confirmed([future for _, _, future in sent])
        for message, channel, future in sent:
            _judge(message, future, receipt)
            channel.message_id_delivery_tag.pop(message.id, None)
        if receipt.refused:
            self._refused()
        returned_ours = any(
            message.exchange == self._exchange and message.id in receipt.returned for message in messages
        )
        if returned_ours or len(receipt.confirmed) + len(receipt.refused) < len(messages):
            await self._discard(channels)
        return receipt

    def _by_channel(self, messages: Sequence[Outgoing]) -> tuple[list[Outgoing], list[Outgoing]]:
        ours = [message for message in messages if message.exchange == self._exchange]
        return [message for message in messages if message.exchange != self._exchange], ours

    async def _confirmed(self, futures: list["asyncio.Future[Any]"]) -> None:
        """Wait until all are answered; continue while the broker blocks, but not after a timeout.

        They are awaited one by one: one answer confirms many, so that the later ones are mostly done.
        """
        for future in futures:
            while not future.done():
                await asyncio.wait({future}, timeout=self._confirm_seconds)
                if not future.done() and not self._link.blocked:
                    return

    async def _discard(self, channels: tuple[Any, Any]) -> None:
        """Reconnect, because the counts may be wrong after a timeout, an error or an event that no journal got."""
        if channels is self._channels:
            self._ready.clear()
            await self._link.drop()

    async def _write(self, channel: Any, messages: Sequence[Outgoing]) -> list["asyncio.Future[Any]"]:
        futures: list[asyncio.Future[Any]] = []
        async with channel.lock:
            wire = bytearray()
            for message in messages:
                channel.delivery_tag += 1
                future = channel.create_future()
                channel.confirmations[channel.delivery_tag] = future
                channel.message_id_delivery_tag[message.id] = channel.delivery_tag
                futures.append(future)
                wire += _on_the_wire(message, message.exchange or self.direct, channel)
                if len(wire) > _WRITE_BYTES:
                    await _put(channel, bytes(wire))
                    wire.clear()
            if wire:
                await _put(channel, bytes(wire))
        return futures

    async def _write_plainly(self, channel: Any, messages: Sequence[Outgoing]) -> list["asyncio.Future[Any]"]:
        return [
            asyncio.ensure_future(
                channel.basic_publish(
                    message.body,
                    exchange=message.exchange or self.direct,
                    routing_key=message.key,
                    properties=_properties(message),
                    mandatory=True,
                )
            )
            for message in messages
        ]


async def _put(channel: Any, wire: bytes) -> None:
    """Queue the frames for writing. Raises ConnectionError if the channel closes first; nothing is written then."""
    frame = ChannelFrame(wire, should_close=False)
    if not channel.write_queue.full():
        channel.write_queue.put_nowait(frame)
        return
    putting, closing = asyncio.ensure_future(channel.write_queue.put(frame)), channel.closing
    try:
        await asyncio.wait({putting, closing}, return_when=asyncio.FIRST_COMPLETED)
        if not putting.done():
            raise ConnectionError("closed while it was written")
    finally:
        putting.cancel()
        if not closing.done():
            closing.cancel()


def _judge(message: Outgoing, future: "asyncio.Future[Any]", receipt: Receipt) -> None:
    if not future.done():
        future.cancel()
    elif not future.cancelled():
        error = future.exception()
        if error is None:
            receipt.confirmed.add(message.id)
        elif isinstance(error, PublishError | DeliveryError):
            receipt.refused.add(message.id)
            if isinstance(error, PublishError):
                receipt.returned.add(message.id)
        elif isinstance(error, ChannelPreconditionFailed):
            receipt.closed = True


def _properties(message: Outgoing) -> spec.Basic.Properties:
    return spec.Basic.Properties(
        content_type=CONTENT_TYPE, delivery_mode=2, message_id=message.id, headers=message.headers or None
    )


def _on_the_wire(message: Outgoing, exchange: str, channel: Any) -> bytes:
    """Return the message's frames, three or more (AMQP 0-9-1, section 2.3.5.2)."""
    body, number, chunk = message.body, channel.number, channel.max_content_size
    header = ContentHeader(properties=_properties(message), body_size=len(body))
    contents = (ContentBody(body[start : start + chunk]) for start in range(0, len(body), chunk))
    first = _method(exchange, message.key, number)
    return b"".join((first, marshal(header, number), *(marshal(content, number) for content in contents)))


@lru_cache(maxsize=500)
def _method(exchange: str, key: str, channel: int) -> bytes:
    """Return the first frame, which is the same for all messages of a type."""
    return marshal(spec.Basic.Publish(exchange=exchange, routing_key=key, mandatory=True), channel)
