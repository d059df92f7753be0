"""The three probes (ADR 9): alive, able to answer HTTP, everything works."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
import pytest
from common.counter import service
from pydantic import SecretStr

from aftersales.common.amqp.link import unblocked_event
from aftersales.common.http.app import build_app
from aftersales.common.relay import OUTBOX
from aftersales.common.runtime import Runtime
from aftersales.common.settings import ServiceSettings
from aftersales.testing import eventually
from aftersales.testing.servers import free_port
from aftersales.values import uuid7

EVERYTHING = {"running", "prepared", "mongodb", "rabbitmq", "publishing", "deliveries", "live"}


@asynccontextmanager
async def started(clock, **urls: str) -> AsyncIterator[tuple[Runtime, httpx.AsyncClient]]:
    """Start the counter's service without waiting until it is ready."""
    secret = {name: SecretStr(url) for name, url in urls.items()}
    tag = f"t{uuid7()[-10:]}"
    app = build_app(service(ServiceSettings(**secret, bus=tag, database=tag)), clock)
    runtime: Runtime = app.state.runtime
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://counter") as http:
        await runtime.start()
        try:
            yield runtime, http
        finally:
            await asyncio.shield(runtime.stop())


async def broken(http: httpx.AsyncClient, probe: str) -> tuple[int, set[str]]:
    """Give the probe's status and the parts that do not work."""
    answer = await http.get(probe)
    parts = answer.json()
    assert set(parts) == EVERYTHING
    return answer.status_code, {name for name, works in parts.items() if not works}


async def test_without_rabbitmq_a_service_is_ready_but_not_healthy_and_reads_and_commands_work(urls, clock):
    nobody = f"amqp://127.0.0.1:{free_port()}/"
    async with started(clock, mongo_url=urls.mongo_url, amqp_url=nobody) as (runtime, http):
        await eventually(lambda: _prepared(runtime))
        try:
            assert await broken(http, "/readyz") == (200, {"rabbitmq"})
            assert await broken(http, "/healthz") == (503, {"rabbitmq"})
            assert (await http.post("/counters/c/add", json={"amount": 2})).status_code == 200
            assert (await http.get("/counters/c")).json()["total"] == 2
            assert len(await runtime.mongo.rows(OUTBOX, {})) == 1
        finally:
            await runtime.mongo.drop()


async def test_without_mongodb_a_service_is_alive_but_neither_ready_nor_healthy(urls, clock):
    nobody = f"mongodb://127.0.0.1:{free_port()}/?directConnection=true&serverSelectionTimeoutMS=200"
    async with started(clock, mongo_url=nobody, amqp_url=urls.amqp_url) as (_runtime, http):
        for probe in ("/readyz", "/healthz"):
            status, parts = await broken(http, probe)
            assert (status, parts >= {"prepared", "mongodb"}) == (503, True)
        assert (await http.get("/livez")).status_code == 200


@pytest.mark.parametrize("connection", ["publish", "consume", "control"])
async def test_one_lost_connection_is_enough_to_be_unhealthy(counter, connection):
    await counter.runtime.bus._links[connection].drop()
    assert await broken(counter.http, "/healthz") == (503, {"rabbitmq"})
    assert await broken(counter.http, "/readyz") == (200, {"rabbitmq"})
    await eventually(lambda: _healthy(counter.http))


async def test_a_service_whose_publishing_is_blocked_is_ready_but_not_healthy(counter):
    unblocked = unblocked_event(counter.runtime.bus._links["publish"]._connection)
    unblocked.clear()
    assert await broken(counter.http, "/healthz") == (503, {"publishing"})
    assert await broken(counter.http, "/readyz") == (200, {"publishing"})
    unblocked.set()
    assert await broken(counter.http, "/healthz") == (200, set())


async def test_a_part_that_ended_makes_a_service_neither_alive_nor_ready_nor_healthy(counter):
    counter.runtime.failed = True
    assert (await counter.http.get("/livez")).status_code == 503
    assert await broken(counter.http, "/readyz") == (503, {"running"})
    assert await broken(counter.http, "/healthz") == (503, {"running"})


async def _prepared(runtime: Runtime) -> bool:
    return runtime.prepared and runtime.live.up


async def _healthy(http: httpx.AsyncClient) -> bool:
    return (await http.get("/healthz")).status_code == 200
