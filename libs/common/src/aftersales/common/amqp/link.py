"""A supervised connection, which connects again after a loss, with a jittered wait."""

import asyncio
import random
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from aio_pika.abc import AbstractConnection

from aftersales.common.amqp.connecting import (
    TROUBLE,
    Connection,
    connect_to_broker,
    describe_failure,
    retrieve_exception,
)
from aftersales.common.back_off import back_off
from aftersales.common.telemetry import Metrics, log

Use = Callable[[AbstractConnection], Awaitable[None]]
_ANSWER_SECONDS, _SILENCES = 4, 4
"""Seconds without an answer that count as a silence, and how many silences in a row end the connection."""
_PROBE_SECONDS = 3
_STEADY_SECONDS = 10
"""Seconds after which a connection counts as good, so that the next wait is the shortest again."""
_WAIT = (0.3, 3.0)


class Link:
    """The connection for publishing, consuming or control: a blocked publisher must not stop the acknowledgements."""

    def __init__(self, urls: Sequence[str], name: str, metrics: Metrics) -> None:
        self._urls, self.name, self._metrics = urls, name, metrics
        self._connection: Connection | None = None
        self.up = False
        """Whether it is connected and the broker answers."""

    async def run(self, use: Use) -> None:
        """Connect and call `use`, again and again, however it ends, until cancelled.

        aiormq also ends waiting calls with CancelledError or a bare Exception; only a cancellation of the task that
        runs this is one.
        """
        failures, clock = 0, asyncio.get_running_loop().time
        while True:
            began, task = clock(), asyncio.current_task()
            try:
                cause = await self._once(use)
            except asyncio.CancelledError:
                if task is None or task.cancelling():
                    raise
                cause = "closed while waiting for an answer"
            except Exception as error:  # noqa: BLE001 (any error is a loss)
                cause = describe_failure(error)
                if not isinstance(error, TROUBLE) and type(error) is not Exception:
                    log.exception("amqp.failed", link=self.name)
            finally:
                self._set(up=False)
                await self.drop()
            failures = 0 if clock() - began > _STEADY_SECONDS else failures + 1
            log.warning("amqp.lost", link=self.name, error=cause[:500])
            await asyncio.sleep(random.uniform(0.1, back_off(failures, *_WAIT)))  # noqa: S311 (jitter)

    async def _once(self, use: Use) -> str:
        """Connect and use the connection; return why it ended, if nothing was raised."""
        connection = self._connection = await connect_to_broker(self._urls, self.name)
        lost = connection.lost()
        self._set(up=True)
        tasks: set[asyncio.Future[Any]] = {
            asyncio.ensure_future(use(connection)),
            asyncio.ensure_future(self._probe(connection)),
        }
        try:
            done, _ = await asyncio.wait({*tasks, lost}, return_when=asyncio.FIRST_COMPLETED)
            if lost.done():
                return lost.result()
            for task in done:
                task.result()
            return "its use ended"
        finally:
            for task in tasks:
                task.add_done_callback(retrieve_exception)
                task.cancel()
            await asyncio.wait(tasks, timeout=_ANSWER_SECONDS)

    async def _probe(self, connection: AbstractConnection) -> None:
        """Call the broker regularly. Raises TimeoutError after a long silence.

        Otherwise, a connection whose broker froze or whose packets are lost looks like an idle one.
        """
        channel: Any = None

        async def ask() -> None:
            nonlocal channel
            channel = channel or await connection.channel(publisher_confirms=False)
            await channel.set_qos(1)

        while True:
            asking = asyncio.ensure_future(ask())
            asking.add_done_callback(retrieve_exception)
            try:
                await self._answered(asking)
            finally:
                asking.cancel()
            self._set(up=True)
            await asyncio.sleep(_PROBE_SECONDS)

    async def _answered(self, asking: "asyncio.Future[None]") -> None:
        silences = 0
        while not asking.done():
            await asyncio.wait({asking}, timeout=_ANSWER_SECONDS)
            if asking.done() or self.blocked:  # the broker does not read from a blocked connection
                continue
            self._set(up=False)
            silences += 1
            if silences == _SILENCES:
                raise TimeoutError(f"no answer within {_SILENCES * _ANSWER_SECONDS} s")
        await asking

    async def drop(self) -> None:
        """End the connection; a running `run` then connects again."""
        connection, self._connection = self._connection, None
        if connection is not None:
            await connection.end()

    @property
    def blocked(self) -> bool:
        """Whether RabbitMQ blocks publishing (memory or disk alarm)."""
        event = unblocked_event(self._connection)
        blocked = event is not None and not event.is_set()
        self._metrics.blocked.labels(self.name).set(blocked)
        return blocked

    def _set(self, *, up: bool) -> None:
        self.up = up
        self._metrics.connected.labels(self.name).set(up)


def unblocked_event(connection: AbstractConnection | None) -> asyncio.Event | None:
    """Return the event of an unblocked connection, private to aiormq; a contract test checks its name."""
    transport: Any = getattr(connection, "transport", None)
    event: asyncio.Event | None = getattr(
        getattr(transport, "connection", None), "_Connection__connection_unblocked", None
    )
    return event
