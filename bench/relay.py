"""Outbox to broker: our relay, one awaited publish at a time, and a backlog that the sweep takes up."""

import asyncio
import time
from datetime import timedelta

import aio_pika
from bench.events import booked, running_service
from bench.places import Urls

from aftersales.common.clock import SystemClock
from aftersales.common.outgoing import Outgoing, pack_parcels
from aftersales.common.relay import OUTBOX
from aftersales.testing import eventually
from aftersales.values import uuid7

_CHUNK = 5000


async def ours(urls: Urls, count: int) -> float:
    """Events a second, from `offer` to the last row deleted, a hundred to a row as a commit has them."""
    async with running_service(urls, "relay") as runtime:
        now = SystemClock().now()
        messages = _messages(runtime.topology.events, count)
        parcels = [parcel for at in range(0, count, 100) for parcel in pack_parcels(messages[at : at + 100], now)]
        await runtime.mongo._db[OUTBOX].insert_many([parcel.row() for parcel in parcels])
        began = time.perf_counter()
        runtime.relay.offer(parcels)
        while not runtime.relay.idle:
            await asyncio.sleep(0.002)
        seconds = time.perf_counter() - began

        async def empty() -> bool:
            return not await runtime.mongo.rows(OUTBOX, {})

        await eventually(empty)
    return count / seconds


async def backlog(urls: Urls, count: int) -> float:
    """Events a second, from the start of a sweep to the last row deleted, each in a row of its own."""
    async with running_service(urls, "backlog") as runtime:
        await runtime._cancel("sweep")
        now = SystemClock().now()
        for at in range(0, count, _CHUNK):
            messages = _messages(runtime.topology.events, min(_CHUNK, count - at))
            parcels = [parcel for message in messages for parcel in pack_parcels([message], now - timedelta(minutes=1))]
            await runtime.mongo._db[OUTBOX].insert_many([parcel.row() for parcel in parcels], ordered=False)
        settings = runtime.service.settings
        began = time.perf_counter()
        taken = await runtime.sweep.once(settings.sweep_every, settings.sweep_age)
        while not runtime.relay.idle:
            await asyncio.sleep(0.002)
        seconds = time.perf_counter() - began
        assert taken == count, f"{count - taken} rows were not taken up by one sweep"
    return count / seconds


async def one_at_a_time(urls: Urls, count: int) -> float:
    """Events a second, each published, its confirm awaited, its row deleted."""
    async with running_service(urls, "single") as runtime:
        messages = _messages(runtime.topology.events, count)
        await runtime.mongo._db[OUTBOX].insert_many([{"_id": message.id, "body": message.body} for message in messages])
        async with await aio_pika.connect(urls.amqp_url) as connection:
            channel = await connection.channel()
            exchange = await channel.get_exchange(runtime.topology.events, ensure=False)
            began = time.perf_counter()
            for message in messages:
                wire = aio_pika.Message(message.body, delivery_mode=2, message_id=message.id)
                await exchange.publish(wire, message.key)
                await runtime.mongo.remove(OUTBOX, [message.id])
            seconds = time.perf_counter() - began
    return count / seconds


def _messages(exchange: str, count: int) -> list[Outgoing]:
    return [Outgoing(uuid7(), exchange, "ledger.booked.v1", booked(n)) for n in range(count)]
