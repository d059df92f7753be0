"""Whatever a message is, its delivery ends: handled, retried or parked; and none holds the others up."""

import asyncio
import json
from dataclasses import replace

import aio_pika
import pytest
from common.counter import Add, Counter, add

from aftersales.common.amqp import Delivery
from aftersales.common.amqp.consumer import QueueConsumer
from aftersales.common.dead_letters import StoredDeadLetter
from aftersales.common.inbound import Inbound, _Message
from aftersales.common.relay import Relay
from aftersales.common.work import Writer
from aftersales.testing import eventually
from aftersales.testing.system import make_envelope
from aftersales.values import uuid7

HUGE = 2**63 - 1
"""As many attempts as AMQP can state: one more is more than BSON can."""


@pytest.fixture
async def channel(counter):
    async with await aio_pika.connect(counter.runtime.service.settings.amqp_url.get_secret_value()) as connection:
        yield await connection.channel(on_return_raises=True)


async def publish(channel, exchange, key, body, **headers):
    found = await channel.get_exchange(exchange) if exchange else channel.default_exchange
    message = aio_pika.Message(body, delivery_mode=2, message_id=uuid7(), headers=headers or None)
    await found.publish(message, key)


async def parked(counter, count=1):
    async def found():
        rows = await counter.find(StoredDeadLetter)
        return rows if len(rows) >= count else None

    return await eventually(found)


def unfinished(counter):
    return sum(consumer.unfinished for consumer in counter.runtime.bus._consumers)


def a_delivery(counter, body, done, **more):
    topology = counter.runtime.topology
    fields = {"headers": {}, "queue": topology.queue, "key": "k", "exchange": topology.events} | more
    return Delivery(body, done=done.set, **fields)


@pytest.mark.parametrize("attempt", [HUGE, -1, True, "many", 2.5, [1], None])
async def test_a_made_up_number_of_attempts_counts_for_nothing(counter, channel, attempt):
    """By way of the exchange, by which others publish, and straight into the queue, too."""
    topology = counter.runtime.topology
    forged = {"x-attempt": attempt, "x-first-failed-at": "0001-01-01T00:00:00+14:00"}
    await publish(channel, topology.events, Add.TYPE, b"no event 1", **forged)
    await publish(channel, "", topology.queue, b"no event 2", **{"x-attempt": attempt})
    assert [message.attempts for message in await parked(counter, 2)] == [1, 1]
    await counter.deliver(Add(counter="c"))
    await counter.quiet()
    assert (await counter.get(Counter, "c")).total == 1
    assert unfinished(counter) == 0


async def test_a_forged_attempt_does_not_spend_an_events_tries(counter, channel):
    early = make_envelope(Add(counter="c", after=1), id="e", subject="c", time=counter.runtime.clock.now())
    await publish(channel, counter.runtime.topology.events, Add.TYPE, early, **{"x-attempt": 3})
    await counter.do(add, "c", 1)

    async def applied():
        return (await counter.get(Counter, "c")).total == 2

    await eventually(applied)
    assert await counter.find(StoredDeadLetter) == []


@pytest.mark.parametrize("body", [b"x" * 17_000_000, b"{" + b" " * 17_000_000], ids=["text", "blank"])
async def test_what_is_too_large_for_the_database_is_parked_as_a_stub(counter, body):
    """A broker of one's own may let 128 MB through; a document holds 16."""
    done = asyncio.Event()
    counter.runtime.inbound.take(a_delivery(counter, body, done))
    await asyncio.wait_for(done.wait(), 30)
    (message,) = await counter.find(StoredDeadLetter)
    assert message.incomplete
    assert message.params["bytes"] == len(body)
    assert len(message.body) == 65_536
    answer = await counter.http.post(f"/dead/{message.id}/replay")
    assert (answer.status_code, answer.json()["code"]) == (409, "dead.incomplete")


async def test_a_reason_that_cannot_be_stored_is_told_in_plain_values(counter):
    """Parameters of an error are anything; what BSON refuses must not keep the message."""
    done = asyncio.Event()
    delivery = a_delivery(counter, b"odd", done)
    counter.runtime.inbound._give_up(delivery, OverflowError("\ud800"), _Message("odd", "unknown", "c", None))
    await asyncio.wait_for(done.wait(), 30)
    (row,) = await counter.find(StoredDeadLetter)
    assert (row.reason, row.body, row.incomplete) == ("OverflowError", b"odd", False)


async def test_a_retry_queue_that_is_missing_holds_nothing_up(counter, channel):
    """More early events than the prefetch, and none of their retries can be published."""
    for tier in range(3):
        await channel.queue_delete(counter.runtime.topology.retry(tier))
    await asyncio.gather(*(counter.deliver(Add(counter="c", after=9000), id=f"early{n}") for n in range(310)))
    await asyncio.gather(*(counter.deliver(Add(counter="d"), id=f"good{n}") for n in range(50)))

    async def applied():
        found = await counter.get(Counter, "d")
        return found is not None and found.total == 50

    await eventually(applied, 30)

    async def ended():
        return unfinished(counter) == 0

    await eventually(ended)


