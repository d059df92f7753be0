"""One supervised connection: connect, use, and after a loss connect again with a jittered wait."""

import asyncio
import random
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any

import aio_pika
from aio_pika.abc import AbstractConnection
from aiormq.exceptions import AMQPError

from aftersales.common.telemetry import Metrics, log

Use = Callable[[AbstractConnection], Awaitable[None]]
TROUBLE = (AMQPError, OSError, EOFError, asyncio.TimeoutError, RuntimeError, StopAsyncIteration)
"""What a connection that breaks at any point may raise.

aio-pika closes with RuntimeError in places; aiormq ends a greeting that is cut off with StopAsyncIteration.
"""
_CONNECT_SECONDS = 10


class Link:
    """Publishing, consuming and control each have one: a blocked publisher must not stop the acknowledgements."""

    def __init__(self, url: str, name: str, metrics: Metrics) -> None:
        self._url, self.name, self._metrics = url, name, metrics
        self._connection: AbstractConnection | None = None
        self.up = False

    async def run(self, use: Use) -> None:
        """For ever: `use` the connection until it breaks or `use` raises."""
        failures = 0
        while True:
            try:
                await self._once(use)
                failures = 0
            except TROUBLE as error:
                failures = 0 if self.up else failures + 1
                log.warning("amqp.lost", link=self.name, error=f"{type(error).__name__}: {error}"[:200])
            finally:
                self._set(up=False)
                await self.drop()
            await asyncio.sleep(random.uniform(0.1, min(3.0, 0.3 * 2**failures)))  # noqa: S311 (jitter)

    async def _once(self, use: Use) -> None:
        async with asyncio.timeout(_CONNECT_SECONDS):
            connection = await aio_pika.connect(self._url, client_properties={"connection_name": self.name})
        self._connection = connection
        lost = asyncio.Event()
        connection.close_callbacks.add(lambda *_: lost.set())
        self._set(up=True)
        tasks = {asyncio.ensure_future(use(connection)), asyncio.ensure_future(lost.wait())}
        try:
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                task.result()
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def drop(self) -> None:
        """Close the connection; a running `run` then connects anew."""
        connection, self._connection = self._connection, None
        if connection is not None:
            with suppress(asyncio.CancelledError, *TROUBLE):
                await asyncio.wait_for(connection.close(), 2)

    @property
    def blocked(self) -> bool:
        """True while RabbitMQ holds publishing back (memory or disk alarm)."""
        event = unblocked_event(self._connection)
        blocked = event is not None and not event.is_set()
        self._metrics.blocked.labels(self.name).set(blocked)
        return blocked

    def _set(self, *, up: bool) -> None:
        self.up = up
        self._metrics.connected.labels(self.name).set(up)


def unblocked_event(connection: AbstractConnection | None) -> asyncio.Event | None:
    """Aiormq keeps this to itself and aio-pika shows it nowhere; a contract test watches the name."""
    transport: Any = getattr(connection, "transport", None)
    event: asyncio.Event | None = getattr(
        getattr(transport, "connection", None), "_Connection__connection_unblocked", None
    )
    return event
