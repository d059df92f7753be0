"""Taking deliveries from one queue, and acknowledging the finished prefix of them."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from aio_pika.abc import AbstractConnection
from aiormq.abc import DeliveredMessage

from aftersales.common.amqp.link import TROUBLE, Link
from aftersales.common.telemetry import Metrics, log


@dataclass(slots=True)  # not frozen: that makes creating one three times as slow, and there is one a message
class Delivery:
    """A message as it arrived. Call `done` once, when its effect is committed (or it is safe elsewhere)."""

    body: bytes
    headers: dict[str, Any]
    queue: str
    key: str
    exchange: str
    """Where it was published; empty when it came by way of a retry queue or was sent again."""
    done: Callable[[], None]


class _Acknowledger:
    """Acknowledges the contiguous finished prefix of one channel's deliveries in one frame."""

    def __init__(self, channel: Any) -> None:
        self._channel = channel
        self._pending: dict[int, bool] = {}
        self._scheduled = False

    def took(self, tag: int) -> None:
        self._pending[tag] = False

    def done(self, tag: int) -> None:
        self._pending[tag] = True
        if not self._scheduled:
            self._scheduled = True
            asyncio.get_running_loop().call_soon(self._flush)

    def _flush(self) -> None:
        self._scheduled = False
        prefix = 0
        for tag, finished in self._pending.items():
            if not finished:
                break
            prefix = tag
        if prefix:
            self._pending = {tag: finished for tag, finished in self._pending.items() if tag > prefix}
            sending = asyncio.ensure_future(self._ack(prefix))
            sending.add_done_callback(lambda task: task.cancelled() or task.exception())

    async def _ack(self, tag: int) -> None:
        with suppress(*TROUBLE):  # the channel is gone: the inbox absorbs the redelivery
            await self._channel.basic_ack(tag, multiple=True, wait=False)

    @property
    def unfinished(self) -> int:
        return len(self._pending)


class Consumer:
    """Hands each delivery to `handle`, which must not block; restarted by its link."""

    def __init__(self, queue: str, prefetch: int, handle: Callable[[Delivery], None], metrics: Metrics) -> None:
        self.queue, self._prefetch, self._handle, self._metrics = queue, prefetch, handle, metrics
        self._channel: Any = None
        self._tag: str | None = None
        self._acks: _Acknowledger | None = None
        self._stopping = False
        metrics.consuming.labels(queue)

    async def start(self, connection: AbstractConnection, link: Link) -> None:
        """Consume on a channel of its own."""
        if self._stopping:
            return
        outer = await connection.channel(publisher_confirms=False)
        await outer.set_qos(self._prefetch)
        channel: Any = await outer.get_underlay_channel()
        acks = self._acks = _Acknowledger(channel)

        async def on_message(message: DeliveredMessage) -> None:
            delivery: Any = message.delivery
            tag: int = delivery.delivery_tag
            acks.took(tag)
            headers = dict(message.header.properties.headers or {})
            key, exchange = str(delivery.routing_key), str(delivery.exchange)
            self._handle(Delivery(message.body, headers, self.queue, key, exchange, lambda: acks.done(tag)))

        async def on_cancel(_frame: Any) -> None:
            log.warning("amqp.consumer_cancelled", queue=self.queue)
            await link.drop()

        channel.on_consumer_cancel_callbacks.add(on_cancel)
        self._channel = channel
        self._tag = (await channel.basic_consume(self.queue, on_message)).consumer_tag
        self._metrics.consuming.labels(self.queue).set(1)

    @property
    def alive(self) -> bool:
        """Whether the broker still sends to us, as far as this side knows."""
        channel = self._channel
        alive = channel is not None and not channel.is_closed and self._tag in channel.consumers
        self._metrics.consuming.labels(self.queue).set(alive)
        return alive

    async def stop(self) -> None:
        """Take nothing more; what was taken is finished and acknowledged by `drained`."""
        self._stopping = True
        if self.alive:
            with suppress(*TROUBLE):
                await asyncio.wait_for(self._channel.basic_cancel(self._tag), 2)

    @property
    def unfinished(self) -> int:
        """Deliveries taken and not yet acknowledged."""
        return self._acks.unfinished if self._acks else 0

    async def drained(self) -> None:
        """Until every delivery taken is acknowledged."""
        while self.unfinished and not self._channel.is_closed:
            await asyncio.sleep(0.02)
