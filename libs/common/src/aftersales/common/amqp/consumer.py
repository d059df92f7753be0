"""A consumer, which receives deliveries from one queue and acknowledges the finished ones."""

import asyncio
import functools
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from aio_pika.abc import AbstractConnection
from aiormq.abc import DeliveredMessage

from aftersales.common.amqp.connecting import TROUBLE
from aftersales.common.amqp.link import Link
from aftersales.common.telemetry import Metrics, log

_PATIENCE = 1.0
"""Seconds that a finished delivery waits for an unfinished one before it."""


@dataclass(slots=True)  # not frozen, which would triple the time to create one, and there is one per message
class Delivery:
    """A message as it arrived. Call `done` once, when its effect is committed (or it is stored elsewhere)."""

    body: bytes
    headers: dict[str, Any]
    queue: str
    key: str
    exchange: str
    """The exchange it was published to; empty if it came through a retry queue or was replayed."""
    done: Callable[[], None]
    is_live: Callable[[], bool] | None = None
    """Whether its channel is still open (one function per channel). If not, RabbitMQ delivers the message again."""
    user: str = ""
    """The user who published it, if the publisher names one; RabbitMQ refuses a message that names another user."""
    content_type: str = ""


class _Acknowledger:
    """Acknowledges finished deliveries of one channel.

    One frame acknowledges all before the oldest unfinished one, which are mostly all there are. A slow delivery blocks
    those behind it, so after `_PATIENCE` they are acknowledged one by one.
    """

    def __init__(self, channel: Any) -> None:
        self._channel = channel
        self._taken: dict[int, float] = {}
        """When each unfinished delivery arrived, by its tag, in order."""
        self._finished: set[int] = set()
        """Tags finished and not yet acknowledged."""
        self._sending: set[asyncio.Future[None]] = set()
        """Acknowledgements that are not yet passed to the connection."""
        self._scheduled: asyncio.Handle | None = None
        self._singly: asyncio.TimerHandle | None = None

    def took(self, tag: int) -> None:
        self._taken[tag] = _now()

    def done(self, tag: int) -> None:
        if self._taken.pop(tag, None) is None:
            return  # already done
        self._finished.add(tag)
        if not self._scheduled:
            self._scheduled = asyncio.get_running_loop().call_soon(self._flush)

    def _flush(self) -> None:
        self._scheduled = None
        oldest = next(iter(self._taken), None)
        prefix = [tag for tag in self._finished if oldest is None or tag < oldest]
        if prefix:
            self._finished.difference_update(prefix)
            self._send(max(prefix), multiple=True)
        if self._finished and not self._singly:
            self._singly = asyncio.get_running_loop().call_later(_PATIENCE, self._flush_singly)

    def _flush_singly(self) -> None:
        self._singly = None
        self._flush()
        if self.oldest >= _PATIENCE:
            for tag in sorted(self._finished):
                self._send(tag, multiple=False)
            self._finished.clear()

    def _send(self, tag: int, *, multiple: bool) -> None:
        sending = asyncio.ensure_future(self._ack(tag, multiple=multiple))
        self._sending.add(sending)
        sending.add_done_callback(self._sent)

    def _sent(self, sending: asyncio.Future[None]) -> None:
        self._sending.discard(sending)
        if not sending.cancelled():
            sending.exception()  # a fault in a driver; the inbox absorbs the redelivery

    async def _ack(self, tag: int, *, multiple: bool) -> None:
        with suppress(*TROUBLE):  # the channel is gone: the inbox absorbs the redelivery
            await self._channel.basic_ack(tag, multiple=multiple)

    @property
    def unfinished(self) -> int:
        """Deliveries that are not yet acknowledged; several count as one while their acknowledgement is sent."""
        return len(self._taken) + len(self._finished) + len(self._sending)

    @property
    def oldest(self) -> float:
        """Seconds since the oldest unfinished delivery arrived; 0 if there is none or the channel is closed."""
        if not self._taken or self._channel.is_closed:
            return 0.0
        return _now() - next(iter(self._taken.values()))


def _now() -> float:
    """Return seconds on a clock that never goes back."""
    return asyncio.get_running_loop().time()


class QueueConsumer:
    """Calls `handle`, which must not block, for each delivery. Its link restarts it."""

    def __init__(
        self, queue: str, prefetch: int, handle: Callable[[Delivery], None], metrics: Metrics, *, direct: str = ""
    ) -> None:
        self.queue, self._prefetch, self._handle, self._metrics = queue, prefetch, handle, metrics
        self._direct = direct
        """The service's own exchange, which counts as none (`Topology.direct`)."""
        self._channel: Any = None
        self._tag: str | None = None
        self._acks: _Acknowledger | None = None
        self._stopping = False
        metrics.consuming.labels(queue)
        metrics.oldest_delivery.labels(queue)

    async def start(self, connection: AbstractConnection, link: Link) -> None:
        """Start consuming on a new channel."""
        if self._stopping:
            return
        outer = await connection.channel(publisher_confirms=False)
        await outer.set_qos(self._prefetch)
        channel: Any = await outer.get_underlay_channel()
        acks = self._acks = _Acknowledger(channel)

        def is_live() -> bool:
            return not channel.is_closed

        async def on_message(message: DeliveredMessage) -> None:
            delivery: Any = message.delivery
            tag: int = delivery.delivery_tag
            acks.took(tag)
            said = message.header.properties
            headers, about = dict(said.headers or {}), (str(said.user_id or ""), str(said.content_type or ""))
            key, exchange = str(delivery.routing_key), str(delivery.exchange)
            exchange = "" if exchange == self._direct else exchange
            done = functools.partial(acks.done, tag)
            self._handle(Delivery(message.body, headers, self.queue, key, exchange, done, is_live, *about))

        async def on_cancel(_frame: Any) -> None:
            log.warning("amqp.consumer_cancelled", queue=self.queue)
            await link.drop()

        channel.on_consumer_cancel_callbacks.add(on_cancel)
        self._channel = channel
        self._tag = (await channel.basic_consume(self.queue, on_message)).consumer_tag
        self._metrics.consuming.labels(self.queue).set(1)

    @property
    def alive(self) -> bool:
        """Whether the broker still delivers here, as far as this side knows."""
        channel = self._channel
        alive = channel is not None and not channel.is_closed and self._tag in channel.consumers
        self._metrics.consuming.labels(self.queue).set(alive)
        return alive

    async def stop(self) -> None:
        """Stop consuming; `drained` waits until all deliveries are finished and acknowledged."""
        self._stopping = True
        if self.alive:
            with suppress(*TROUBLE):
                await asyncio.wait_for(self._channel.basic_cancel(self._tag), 2)

    @property
    def unfinished(self) -> int:
        """Deliveries received and not yet acknowledged."""
        return self._acks.unfinished if self._acks else 0

    @property
    def oldest(self) -> float:
        """Seconds since the oldest unfinished delivery arrived; 0 if there is none."""
        oldest = self._acks.oldest if self._acks else 0.0
        self._metrics.oldest_delivery.labels(self.queue).set(oldest)
        return oldest

    async def drained(self) -> None:
        """Wait until every delivery is acknowledged."""
        while self.unfinished and not self._channel.is_closed:
            await asyncio.sleep(0.02)
