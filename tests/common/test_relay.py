"""Outbox to broker: nothing committed is lost, whatever the broker does."""

import asyncio
from datetime import UTC, datetime, timedelta

from common.counter import add

from aftersales.common.outgoing import Outgoing, pack_parcels
from aftersales.common.relay import OUTBOX, Receipt, Relay
from aftersales.common.sweep import Sweep
from aftersales.testing import eventually
from aftersales.values import uuid7

EVERY, AGE = timedelta(seconds=5), timedelta(seconds=10)


async def rows(counter):
    """The messages that wait in the outbox."""
    return [m for row in await counter.runtime.mongo.rows(OUTBOX, {}, sort=("_id",)) for m in row["messages"]]


class _Broker:
    """Stands for the broker's answers only: what it confirms, refuses or leaves unanswered."""

    usable = True

    def __init__(self, *answers):
        self.answers, self.seen = list(answers), []

    async def publish(self, messages):
        self.seen.append([m.id for m in messages])
        answer = self.answers.pop(0) if self.answers else "confirm"
        ids = {m.id for m in messages}
        return {"confirm": Receipt(confirmed=ids), "refuse": Receipt(refused=ids), "silence": Receipt()}[answer]


def sweeper(counter, clock, broker):
    """A relay and a sweep of their own, as another replica has them."""
    relay = Relay(counter.runtime.mongo, broker, clock, counter.runtime.metrics)
    return relay, Sweep(counter.runtime.mongo, relay, broker, clock)


async def left_behind(counter, count):
    """Rows as a crash leaves them: committed, never offered."""
    counter.runtime.relay.offer = lambda _messages: None
    await asyncio.gather(*(counter.do(add, f"c{n}", 1) for n in range(count)))
    assert len(await rows(counter)) == count


async def test_the_sweep_publishes_what_a_crash_left_behind(counter, clock):
    await left_behind(counter, 7)
    clock.advance(seconds=60)

    async def empty():
        return not await rows(counter)

    del counter.runtime.relay.offer
    await eventually(empty)


async def test_the_sweep_leaves_young_rows_to_their_own_process(counter, clock):
    await left_behind(counter, 3)
    await counter.runtime._cancel("sweep")
    _, sweep = sweeper(counter, clock, _Broker())
    assert await sweep.once(EVERY, AGE) == 0


async def test_unanswered_messages_go_again_in_the_old_order_and_refused_ones_wait_for_the_sweep(counter, clock):
    await left_behind(counter, 5)
    await counter.runtime._cancel("sweep")
    clock.advance(seconds=60)
    broker = _Broker("silence", "refuse")
    relay, sweep = sweeper(counter, clock, broker)
    running = asyncio.create_task(relay.run())
    await sweep.once(EVERY, AGE)
    await eventually(lambda: _value(relay.idle))
    assert broker.seen[0] == broker.seen[1]
    assert len(await rows(counter)) == 5
    clock.advance(seconds=60)
    await sweep.once(EVERY, AGE)

    async def empty():
        return not await rows(counter)

    await eventually(empty)
    running.cancel()


async def test_of_a_row_only_what_was_refused_stays_and_is_sent_again(counter, clock):
    """A message straight to a queue that is gone may be refused for ever: nothing else is sent again with it."""
    messages = [Outgoing(uuid7(), "events", f"k{n}", b"x") for n in range(4)]
    whole, part = pack_parcels(messages[:2], clock.now()), pack_parcels(messages[2:], clock.now())
    await counter.runtime.mongo._db[OUTBOX].insert_many([parcel.row() for parcel in whole + part])
    relay = Relay(counter.runtime.mongo, _Refusing({messages[2].id}), clock, counter.runtime.metrics)
    relay.offer(whole + part)
    running = asyncio.create_task(relay.run())
    await eventually(lambda: _value(relay.idle))
    running.cancel()

    async def left():
        return [message["key"] for message in await rows(counter)] == ["k2"]

    await eventually(left)


def test_large_bodies_are_spread_over_rows_below_mongodbs_limit():
    now = datetime(2026, 11, 24, tzinfo=UTC)
    parcels = pack_parcels([Outgoing(uuid7(), "events", "k", bytes(1_500_000)) for _ in range(5)], now)
    assert [len(parcel.messages) for parcel in parcels] == [2, 2, 1]


def test_memory_counts_bytes_as_well_as_messages(clock):
    relay = Relay(None, _Broker(), clock, None)
    for _ in range(50):
        relay.offer(pack_parcels([Outgoing(uuid7(), "events", "k", bytes(2_000_000))], clock.now()))
    assert len(relay.held) == 16, "32 MB of bodies"


class _Refusing:
    usable = True

    def __init__(self, ids):
        self.ids = ids

    async def publish(self, messages):
        ids = {m.id for m in messages}
        return Receipt(confirmed=ids - self.ids, refused=ids & self.ids)


async def _value(value):
    return value
