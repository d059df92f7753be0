"""What was left in the outbox goes out as fast as the broker confirms, by one replica, and nothing hides the rest."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import aio_pika
import pytest
from common.counter import service

from aftersales.common.dead_letters import StoredDeadLetter, body_digest
from aftersales.common.outgoing import PUBLISH_ATTEMPTS, Outgoing, pack_parcels
from aftersales.common.relay import OUTBOX, Receipt, Relay
from aftersales.common.settings import ServiceSettings
from aftersales.common.sweep import SWEEP_LEASE, Sweep
from aftersales.testing import eventually
from aftersales.testing.system import RunningService, start_system
from aftersales.values import uuid7

EVERY, AGE = timedelta(seconds=5), timedelta(seconds=10)


class _Broker:
    """Stands for the broker's answers only."""

    def __init__(self, *, usable=True):
        self.usable, self.seen = usable, []

    async def publish(self, messages):
        """Refuse what goes to a queue named `gone` or `full`."""
        self.seen += [m.key for m in messages]
        returned = {m.id for m in messages if m.key == "gone"}
        refused = {m.id for m in messages if m.key == "full"} | returned
        return Receipt({m.id for m in messages} - refused, refused, returned)


class _Replica:
    """A relay and a sweep beside those of the service."""

    def __init__(self, counter, clock, *, usable=True):
        self.broker = _Broker(usable=usable)
        self.relay = Relay(counter.runtime.mongo, self.broker, clock, counter.runtime.metrics)
        self.sweep = Sweep(counter.runtime.mongo, self.relay, self.broker, clock)

    async def once(self):
        """Sweep once, and wait until the broker's answers are dealt with."""
        running = asyncio.create_task(self.relay.run())
        found = await self.sweep.once(EVERY, AGE)
        await eventually(self._idle)
        running.cancel()
        return found

    async def _idle(self):
        return self.relay.idle


@pytest.fixture
async def alone(counter) -> RunningService:
    """The service without its own sweep, which has given its lease back."""
    await counter.runtime._cancel("sweep")
    return counter


@pytest.fixture
async def brisk(urls, clock) -> AsyncIterator[RunningService]:
    async with start_system(urls, clock, [(service, ServiceSettings)], sweep_every=timedelta(milliseconds=50)) as built:
        yield built.counter


async def put(counter, clock, *keys, at=None):
    """Rows of one message each, as a crash leaves them."""
    messages = [Outgoing(uuid7(), "", key, b"x") for key in keys]
    parcels = [
        parcel for message in messages for parcel in pack_parcels([message], at or clock.now() - timedelta(minutes=1))
    ]
    await counter.runtime.mongo._db[OUTBOX].insert_many([parcel.row() for parcel in parcels])


async def outbox(counter, tries, *keys):
    """Until exactly these messages are left, refused so often (what the relay changes there is read a little later)."""

    async def so():
        rows = await counter.runtime.mongo.rows(OUTBOX, {})
        found = [(m["key"], row.get("tries", 0)) for row in rows for m in row["messages"]]
        return found == [(key, tries) for key in keys]

    await eventually(so)


async def lease(counter):
    return next(iter(await counter.runtime.mongo.rows("leases", {"_id": SWEEP_LEASE})), None)


async def test_one_sweep_takes_all_that_waits_however_much_it_is(alone, clock):
    await put(alone, clock, *(f"k{n}" for n in range(2500)))
    assert await _Replica(alone, clock).once() == 2500
    await outbox(alone, 0)


async def test_refused_rows_do_not_hide_those_behind_them_and_are_not_sent_at_each_sweep(alone, clock):
    await put(alone, clock, *["gone"] * 1200, "good")
    replica = _Replica(alone, clock)
    assert await replica.once() == 1201
    await outbox(alone, 1, *["gone"] * 1200)
    assert await replica.once() == 0
    clock.advance(seconds=6)
    await put(alone, clock, "another")
    assert await replica.once() == 1201
    await outbox(alone, 2, *["gone"] * 1200)
    assert replica.broker.seen.count("gone") == 2400
    clock.advance(seconds=6)
    assert await replica.once() == 0, "the second pause is twice as long"


async def test_only_one_replica_sweeps_and_another_has_the_lease_as_soon_as_it_is_given_back(alone, clock):
    await put(alone, clock, "a")
    first, second = _Replica(alone, clock), _Replica(alone, clock)
    assert await first.once() == 1
    await outbox(alone, 0)
    await put(alone, clock, "b")
    assert await second.once() == 0
    first.broker.usable = False
    assert await first.once() == 0
    assert await second.once() == 1


