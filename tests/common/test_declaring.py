"""Queues of an older version stay as they are, with what waits in them; a queue of another kind is refused."""

from collections.abc import AsyncIterator
from datetime import timedelta

import aio_pika
import pytest
from aiormq.exceptions import ChannelPreconditionFailed

from aftersales.common.amqp.topology import Declarer, Topology, delete_topologies
from aftersales.values import uuid7

OLDER = {
    "x-queue-type": "quorum",
    "x-dead-letter-exchange": "",
    "x-dead-letter-strategy": "at-least-once",
    "x-overflow": "reject-publish",
}


@pytest.fixture
async def channel(urls) -> AsyncIterator[aio_pika.abc.AbstractChannel]:
    async with await aio_pika.connect(urls.amqp_url) as connection:
        yield await connection.channel()


@pytest.fixture
async def topology(channel) -> AsyncIterator[Topology]:
    names = Topology(f"d{uuid7()[-8:]}", "sorter", ("sorter.sorted.v1",), (timedelta(seconds=1), timedelta(seconds=2)))
    yield names
    await delete_topologies(channel, [names])


async def old_queue(channel, name: str, leads_to: str, **more: object) -> aio_pika.abc.AbstractQueue:
    arguments = OLDER | {"x-dead-letter-routing-key": leads_to} | {key.replace("_", "-"): v for key, v in more.items()}
    return await channel.declare_queue(name, durable=True, arguments=arguments)


@pytest.mark.parametrize("which", [(0,), (1,), (0, 1)])
async def test_what_an_older_version_declared_goes_on_working(channel, topology, which):
    """All of it, or what a half-done clean-up left."""
    names = [topology.queue, topology.retry(1)]
    settings = [{"x_delivery_limit": 20}, {"x_message_ttl": 2000}]
    for number in which:
        leads_to = topology.dead if number == 0 else topology.queue
        await old_queue(channel, names[number], leads_to, **settings[number])
    await channel.default_exchange.publish(aio_pika.Message(b"before"), names[which[0]])
    declarer = Declarer(topology)
    for _ in range(2):
        await declarer.declare(channel)
    direct = await channel.get_exchange(topology.direct)
    for name in names:
        await direct.publish(aio_pika.Message(b"after"), name)
    queue = await channel.get_queue(topology.queue)
    bodies = [await eventually_got(queue) for _ in range(3)]
    assert sorted(bodies) == [b"after", b"after", b"before"]  # two through the retry queue, whichever it is


async def eventually_got(queue: aio_pika.abc.AbstractQueue) -> bytes:
    async with queue.iterator(timeout=10) as messages:
        async for message in messages:
            await message.ack()
            return message.body
    raise AssertionError("the queue is empty")


async def test_a_queue_of_another_kind_is_refused(channel, topology):
    await channel.declare_queue(topology.dead, durable=True)
    with pytest.raises(ChannelPreconditionFailed, match="x-queue-type"):
        await Declarer(topology).declare(channel)
    await channel.reopen()
