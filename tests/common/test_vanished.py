"""What vanishes at the broker while the connections stand is declared again; the process is not ready meanwhile."""

from collections.abc import AsyncIterator

import aio_pika
import pytest
from common.counter import Add, Counter
from structlog.testing import capture_logs

from aftersales.testing import eventually
from aftersales.testing.system import RunningService, make_envelope
from aftersales.values import uuid7


@pytest.fixture
async def channel(counter) -> AsyncIterator[aio_pika.abc.AbstractChannel]:
    async with await aio_pika.connect(counter.runtime.service.settings.amqp_url.get_secret_value()) as connection:
        yield await connection.channel()


async def publish(running_service: RunningService, channel: aio_pika.abc.AbstractChannel, event: Add) -> None:
    """As another service does: on the exchange of all events."""
    body = make_envelope(event, id=uuid7(), subject="s", time=running_service.runtime.clock.now())
    exchange = await channel.get_exchange(running_service.runtime.topology.events, ensure=False)
    await exchange.publish(aio_pika.Message(body, delivery_mode=2), event.TYPE)


async def arrives(running_service: RunningService, channel: aio_pika.abc.AbstractChannel) -> bool:
    await publish(running_service, channel, Add(counter="b"))
    return await total(running_service, "b") > 0


async def total(running_service: RunningService, id: str) -> int:
    found = await running_service.get(Counter, id)
    return found.total if found else 0


async def ready(running_service: RunningService) -> bool:
    return running_service.runtime.bus.ready


async def test_a_deleted_queue_is_declared_again_and_consumed(counter, channel):
    queue = counter.runtime.topology.queue
    with capture_logs() as lines:
        await channel.queue_delete(queue)
        await eventually(lambda: _not(ready(counter)))
        await eventually(lambda: ready(counter), 30)
    await publish(counter, channel, Add(counter="later", amount=7))
    await eventually(lambda: _is(total(counter, "later"), 7))
    assert len([line for line in lines if line["event"] == "amqp.lost"]) < 6  # not four times a second for ever


async def test_a_deleted_retry_queue_is_declared_again_and_the_event_is_retried(counter, channel, clock):
    """The retry is in the outbox, from where it is sent again a little later."""
    for tier in range(len(counter.runtime.topology.tiers)):
        await channel.queue_delete(counter.runtime.topology.retry(tier))
    await counter.deliver(Add(counter="a", after=1, amount=10))
    await counter.deliver(Add(counter="a", amount=1))

    async def applied():
        clock.advance(seconds=20)
        return await total(counter, "a") == 11

    await eventually(applied, 60)


@pytest.mark.parametrize("what", ["events", "partner_exchange"])
async def test_a_deleted_exchange_is_declared_again(counter, channel, what):
    name = getattr(counter.runtime.topology, what)
    await channel.exchange_delete(name)
    await eventually(lambda: _exists(counter, "exchange", name), 30)
    await eventually(lambda: ready(counter), 30)
    await eventually(lambda: arrives(counter, channel), 30)


async def test_a_deleted_journal_is_declared_again(counter, channel):
    await channel.queue_delete(counter.runtime.topology.journal)
    await eventually(lambda: _exists(counter, "queue", counter.runtime.topology.journal), 30)


async def test_a_new_connection_publishes_nothing_before_the_journal_is_there(counter, channel):
    """A node that has just started confirms what its streams never get; `docs/faults.md` has the run that found it."""
    bus = counter.runtime.bus
    await eventually(lambda: ready(counter), 30)
    await channel.queue_delete(counter.runtime.topology.journal)
    await bus._links["publish"].drop()

    async def unusable():
        return not bus.publisher.usable

    async def usable():
        return bus.publisher.usable

    await eventually(unusable)
    await eventually(usable, 30)
    assert await _exists(counter, "queue", counter.runtime.topology.journal)


async def test_a_binding_that_was_removed_is_there_again(counter, channel):
    topology = counter.runtime.topology
    queue = await channel.get_queue(topology.queue, ensure=False)
    await queue.unbind(topology.events, Add.TYPE)
    await eventually(lambda: arrives(counter, channel), 30)


async def _exists(running_service: RunningService, kind: str, name: str) -> bool:
    async with await aio_pika.connect(
        running_service.runtime.service.settings.amqp_url.get_secret_value()
    ) as connection:
        channel = await connection.channel()
        try:
            await (channel.get_queue if kind == "queue" else channel.get_exchange)(name)
        except aio_pika.exceptions.ChannelNotFoundEntity:
            return False
        return True


async def _not(found) -> bool:
    return not await found


async def _is(found, wanted) -> bool:
    return await found == wanted