async def test_a_replica_whose_broker_is_away_or_blocked_does_not_claim_the_lease(alone, clock):
    await put(alone, clock, "a")
    assert await _Replica(alone, clock, usable=False).once() == 0
    assert await lease(alone) is None
    assert await _Replica(alone, clock).once() == 1


async def test_a_service_gives_its_lease_back_when_it_stops(brisk):
    await eventually(lambda: lease(brisk))
    await brisk.runtime._cancel("sweep")
    assert await lease(brisk) is None


async def test_a_lease_ends_by_the_servers_clock_and_one_from_a_clock_that_was_ahead_is_void(counter_on):
    leases, moment, day = counter_on.runtime.mongo.leases, timedelta(milliseconds=50), timedelta(days=1)
    assert await leases.claim("a", "first", day)
    assert not await leases.claim("a", "second", day)
    assert await leases.claim("b", "first", moment)
    await eventually(lambda: leases.claim("b", "second", moment))
    tomorrow = {"_id": "c", "owner": "first", "until": datetime.now(UTC) + day}
    await counter_on.runtime.mongo._db["leases"].insert_one(tomorrow)
    assert await leases.claim("c", "second", moment)


async def test_rows_of_a_clock_that_was_ahead_are_swept_too(alone, clock):
    await put(alone, clock, "a", at=clock.now() + timedelta(days=1))
    assert await _Replica(alone, clock).once() == 1


async def test_what_the_broker_cannot_take_for_a_long_time_waits_in_the_outbox_and_is_not_parked(alone, clock):
    await put(alone, clock, "full", "good", "full")
    replica, waited = _Replica(alone, clock), PUBLISH_ATTEMPTS + 3
    for tries in range(1, waited):
        await replica.once()
        await outbox(alone, min(tries, PUBLISH_ATTEMPTS - 1), "full", "full")
        clock.advance(minutes=6)
    assert replica.broker.seen.count("full") == 2 * (waited - 1)
    assert await alone.find(StoredDeadLetter) == []


async def test_what_the_broker_refuses_for_good_is_parked_and_can_be_sent_again(brisk, clock):
    """A replay goes to a queue that was renamed meanwhile."""
    queue, body = f"renamed-{uuid7()}", '{"不是": 1}'.encode()
    await brisk.runtime.mongo._db[OUTBOX].insert_many(
        [parcel.row() for parcel in pack_parcels([Outgoing("m-1", "", queue, body, {"x-a": "b"})], clock.now())]
    )

    async def parked():
        clock.advance(minutes=6)
        return await brisk.find(StoredDeadLetter)

    await eventually(parked)
    (letter,) = (await brisk.http.get("/dead")).json()["items"]
    letter |= (await brisk.http.get(f"/dead/{letter['id']}")).json()
    found = (letter["reason"], letter["event_id"], letter["queue"], letter["attempts"], letter["body"])
    assert found == ("publish.refused", body_digest(body), queue, PUBLISH_ATTEMPTS, body.decode())
    await outbox(brisk, 0)
    async with await aio_pika.connect(brisk.runtime.service.settings.amqp_url.get_secret_value()) as connection:
        channel = await connection.channel()
        declared = await channel.declare_queue(queue, exclusive=True)
        await declared.bind(brisk.runtime.topology.direct, queue)
        assert (await brisk.http.post(f"/dead/{letter['id']}/replay")).is_success
        received = []

        async def arrived():
            received.extend(filter(None, [await declared.get(fail=False)]))
            return received

        await eventually(arrived)
        assert (received[0].body, received[0].headers) == (body, {"x-a": "b"})
    assert await brisk.find(StoredDeadLetter) == []


async def test_a_message_too_large_for_the_broker_holds_no_other_up_and_is_parked_in_the_end(brisk, clock):
    """RabbitMQ closes the channel because of it, and with it all that is in flight (here 4 MiB are allowed)."""
    exchange = brisk.runtime.topology.events
    large = Outgoing(uuid7(), exchange, "counter.counted.v1", b"x" * 5_000_000)

    async def say(work):
        work.send(large)
        for n in range(300):
            work.send(Outgoing(uuid7(), exchange, "counter.counted.v1", b"%d" % n))

    await brisk.do(say)

    async def only_it_is_left():
        left = [message["id"] for row in await brisk.runtime.mongo.rows(OUTBOX, {}) for message in row["messages"]]
        return left == [large.id]

    await eventually(only_it_is_left, 60)

    async def parked():
        clock.advance(minutes=6)
        return await brisk.find(StoredDeadLetter)

    (letter,) = await eventually(parked, 120)
    assert (letter.reason, len(letter.body)) == ("publish.refused", 5_000_000)
    await outbox(brisk, 0)
