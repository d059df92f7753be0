"""Events handled with exactly-once effect: ours, one transaction per message, a bare batch loop, FastStream."""

import asyncio
import logging
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import aio_pika
from bench import bare
from bench.ledger import PAYLOAD, SUBJECTS, Account, Posted, service
from bench.places import Driver, Urls
from motor.motor_asyncio import AsyncIOMotorClient
from pydantic import SecretStr
from pymongo import AsyncMongoClient

from aftersales.common.amqp.topology import delete_topologies
from aftersales.common.clock import SystemClock
from aftersales.common.outgoing import Outgoing
from aftersales.common.runtime import Runtime
from aftersales.common.settings import ServiceSettings
from aftersales.common.work import Writer
from aftersales.testing import eventually
from aftersales.testing.system import make_envelope
from aftersales.values import uuid7

LANES = 16
"""Transactions at once where there is one per message."""


@asynccontextmanager
async def running_service(urls: Urls, name: str, **more: Any) -> AsyncIterator[Runtime]:
    """The bench's own small service, in this process, on a database and a bus of its own."""
    tag = f"{name}{uuid7()[-6:]}"
    settings = ServiceSettings(
        mongo_url=SecretStr(urls.mongo_url),
        amqp_url=SecretStr(urls.amqp_url),
        bus=tag,
        database=f"bench_{tag}",
        instance="bench",
        **more,
    )
    runtime = Runtime(service(settings), SystemClock())
    await runtime.start()
    await eventually(lambda: _ready(runtime), 60)
    try:
        yield runtime
    finally:
        await runtime.bus.stop_consuming(2)
        async with await aio_pika.connect(urls.amqp_url) as connection:
            await delete_topologies(await connection.channel(), [runtime.topology])
        await runtime.mongo.drop()
        await runtime.stop()


async def _ready(runtime: Runtime) -> bool:
    """Whether it has also heard the journal, which it does once in its life: that is no part of a race."""
    return runtime.bus.ready and "history" in runtime._tasks and runtime._tasks["history"].done()


def booked(number: int) -> bytes:
    """An event as it stands on the wire, about 700 bytes."""
    account = f"a{number % SUBJECTS}"
    now = SystemClock().now()
    return make_envelope(Posted(account=account, text=PAYLOAD), id=uuid7(), subject=account, time=now, sequence=number)


async def ours(urls: Urls, count: int, driver: Driver) -> float:
    """Events a second with everything on."""
    async with running_service(urls, "group", mongo_driver=driver) as runtime:
        return await _handled(runtime, count)


async def one_by_one(urls: Urls, count: int, driver: Driver) -> float:
    """Events a second: the same handler and guarantees, one transaction per message, `LANES` at once."""
    async with running_service(urls, "single", mongo_driver=driver) as runtime:
        lanes = [_lane(runtime, number) for number in range(LANES)]
        tasks = [asyncio.create_task(lane.run()) for lane in lanes]
        runtime.inbound._writer = _Spread(lanes)  # type: ignore[assignment]  # all that inbound asks of a writer
        rate = await _handled(runtime, count)
        for task in tasks:
            task.cancel()
        return rate


async def _handled(runtime: Runtime, count: int) -> float:
    """Fill the queue before the race begins, then let the service have it; events a second to the last confirm."""
    (consumer, _) = runtime.bus._consumers
    await consumer.stop()
    for start in range(0, count, 200):
        batch = [Outgoing(uuid7(), "", runtime.topology.queue, booked(n)) for n in range(start, start + 200)]
        assert len((await runtime.bus.publisher.publish(batch)).confirmed) == len(batch)
    consumer._stopping = False
    await runtime.bus._links["consume"].drop()
    counter = runtime.metrics.events.labels(Posted.TYPE, "handled")
    while not (first := counter._value.get()):  # reconnecting, with its jitter, is no part of the race
        await asyncio.sleep(0.001)
    began = time.perf_counter()
    while counter._value.get() < count or not runtime.relay.idle:
        await asyncio.sleep(0.005)
    seconds = time.perf_counter() - began
    total = await runtime.mongo.aggregate(Account, [{"$group": {"_id": None, "n": {"$sum": "$count"}}}])
    assert total[0]["n"] == count, total
    return float(count - first) / seconds


def _lane(runtime: Runtime, number: int) -> Writer:
    like = runtime.writer
    return Writer(
        runtime.mongo, runtime.relay, SystemClock(), runtime.metrics, like._origin, instance=f"l{number}", group_size=1
    )


class _Spread:
    """Hands each piece to the next lane."""

    def __init__(self, writers: list[Writer]) -> None:
        self._writers, self._next = writers, 0

    def enqueue(self, job: Any) -> None:
        self._next = (self._next + 1) % len(self._writers)
        self._writers[self._next].enqueue(job)


async def by_hand(urls: Urls, count: int, driver: Driver) -> float:
    """Events a second of the bare loop: the same guarantees, nothing else (no models, no metrics, no refusals)."""
    return await _other(urls, count, bare.batch_loop, driver)


async def with_faststream(urls: Urls, count: int, driver: Driver) -> float:
    """Events a second of FastStream, its subscriber doing one transaction per message, as its users write it."""
    logging.getLogger("faststream").setLevel(logging.ERROR)
    return await _other(urls, count, bare.faststream, driver)


async def _other(urls: Urls, count: int, race: Any, driver: Driver) -> float:
    name = f"bench.{race.__name__}.{uuid7()[-6:]}"
    connect: Any = AsyncIOMotorClient if driver == "motor" else AsyncMongoClient
    client = connect(urls.mongo_url, w="majority", journal=True)
    database = client[name.replace(".", "_")]
    for collection in ("inbox", "accounts", "outbox", "audit"):
        await database.create_collection(collection)
    connection = await aio_pika.connect(urls.amqp_url)
    channel = await connection.channel()
    for queue in (f"{name}.in", f"{name}.out"):
        await channel.declare_queue(queue, durable=True, arguments={"x-queue-type": "quorum", "x-delivery-limit": 20})
    underlay = await channel.get_underlay_channel()
    for start in range(0, count, 200):
        await bare.publish(underlay, f"{name}.in", [(uuid7(), booked(n)) for n in range(start, start + 200)])
    began = time.perf_counter()
    await race(urls.amqp_url, client, database, name, count)
    seconds = time.perf_counter() - began
    accounts = await database.accounts.find().to_list(None)
    assert sum(account["count"] for account in accounts) == count
    assert await database.outbox.count_documents({}) == 0
    for queue in (f"{name}.in", f"{name}.out"):
        await channel.queue_delete(queue)
    await connection.close()
    await client.drop_database(database.name)
    closing = client.close()
    await closing if driver == "pymongo" else None
    return count / seconds
