"""What a service missed while its queue was gone is read again from the journal, and has one effect."""

from contextlib import suppress
from datetime import timedelta

import aio_pika
import pytest
from common.counter import Add, Counter, service

from aftersales.common.catch_up import Missed
from aftersales.common.clock import SystemClock
from aftersales.common.runtime import Runtime
from aftersales.common.settings import ServiceSettings
from aftersales.testing import eventually
from aftersales.testing.system import RunningService, make_envelope, start_system
from aftersales.values import uuid7


@pytest.fixture
async def running_service(urls):
    """On the clock of this machine, because RabbitMQ searches the journal by that."""
    async with start_system(urls, SystemClock(), [(service, ServiceSettings)]) as built:
        await eventually(lambda: _is(built.counter.runtime._tasks["history"].done()))
        yield built.counter


@pytest.fixture
async def channel(running_service):
    async with await aio_pika.connect(
        running_service.runtime.service.settings.amqp_url.get_secret_value()
    ) as connection:
        yield await connection.channel()


async def publish(
    running_service: RunningService, channel: aio_pika.abc.AbstractChannel, count: int, counter: str = "c"
) -> None:
    exchange = await channel.get_exchange(running_service.runtime.topology.events, ensure=False)
    for _ in range(count):
        event = Add(counter=counter)
        body = make_envelope(event, id=uuid7(), subject="s", time=running_service.runtime.clock.now())
        await exchange.publish(aio_pika.Message(body, delivery_mode=2), event.TYPE)


async def total(runtime: Runtime, id: str = "c") -> int:
    found = await runtime.mongo.get(Counter, id)
    return found.total if found else 0


async def ask(running_service: RunningService, since) -> dict:
    answer = await running_service.http.post("/events/catch-up", json={"since": since.isoformat()})
    assert answer.status_code == 202, answer.text

    async def ended():
        progress = (await running_service.http.get("/events/catch-up")).json()
        return None if progress["running"] else progress

    return await eventually(ended, 60)


async def test_events_that_came_while_the_queue_was_deleted_are_read_from_the_journal(running_service, channel):
    await publish(running_service, channel, 5)
    await eventually(lambda: _equal(total(running_service.runtime), 5))
    await channel.queue_delete(running_service.runtime.topology.queue)
    await publish(running_service, channel, 20)
    await eventually(lambda: _equal(total(running_service.runtime), 25), 60)
    await eventually(lambda: _is(not running_service.runtime.catch_up.progress.running), 60)
    await running_service.quiet()
    assert await total(running_service.runtime) == 25


async def test_the_journal_is_not_read_to_its_end_before_the_queue_is_there_again(running_service, channel):
    """Events that come between the two would be in neither."""
    await publish(running_service, channel, 3)
    await eventually(lambda: _equal(total(running_service.runtime), 3))
    bus = running_service.runtime.bus
    missed = bus.on_missed

    async def missed_and_slow(seconds: float | None) -> None:
        await missed(seconds)
        with suppress(AssertionError):  # which is right: it waits for us
            await eventually(lambda: _is(not running_service.runtime.catch_up.progress.running), 8)
        await publish(running_service, channel, 20)

    bus.on_missed = missed_and_slow
    await channel.queue_delete(running_service.runtime.topology.queue)
    await eventually(lambda: _equal(total(running_service.runtime), 23), 60)


async def test_what_a_process_had_not_read_when_it_ended_is_read_by_the_next(running_service, channel):
    before = running_service.runtime
    await publish(running_service, channel, 3)
    await eventually(lambda: _equal(total(before), 3))
    await before._cancel("catch_up")
    await channel.queue_delete(before.topology.queue)
    await publish(running_service, channel, 4)
    await eventually(lambda: before.mongo.get(Missed, "missed"), 60)
    await before._cancel("bus")
    after = Runtime(before.service, before.clock)
    await after.start()
    try:
        await eventually(lambda: _equal(total(after), 7), 60)
        await eventually(lambda: _nothing(after.mongo.get(Missed, "missed")), 60)
    finally:
        await after.stop()


async def _nothing(found):
    return await found is None


async def test_events_that_came_while_the_service_was_away_and_its_queue_deleted_are_read_too(running_service, channel):
    before = running_service.runtime
    await publish(running_service, channel, 3)
    await eventually(lambda: _equal(total(before), 3))
    await before._cancel("bus")
    await channel.queue_delete(before.topology.queue)
    await publish(running_service, channel, 4)
    after = Runtime(before.service, before.clock)
    await after.start()
    try:
        await eventually(lambda: _equal(total(after), 7), 60)
    finally:
        await after.stop()


async def test_reading_again_by_hand_gives_what_was_handled_no_second_effect(running_service, channel):
    now = running_service.runtime.clock.now()
    await publish(running_service, channel, 30)
    await eventually(lambda: _equal(total(running_service.runtime), 30))
    progress = await ask(running_service, now - timedelta(hours=1))
    assert progress["events"] == 30
    assert progress["error"] is None
    await running_service.quiet()
    assert await total(running_service.runtime) == 30


async def test_an_event_that_was_lost_on_its_way_comes_back_by_hand(running_service, channel):
    """As after an exchange was deleted: the journal has it, our queue never had."""
    queue = await channel.get_queue(running_service.runtime.topology.queue)
    now = running_service.runtime.clock.now()
    await running_service.runtime.bus._links["control"].drop()  # or the binding would be there again too soon
    await queue.unbind(running_service.runtime.topology.events, Add.TYPE)
    await publish(running_service, channel, 2, "lost")
    await ask(running_service, now - timedelta(minutes=5))
    await eventually(lambda: _equal(total(running_service.runtime, "lost"), 2), 60)


async def test_when_nothing_came_since_there_is_nothing_to_read(running_service, channel):
    await publish(running_service, channel, 1)
    await eventually(lambda: _equal(total(running_service.runtime), 1))
    progress = await ask(running_service, running_service.runtime.clock.now() + timedelta(minutes=5))
    assert progress["events"] == 0


async def test_what_the_inbox_may_have_forgotten_is_not_read_again(running_service):
    long_ago = running_service.runtime.clock.now() - timedelta(days=13, minutes=1)
    answer = await running_service.http.post("/events/catch-up", json={"since": long_ago.isoformat()})
    assert (answer.status_code, answer.json()["code"]) == (409, "catch_up.too_old")
    assert (await running_service.http.get("/events/catch-up")).json()["running"] is False
    nearly = running_service.runtime.clock.now() - timedelta(days=13) + timedelta(minutes=1)
    assert (await ask(running_service, nearly))["events"] == 0


@pytest.mark.parametrize("since", ["yesterday", "2026-11-28T08:00", None, "", "2026-13-45T00:00:00Z"])
async def test_a_time_that_is_none_is_refused(counter, since):
    answer = await counter.http.post("/events/catch-up", json={"since": since})
    assert answer.status_code == 422


async def _is(value) -> bool:
    return bool(value)


async def _equal(found, wanted) -> bool:
    return await found == wanted
