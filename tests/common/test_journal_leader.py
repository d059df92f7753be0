"""The journal gets another leader while a service publishes: each confirmed event is in it."""

import asyncio
from collections.abc import Iterator

import aio_pika
import pytest

from aftersales.common.amqp import Bus, Topology
from aftersales.common.outgoing import Outgoing
from aftersales.common.telemetry import Metrics
from aftersales.testing import eventually
from aftersales.testing.servers import Process, run_rabbitmqctl, start_brokers
from aftersales.testing.servers.orphans import end_orphans
from aftersales.values import uuid7

TOPOLOGY = Topology("t", "sender", (), ())
_LEADER = """
{{ok, Queue}} = rabbit_amqqueue:lookup(rabbit_misc:r(<<"/">>, queue, <<"{queue}">>)), node(amqqueue:get_pid(Queue)).
"""


@pytest.fixture
def brokers(servers) -> Iterator[list[Process]]:
    folder = servers.data_dir / "cluster"
    nodes = start_brokers(folder, 3)
    yield nodes
    for node in nodes:
        node.kill()
    end_orphans(folder)


@pytest.mark.timeout(240)
async def test_confirmed_events_are_in_the_journal_though_its_leader_changed_and_others_were_sent_between(brokers):
    """With one channel for both, RabbitMQ 3.10 drops hundreds (see `Publisher`)."""
    buses = [Bus((node.url,), TOPOLOGY, Metrics(), lambda _delivery: None) for node in brokers]
    running = [asyncio.create_task(bus.run()) for bus in buses]
    confirmed: set[str] = set()
    stop = asyncio.Event()

    async def publish(bus: Bus) -> None:
        events = [Outgoing(uuid7(), TOPOLOGY.events, "sender.sent.v1", b"{}") for _ in range(5)]
        others = [Outgoing(uuid7(), "", TOPOLOGY.dead, b"{}") for _ in range(5)]
        both = [message for pair in zip(events, others, strict=True) for message in pair]
        confirmed.update((await bus.publisher.publish(both)).confirmed - {other.id for other in others})

    async def publish_all(bus: Bus) -> None:
        """One batch after another, as the relay does: none waits for the answers to those before it."""
        async with asyncio.TaskGroup() as batches:
            while not stop.is_set():
                if bus.publisher.usable:
                    batches.create_task(publish(bus))
                await asyncio.sleep(0.02)

    publishing = [asyncio.create_task(publish_all(bus)) for bus in buses]
    try:
        await eventually(lambda: _async(len(confirmed) > 500), 60)
        leader = await _leader(brokers)
        await asyncio.to_thread(leader.kill)
        staying = brokers[(brokers.index(leader) + 1) % 3]
        before = len(confirmed)
        await eventually(lambda: _async(len(confirmed) > before + 1000), 60)
        stop.set()
        await asyncio.to_thread(leader.start, 60)
        await asyncio.gather(*publishing)
        missing = confirmed - await _journal(staying.url)
        assert not missing, f"{len(missing)} of {len(confirmed)}"
    finally:
        for task in (*publishing, *running):
            task.cancel()
        await asyncio.gather(*publishing, *running, return_exceptions=True)


async def _leader(brokers: list[Process]) -> Process:
    """The node on which the stream's leader is."""
    words = _LEADER.format(queue=TOPOLOGY.journal).replace("\n", " ")
    name = await asyncio.to_thread(run_rabbitmqctl, brokers[0].server, "eval", words)
    return next(node for node in brokers if str(node.server.ports["amqp"]) in name)


async def _journal(url: str) -> set[str]:
    """The ids of all messages in the journal."""
    found: set[str] = set()
    async with await aio_pika.connect(url) as connection:
        channel = await connection.channel()
        await channel.set_qos(200)
        messages: asyncio.Queue = asyncio.Queue()
        journal = await channel.get_queue(TOPOLOGY.journal)
        await journal.consume(messages.put, arguments={"x-stream-offset": "first"})
        while True:
            try:
                message = await asyncio.wait_for(messages.get(), 5)
            except TimeoutError:
                return found
            found.add(message.message_id)
            await message.ack()


async def _async(value: object) -> object:
    return value
