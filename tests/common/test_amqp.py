"""The bus: batch publishing against the real broker, and the undocumented names it leans on."""

import asyncio
from datetime import UTC, datetime

import aio_pika
import pytest

from aftersales.common.amqp.link import unblocked_event
from aftersales.common.amqp.publisher import Publisher
from aftersales.common.outgoing import Outgoing
from aftersales.testing import eventually
from aftersales.values import uuid7

NOW = datetime(2026, 11, 22, tzinfo=UTC)


def message(queue: str, body: bytes = b"x", id: str | None = None) -> Outgoing:
    return Outgoing(id or uuid7(), "", queue, body)


@pytest.fixture
async def queue(counter):
    """A quorum queue of this test's own."""
    url = counter.runtime.service.settings.amqp_url.get_secret_value()
    async with await aio_pika.connect(url) as connection:
        channel = await connection.channel()
        queue = await channel.declare_queue(f"q-{uuid7()}", durable=True, arguments={"x-queue-type": "quorum"})
        await queue.bind(counter.runtime.topology.direct, queue.name)  # where the service's own publisher sends
        yield queue
        await queue.delete(if_unused=False, if_empty=False)


@pytest.fixture(params=[True, False], ids=["batched", "plain"])
async def publisher(request, counter):
    """Both ways of publishing keep the same contract."""
    link = counter.runtime.bus._links["publish"]
    chosen = Publisher(link, counter.runtime.topology.events, batched=request.param)
    task = asyncio.create_task(chosen.use(link._connection))
    yield chosen
    task.cancel()


async def bodies(queue, count):
    found = []
    async with asyncio.timeout(10):
        while len(found) < count:
            got = await queue.get(fail=False)
            if got:
                found.append(got)
                await got.ack()
    return found


async def test_every_message_of_a_batch_arrives_once_in_order(queue, publisher):
    sent = [message(queue.name, str(n).encode()) for n in range(500)]
    receipt = await publisher.publish(sent)
    assert receipt.confirmed == {m.id for m in sent}
    got = await bodies(queue, 500)
    assert [int(m.body) for m in got] == list(range(500))
    assert {m.message_id for m in got} == receipt.confirmed
    assert got[0].content_type == "application/cloudevents+json"


async def test_an_unroutable_message_is_refused_alone(queue, publisher):
    good, lost, also_good = message(queue.name), message("no-such-queue"), message(queue.name)
    receipt = await publisher.publish([good, lost, also_good])
    assert receipt.confirmed == {good.id, also_good.id}
    assert receipt.refused == {lost.id}


async def test_bodies_larger_than_a_frame_and_empty_ones_arrive_whole(queue, publisher):
    large, empty = bytes(range(256)) * 4000, b""
    receipt = await publisher.publish([message(queue.name, large), message(queue.name, empty)])
    assert len(receipt.confirmed) == 2
    assert [m.body for m in await bodies(queue, 2)] == [large, empty]


async def test_concurrent_batches_do_not_mix_up_their_confirms(queue, publisher):
    batches = [[message(queue.name, b"%d" % n) for _ in range(50)] for n in range(8)]
    receipts = await asyncio.gather(*(publisher.publish(batch) for batch in batches))
    for batch, receipt in zip(batches, receipts, strict=True):
        assert receipt.confirmed == {m.id for m in batch}


async def test_a_cut_connection_leaves_no_message_in_doubt_for_ever(counter, queue):
    bus = counter.runtime.bus
    messages = [message(queue.name) for _ in range(2000)]
    publishing = asyncio.ensure_future(bus.publisher.publish(messages))
    await asyncio.sleep(0)
    bus._links["publish"]._connection._cut()
    receipt = await asyncio.wait_for(publishing, 20)
    assert not receipt.refused
    left = [message for message in messages if message.id not in receipt.confirmed]
    assert left, "nothing was cut off"
    for unsent in left:
        unsent.id = uuid7()
    once_more = await asyncio.wait_for(bus.publisher.publish(left), 20)
    assert once_more.confirmed == {message.id for message in left}
    again = await asyncio.wait_for(bus.publisher.publish([message(queue.name)]), 20)
    assert len(again.confirmed) == 1


async def test_the_names_we_lean_on_are_there(counter):
    """aiormq documents none of these: an upgrade that loses one must fail here, not in production."""
    link = counter.runtime.bus._links["publish"]
    channel = await (await link._connection.channel()).get_underlay_channel()
    for name in ("lock", "delivery_tag", "confirmations", "message_id_delivery_tag", "write_queue", "create_future"):
        assert hasattr(channel, name), name
    assert isinstance(unblocked_event(link._connection), asyncio.Event)


async def test_a_blocked_connection_shows_in_the_metrics(counter):
    event = unblocked_event(counter.runtime.bus._links["publish"]._connection)
    event.clear()
    assert 'aftersales_broker_blocked{connection="publish"} 1.0' in (await counter.http.get("/metrics")).text
    event.set()
    assert 'aftersales_broker_blocked{connection="publish"} 0.0' in (await counter.http.get("/metrics")).text


async def test_a_publisher_is_usable_while_it_is_connected_and_not_blocked(counter):
    bus = counter.runtime.bus
    await eventually(lambda: _async(bus.publisher.usable))
    event = unblocked_event(bus._links["publish"]._connection)
    event.clear()
    assert not bus.publisher.usable
    event.set()
    assert bus.publisher.usable
    await bus._links["publish"].drop()
    await eventually(lambda: _async(not bus.publisher.usable))
    await eventually(lambda: _async(bus.publisher.usable))


@pytest.mark.parametrize("name", ["publish", "consume", "control"])
async def test_a_service_is_not_healthy_while_any_of_its_connections_is_down(counter, name):
    bus = counter.runtime.bus
    await bus._links[name].drop()
    await eventually(lambda: _async(not bus._links[name].up))
    assert not bus.ready
    assert (await counter.http.get("/healthz")).json()["rabbitmq"] is bus.ready
    await eventually(lambda: _async(bus.ready))
    assert (await counter.http.get("/healthz")).status_code == 200


async def test_the_consumer_comes_back_after_each_kind_of_loss(counter):
    """Connected is not the same as consuming (aio-pika#231): the watchdog and the link bring it back."""
    bus = counter.runtime.bus
    await bus._links["consume"].drop()
    await eventually(lambda: _async(bus.ready))
    consumer = bus._consumers[0]
    await consumer._channel.basic_cancel(consumer._tag)
    assert not bus.ready
    await eventually(lambda: _async(bus.ready))


async def test_a_lost_consumer_is_noticed_though_another_instance_consumes_the_same_queue(counter):
    bus = counter.runtime.bus
    async with await aio_pika.connect(counter.runtime.service.settings.amqp_url.get_secret_value()) as connection:
        queue = await (await connection.channel()).get_queue(counter.runtime.topology.queue)
        await queue.consume(aio_pika.IncomingMessage.reject)
        await bus._consumers[0]._channel.basic_cancel(bus._consumers[0]._tag)
        assert not bus.ready
        await eventually(lambda: _async(bus.ready))


async def test_the_brokers_word_that_nobody_consumes_counts_when_it_is_repeated(counter, queue):
    """Our own channel has heard of no cancellation: here, because the watchdog looks at another queue."""
    consumer = counter.runtime.bus._consumers[0]
    consumer.queue = queue.name

    async def consumed():
        return (await queue.declare()).consumer_count

    await eventually(consumed)
    consumer.queue = counter.runtime.topology.queue


async def _async(value):
    return value
