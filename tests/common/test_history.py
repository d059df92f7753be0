"""The journal as one reader sees it: nothing, one event, a stop and a loss in between."""

import asyncio
import inspect
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime

import aio_pika
import pytest
from common.counter import Add

from aftersales.common.amqp.connecting import Connection
from aftersales.common.amqp.consumer import Delivery
from aftersales.common.amqp.history import replay_journal
from aftersales.common.amqp.topology import Declarer, Topology, delete_topologies
from aftersales.testing import eventually
from aftersales.testing.system import make_envelope
from aftersales.values import uuid7


@dataclass
class Journal:
    """A stream in which stands what the test published, and no heartbeat."""

    url: str
    topology: Topology
    channel: aio_pika.abc.AbstractChannel
    taken: list[Delivery] = field(default_factory=list)

    async def publish(self) -> None:
        exchange = await self.channel.get_exchange(self.topology.events, ensure=False)
        body = make_envelope(Add(counter="c"), id=uuid7(), subject="s", time=datetime.now(UTC))
        await exchange.publish(aio_pika.Message(body, delivery_mode=2), Add.TYPE)

    def read(self, handle: Callable[[Delivery], None]) -> asyncio.Task[int]:
        return asyncio.create_task(replay_journal([self.url], self.topology, handle))

    async def held_up(self) -> tuple[asyncio.Task[int], Connection]:
        """A reader whose first event is not handled yet, and its connection."""
        reading = self.read(self.taken.append)
        (delivery,) = await eventually(self._taken)
        assert delivery.is_live
        return reading, inspect.getclosurevars(delivery.is_live).nonlocals["connection"]

    async def _taken(self) -> list[Delivery]:
        return self.taken


@pytest.fixture
async def journal(urls) -> AsyncIterator[Journal]:
    topology = Topology(f"t{uuid7()[-10:]}", "late", (Add.TYPE,), ())
    async with await aio_pika.connect(urls.amqp_url) as connection:
        channel = await connection.channel()
        await Declarer(topology).declare(channel)
        yield Journal(urls.amqp_url, topology, channel)
        await delete_topologies(channel, [topology])


def handled(delivery: Delivery) -> None:
    delivery.done()


@pytest.mark.parametrize("count", [0, 1, 2])
async def test_a_journal_is_read_whole_however_short_it_is(journal, count):
    for _ in range(count):
        await journal.publish()
    assert await journal.read(handled) == count


async def test_a_stop_while_the_journal_is_read_is_no_lost_connection_and_leaves_no_reader(journal):
    await journal.publish()
    reading, connection = await journal.held_up()
    reading.cancel()
    await asyncio.wait({reading}, timeout=10)
    assert (reading.cancelled(), connection.is_closed) == (True, True)
    assert [task for task in asyncio.all_tasks() if "_replay" in repr(task.get_coro())] == []


async def test_a_connection_that_is_lost_while_the_journal_is_read_is_told_as_such(journal):
    await journal.publish()
    reading, connection = await journal.held_up()
    connection._cut()
    with pytest.raises(ConnectionError, match="lost while reading"):
        await asyncio.wait_for(reading, 10)
