"""What one would write by hand with the drivers alone, for comparison: not part of the product."""

import asyncio
import hashlib
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import aio_pika
import bson
from aiormq.abc import ChannelFrame
from faststream.rabbit import Channel, RabbitBroker, RabbitQueue
from faststream.rabbit.schemas import QueueType
from motor.motor_asyncio import AsyncIOMotorClient
from pamqp import commands as spec
from pamqp.body import ContentBody
from pamqp.header import ContentHeader
from pydantic import BaseModel
from pymongo import InsertOne, ReplaceOne

from aftersales.values import uuid7

BATCH = 100


async def publish(underlay: Any, queue: str, messages: list[tuple[str, bytes]]) -> None:
    """Many confirmed publishes in one socket write."""
    async with underlay.lock:
        frames: list[Any] = []
        futures = []
        for id, body in messages:
            underlay.delivery_tag += 1
            future = underlay.create_future()
            underlay.confirmations[underlay.delivery_tag] = future
            futures.append(future)
            properties = spec.Basic.Properties(delivery_mode=2, message_id=id)
            frames += [
                spec.Basic.Publish(routing_key=queue, mandatory=True),
                ContentHeader(properties=properties, body_size=len(body)),
                ContentBody(body),
            ]
        await underlay.write_queue.put(ChannelFrame.marshall(underlay.number, frames))
    for future in futures:
        await future


async def batch_loop(amqp_url: str, client: Any, database: Any, name: str, count: int) -> None:
    """Consume, dedupe, change, audit, outbox, commit, acknowledge, publish, delete: a hundred at a time."""
    consuming, publishing = await aio_pika.connect(amqp_url), await aio_pika.connect(amqp_url)
    inbox = await (await consuming.channel()).get_underlay_channel()
    out = await (await publishing.channel(on_return_raises=True)).get_underlay_channel()
    await inbox.basic_qos(prefetch_count=300)
    waiting: asyncio.Queue[Any] = asyncio.Queue()

    async def on_message(message: Any) -> None:
        waiting.put_nowait(message)

    await inbox.basic_consume(f"{name}.in", on_message)
    flights: set[asyncio.Task[None]] = set()
    handled, previous = 0, ""
    while handled < count:
        batch = [await waiting.get()]
        while len(batch) < BATCH and not waiting.empty():
            batch.append(waiting.get_nowait())
        previous, rows = await _transaction(client, database, [json.loads(m.body) for m in batch], previous)
        await inbox.basic_ack(batch[-1].delivery.delivery_tag, multiple=True, wait=False)
        flight = asyncio.create_task(_relay(out, database, f"{name}.out", rows))
        flights.add(flight)
        flight.add_done_callback(flights.discard)
        handled += len(batch)
    await asyncio.gather(*flights)
    await consuming.close()
    await publishing.close()


async def _relay(out: Any, database: Any, queue: str, rows: list[Any]) -> None:
    await publish(out, queue, [(row["_id"], row["body"]) for row in rows])
    await database.outbox.delete_many({"_id": {"$in": [row["_id"] for row in rows]}})


async def _transaction(client: Any, database: Any, events: list[Any], previous: str) -> tuple[str, list[Any]]:
    ids = list({event["data"]["account"] for event in events})
    seen = {row["_id"] async for row in database.inbox.find({"_id": {"$in": [event["id"] for event in events]}})}
    state = {row["_id"]: row for row in await database.accounts.find({"_id": {"$in": ids}}).to_list(None)}
    versions = {id: row["version"] for id, row in state.items()}
    audit, outbox, inbox = [], [], []
    for event in events:
        if event["id"] in seen:
            continue
        account = event["data"]["account"]
        old = state.get(account) or {"_id": account, "version": 0, "count": 0}
        new = {"_id": account, "version": old["version"] + 1, "count": old["count"] + 1, "text": event["data"]["text"]}
        state[account] = new
        id = uuid7()
        entry = {"_id": id, "previous": previous, "document": account, "version": new["version"], "why": event["type"]}
        entry["after"] = hashlib.sha256(bson.encode(new)).hexdigest()
        entry["hash"] = previous = hashlib.sha256(bson.encode(entry)).hexdigest()
        audit.append(entry)
        body = json.dumps({"specversion": "1.0", "id": id, "type": "booked", "subject": account, "data": new})
        outbox.append({"_id": id, "body": body.encode()})
        inbox.append({"_id": event["id"]})

    async def write(session: Any) -> None:
        await database.inbox.insert_many(inbox, ordered=False, session=session)
        writes = [
            ReplaceOne({"_id": id, "version": versions[id]}, row) if id in versions else InsertOne(row)
            for id, row in state.items()
        ]
        await database.accounts.bulk_write(writes, ordered=False, session=session)
        await database.audit.insert_many(audit, ordered=False, session=session)
        await database.outbox.insert_many(outbox, ordered=False, session=session)

    async with in_session(client) as session:
        await session.with_transaction(write)
    return previous, outbox


@asynccontextmanager
async def in_session(client: Any) -> AsyncIterator[Any]:
    """One line of difference between the two drivers."""
    starting = client.start_session()
    session = await starting if isinstance(client, AsyncIOMotorClient) else starting
    async with session:
        yield session


class Data(BaseModel):
    account: str
    text: str


class Message(BaseModel):
    id: str
    type: str
    data: Data


async def faststream(amqp_url: str, client: Any, database: Any, name: str, count: int) -> None:
    """One transaction per message, sixteen at once, Pydantic in, confirmed publish out."""
    broker = RabbitBroker(amqp_url, default_channel=Channel(prefetch_count=16), logger=None)
    queue = RabbitQueue(f"{name}.in", queue_type=QueueType.QUORUM, durable=True, arguments={"x-delivery-limit": 20})
    finished = asyncio.Event()
    handled = 0

    @broker.subscriber(queue)
    async def on_posted(message: Message) -> None:
        nonlocal handled
        rows: list[Any] = []
        async with in_session(client) as session:

            async def write(session: Any) -> None:
                await database.inbox.insert_one({"_id": message.id}, session=session)
                old = await database.accounts.find_one({"_id": message.data.account}, session=session)
                change = {"$inc": {"count": 1, "version": 1}, "$set": {"text": message.data.text}}
                await database.accounts.update_one({"_id": message.data.account}, change, upsert=True, session=session)
                id = uuid7()
                rows[:] = [{"_id": id, "body": json.dumps({"id": id, "data": message.data.model_dump()}).encode()}]
                await database.outbox.insert_many(rows, session=session)
                await database.audit.insert_one({"_id": id, "before": str(old), "why": message.type}, session=session)

            await session.with_transaction(write)
        await broker.publish(rows[0]["body"], queue=f"{name}.out", persist=True)
        await database.outbox.delete_one({"_id": rows[0]["_id"]})
        handled += 1
        if handled == count:
            finished.set()

    async with broker:
        await broker.start()
        await finished.wait()