async def test_one_that_takes_long_does_not_keep_the_others_unacknowledged(counter, channel):
    """The first of its queue never ends; when the channel closes, only that one comes again."""
    queue = await channel.declare_queue(f"q-{uuid7()}", durable=True, arguments={"x-queue-type": "quorum"})
    for n in range(20):
        await publish(channel, "", queue.name, str(n).encode())
    taken = []

    def handle(delivery):
        taken.append(delivery)
        if delivery.body != b"0":
            delivery.done()

    consumer = QueueConsumer(queue.name, 50, handle, counter.runtime.metrics)
    url = counter.runtime.service.settings.amqp_url.get_secret_value()
    async with await aio_pika.connect(url) as connection:
        await consumer.start(connection, counter.runtime.bus._links["consume"])

        async def only_the_first_is_left():
            return len(taken) == 20 and consumer.unfinished == 1

        await eventually(only_the_first_is_left)
        assert consumer.oldest > 0
    assert consumer.oldest == 0

    async def come_back():
        again = await channel.declare_queue(queue.name, passive=True)
        return again.declaration_result.message_count or None

    assert await eventually(come_back) == 1
    await queue.delete(if_unused=False, if_empty=False)


async def test_the_age_of_the_oldest_delivery_is_shown(counter):
    text = (await counter.http.get("/metrics")).text
    queue = counter.runtime.topology.queue
    assert f'aftersales_oldest_delivery_seconds{{queue="{queue}"}} 0.0' in text


class TestParkedOrHandled:
    """A message is never both, in whichever order its copies come (README: exactly once)."""

    @staticmethod
    async def dead(counter, channel, body):
        await publish(channel, "", counter.runtime.topology.dead, body)

    @staticmethod
    def event(counter, id="e", **fields):
        return make_envelope(Add(counter="c", **fields), id=id, subject="c", time=counter.runtime.clock.now())

    async def test_handling_takes_it_out_of_the_parking_place(self, counter, channel):
        body = self.event(counter)
        await self.dead(counter, channel, body)
        await parked(counter)
        await counter.deliver_raw(body)

        async def gone():
            return await counter.find(StoredDeadLetter) == []

        await eventually(gone)
        assert (await counter.get(Counter, "c")).total == 1
        await counter.deliver_raw(body)
        await counter.quiet()
        assert (await counter.get(Counter, "c")).total == 1

    async def test_what_was_handled_is_not_parked(self, counter, channel):
        body = self.event(counter)
        await counter.deliver_raw(body)
        await counter.quiet()
        await self.dead(counter, channel, body)
        await self.dead(counter, channel, self.event(counter, "another"))
        assert [message.event_id for message in await parked(counter)] == ["another"]

    async def test_another_message_under_a_known_id_stays_parked_beside_it(self, counter):
        for amount in (-5, -6):
            await counter.deliver(Add(counter="c", amount=amount), id="same")
        first, second = await parked(counter, 2)
        assert {first.event_id, second.event_id} == {"same"}
        assert first.body != second.body
        assert {first.times, second.times} == {1}
        await counter.do(add, "c", 5)
        amounts = {json.loads(message.body)["data"]["amount"]: message for message in (first, second)}
        fitting = amounts[-5]
        await counter.http.post(f"/dead/{fitting.id}/replay")

        async def one_left():
            return len(await counter.find(StoredDeadLetter)) == 1

        await eventually(one_left)
        await counter.quiet()
        (left,) = await counter.find(StoredDeadLetter)
        assert left.id == amounts[-6].id
        assert (await counter.get(Counter, "c")).total == 0

    @pytest.mark.parametrize("marked", [True, False], ids=["sound", "broken"])
    async def test_two_replicas_that_park_and_handle_it_at_once_agree(self, counter, marked):
        """Broken: parking leaves no mark in the inbox, so that the two never meet."""
        runtime = counter.runtime
        relay = Relay(runtime.mongo, runtime.bus.publisher, runtime.clock, runtime.metrics)
        writer = Writer(runtime.mongo, relay, runtime.clock, runtime.metrics, runtime.writer._origin, instance="other")
        kind = Inbound if marked else Unmarked
        tools = {"clock": runtime.clock, "metrics": runtime.metrics}
        stores_dead_letter = kind(runtime.service.consumers, runtime.topology, writer, **tools)
        running = asyncio.create_task(writer.run())
        ends = []
        for n in range(300):
            body = self.event(counter, f"e{n}")
            for inbound, queue in (
                (runtime.inbound, runtime.topology.queue),
                (stores_dead_letter, runtime.topology.dead),
            ):
                ends.append(asyncio.Event())
                inbound.take(a_delivery(counter, body, ends[-1], queue=queue, exchange=""))
        await asyncio.wait_for(asyncio.gather(*(end.wait() for end in ends)), 60)
        writer.stop()
        await running
        assert (await counter.get(Counter, "c")).total == 300
        assert len(await counter.find(StoredDeadLetter)) == (0 if marked else 300)


class Unmarked(Inbound):
    """Broken on purpose: it parks without a word in the inbox."""

    def _storing(self, *args):
        return replace(super()._storing(*args), inbox=None, stores_dead_letter=False)
