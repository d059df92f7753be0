"""Whole services in this process, on real servers, each test with its own databases, queues and clock."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import aio_pika
import httpx
from pydantic import SecretStr
from pydantic_core import to_json

from aftersales.common.aggregate import Aggregate
from aftersales.common.amqp.topology import delete_topologies
from aftersales.common.clock import Clock
from aftersales.common.events import Event
from aftersales.common.http.app import build_app
from aftersales.common.runtime import Runtime
from aftersales.common.service import Service
from aftersales.common.settings import ServiceSettings
from aftersales.common.work import Job, UnitOfWork
from aftersales.testing import eventually
from aftersales.values import uuid7

Factory = Callable[[Any], Service]
ServiceRow = tuple[Factory, Callable[..., ServiceSettings]]
"""A service's `service` function and its settings class."""


@dataclass
class RunningService:
    """One running service: its runtime, and its HTTP client."""

    runtime: Runtime
    http: httpx.AsyncClient

    async def do(self, handler: Callable[..., Any], *args: Any, inbox: str | None = None) -> Any:
        """Run a handler through the writer, as HTTP and events do."""

        async def run(work: UnitOfWork) -> Any:
            return await handler(work, *args)

        return await self.runtime.writer.submit(Job(run, handler.__name__, "test", uuid7(), inbox=inbox))

    async def get(self, kind: type[Any], id: str) -> Any:
        return await self.runtime.mongo.get(kind, id)

    async def find(self, kind: type[Aggregate], **where: Any) -> list[Any]:
        return list(await self.runtime.mongo.find(kind, where))

    async def metrics(self) -> str:
        """Return the text that Prometheus reads, with all counts refreshed."""
        await self.runtime.counts.refresh()
        return (await self.http.get("/metrics")).text

    async def deliver(self, event: Event, *, id: str | None = None, subject: str = "test", **more: Any) -> None:
        """Put an event into this service's queue as another service would."""
        body = make_envelope(event, id=id or uuid7(), subject=subject, time=self.runtime.clock.now(), **more)
        await self.deliver_raw(body)

    async def quiet(self, seconds: float = 20) -> None:
        """Wait until no job, unconfirmed event or delivery is in progress (except retries)."""
        await _quiet([self.runtime], seconds)

    async def deliver_raw(self, body: bytes) -> None:
        connection = await aio_pika.connect(self.runtime.service.settings.amqp_url.get_secret_value())
        async with connection:
            channel = await connection.channel(on_return_raises=True)
            message = aio_pika.Message(body, delivery_mode=2, message_id=uuid7())
            await channel.default_exchange.publish(message, self.runtime.topology.queue)


def make_envelope(event: Event, **attributes: Any) -> bytes:
    """Return an event in its wire format."""
    full = {"specversion": "1.0", "source": "/test", "type": event.TYPE, "correlationid": uuid7(), "data": event}
    return to_json(full | attributes)


@dataclass
class RunningSystem:
    """The services by name, their common clock, and their bus."""

    services: dict[str, RunningService]
    clock: Clock
    tag: str

    def __getattr__(self, name: str) -> RunningService:
        try:
            return self.services[name]
        except KeyError as error:
            raise AttributeError(name) from error

    async def quiet(self, seconds: float = 20) -> None:
        """Wait until nothing is in progress in any of the services."""
        await _quiet([running_service.runtime for running_service in self.services.values()], seconds)


async def _quiet(runtimes: Sequence[Runtime], seconds: float) -> None:
    calm = 0

    async def still() -> bool:
        nonlocal calm
        busy = [runtime for runtime in runtimes if not await _idle(runtime)]
        calm = 0 if busy else calm + 1
        return calm >= 3

    await eventually(still, seconds)


async def _idle(runtime: Runtime) -> bool:
    return (
        not runtime.writer.waiting
        and not runtime.writer.busy
        and runtime.relay.idle
        and not await runtime.bus.waiting()
    )


@asynccontextmanager
async def start_system(
    servers: Any, clock: Clock, rows: Sequence[ServiceRow], **settings: Any
) -> AsyncIterator[RunningSystem]:
    """Start these services; `settings` are passed to each, which ignores unknown ones."""
    tag = "t" + uuid7().replace("-", "")[-10:]
    chosen: dict[str, Any] = {
        "mongo_url": SecretStr(servers.mongo_url),
        "amqp_url": SecretStr(servers.amqp_url),
        "bus": tag,
        "instance": "test",
        "timer_tick": timedelta(milliseconds=50),
        "retry_tiers": tuple(timedelta(milliseconds=ms) for ms in (200, 400, 800)),
    } | settings
    async with AsyncExitStack() as stack:
        services: dict[str, RunningService] = {}
        for factory, kind in rows:
            service = factory(kind(**chosen))
            service.settings.database = f"{tag}_{service.name}"
            services[service.name] = await stack.enter_async_context(_running_service(service, clock))
        built = RunningSystem(services, clock, tag)
        stack.push_async_callback(_clear, servers.amqp_url, built)
        await eventually(lambda: _all_ready(built), 30)
        yield built


async def _all_ready(built: RunningSystem) -> bool:
    return all(
        running_service.runtime.prepared and running_service.runtime.bus.ready
        for running_service in built.services.values()
    )


@asynccontextmanager
async def _running_service(service: Service, clock: Clock) -> AsyncIterator[RunningService]:
    app = build_app(service, clock)
    runtime: Runtime = app.state.runtime
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url=f"http://{service.name}") as http:
        await runtime.start()
        try:
            yield RunningService(runtime, http)
        finally:
            await asyncio.shield(runtime.stop())


async def _clear(amqp_url: str, built: RunningSystem) -> None:
    """Stop consuming, then delete queues and databases."""
    for running_service in built.services.values():
        await running_service.runtime.bus.stop_consuming(2)
        await running_service.runtime.mongo.drop()
    connection = await aio_pika.connect(amqp_url)
    async with connection:
        channel = await connection.channel()
        await delete_topologies(
            channel, [running_service.runtime.topology for running_service in built.services.values()]
        )
