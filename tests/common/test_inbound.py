"""Events in: what fails is retried later or parked with its reason, never lost and never in the way."""

import asyncio
import json
from types import SimpleNamespace

import aio_pika
import pytest
from common.counter import Add, Counted, Counter, add, service

from aftersales.common.dead_letters import StoredDeadLetter
from aftersales.common.settings import ServiceSettings
from aftersales.common.work import audit
from aftersales.testing import eventually
from aftersales.testing.servers import free_port, prepare_mongod, start_server
from aftersales.testing.system import start_system
from aftersales.values import uuid7
from aftersales.values.errors import Busy


async def parked(counter, count=1):
    async def found():
        rows = await counter.find(StoredDeadLetter)
        return rows if len(rows) >= count else None

    return await eventually(found)


async def test_an_event_too_early_is_tried_again_until_its_base_is_there(counter):
    await counter.deliver(Add(counter="c", amount=1, after=5))
    await counter.quiet()
    assert await counter.get(Counter, "c") is None
    await counter.do(add, "c", 5)

    async def applied():
        return (await counter.get(Counter, "c")).total == 6

    await eventually(applied)
    assert await counter.find(StoredDeadLetter) == []


async def test_an_event_that_stays_too_early_is_parked_after_the_last_tier(counter):
    await counter.deliver(Add(counter="c", after=5), id="early")
    (message,) = await parked(counter)
    assert (message.reason, message.attempts, message.event_id) == ("counter.too_early", 4, "early")
    assert message.params == {"counter": "c"}


async def test_retries_do_not_vanish_in_the_ttl_chain(counter):
    """RabbitMQ 3.10 drops a message that is republished with its old x-death into a second TTL queue."""
    for n in range(5):
        await counter.deliver(Add(counter="c", after=5), id=f"e{n}")
    assert {message.event_id for message in await parked(counter, 5)} == {f"e{n}" for n in range(5)}


async def test_a_refused_event_is_parked_at_once_and_others_pass(counter):
    await counter.deliver(Add(counter="c", amount=-5), id="bad")
    await counter.deliver(Add(counter="d", amount=1))
    (message,) = await parked(counter)
    await counter.quiet()
    assert (message.reason, message.attempts) == ("counter.negative", 1)
    assert (await counter.get(Counter, "d")).total == 1


async def test_a_bug_goes_through_the_tiers_and_is_parked_with_its_name(counter):
    await counter.deliver(Add(counter="c", amount=666))
    (message,) = await parked(counter)
    assert (message.reason, message.attempts) == ("RuntimeError", 4)
    assert await counter.get(Counter, "c") is None


async def test_malformed_messages_are_parked_with_what_is_wrong(counter):
    unknown = {"specversion": "1.0", "id": "u", "source": "/x", "type": "no.such.v1", "subject": "s"}
    bodies = [
        b"no json",
        b"\xff\xfe\x00",
        b"",
        b"[]",
        json.dumps(unknown | {"time": "2026-11-22T00:00:00Z", "correlationid": "c", "data": []}).encode(),
        json.dumps(
            unknown | {"type": Add.TYPE, "time": "2026-11-22T00:00:00Z", "correlationid": "c", "data": {"amount": "x"}}
        ).encode(),
    ]
    for body in bodies:
        await counter.deliver_raw(body)
    messages = await parked(counter, len(bodies))
    assert {message.body for message in messages} == set(bodies)
    assert {message.reason for message in messages} == {"event.malformed", "event.data_malformed"}
    wrong = next(message for message in messages if message.reason == "event.data_malformed")
    assert {error["field"] for error in wrong.params["errors"]} == {"counter", "amount"}


async def test_an_event_nobody_handles_any_more_is_passed_over(counter):
    await counter.deliver(Counted(counter="c", total=1))
    await counter.quiet()
    assert await counter.find(StoredDeadLetter) == []


async def test_replay_sends_it_to_the_failing_queue_and_it_is_applied_once(counter):
    await counter.deliver(Add(counter="c", amount=-5), id="bad")
    (message,) = await parked(counter)
    await counter.do(add, "c", 7)
    answer = await counter.http.post(f"/dead/{message.id}/replay", headers={"X-Actor": "ops"})
    assert answer.status_code == 200

    async def applied():
        return (await counter.get(Counter, "c")).total == 2

    await eventually(applied)
    await counter.quiet()
    assert await counter.find(StoredDeadLetter) == []
    assert (await counter.get(Counter, "c")).total == 2


async def test_a_replay_that_fails_again_is_parked_again(counter):
    await counter.deliver(Add(counter="c", amount=-5), id="bad")
    (message,) = await parked(counter)
    await counter.http.post(f"/dead/{message.id}/replay")
    await counter.quiet()
    assert len(await parked(counter)) == 1


async def test_drop_gives_it_up_and_the_audit_trail_says_who(counter):
    await counter.deliver(Add(counter="c", amount=-5), id="bad")
    (message,) = await parked(counter)
    assert (await counter.http.delete(f"/dead/{message.id}", headers={"X-Actor": "ops"})).status_code == 200
    assert (await counter.http.get(f"/dead/{message.id}")).status_code == 404
    assert (await audit.read_changes(counter.runtime.mongo, f"parked/{message.id}"))[-1]["who"] == "ops"


async def test_dead_letters_are_listed_without_their_bodies_and_shown_with_them(counter):
    await counter.deliver(Add(counter="c", amount=-5), id="bad")
    await counter.deliver_raw(b"\xff")
    await parked(counter, 2)
    listed = (await counter.http.get("/dead", params={"reason": "counter.negative"})).json()
    (binary,) = (await counter.http.get("/dead", params={"reason": "event.malformed"})).json()["items"]
    (bad,) = listed["items"]
    assert bad["event_id"] == "bad"
    assert [name for item in (bad, binary) for name in item if name.startswith("body")] == []
    assert (await counter.http.get(f"/dead/{binary['id']}")).json()["body_base64"] == "/w=="
    assert '"amount":-5' in (await counter.http.get(f"/dead/{bad['id']}")).json()["body"]
    assert "body" not in (await counter.http.delete(f"/dead/{bad['id']}")).json()


async def test_a_page_of_dead_letters_stays_small_however_large_they_are(counter):
    """A body may have 4 MiB, and so may what a refusal quotes of it."""
    for id in ("a" * 5_000, "b"):
        await counter.deliver(Add(counter="x" * 1_000_000, amount=-5), id=id)
    await parked(counter, 2)
    listed = (await counter.http.get("/dead", params={"event_id": "b"})).json()
    assert [item["event_id"] for item in listed["items"]] == ["b"]
    assert len((await counter.http.get("/dead")).content) < 10_000


async def test_what_rabbitmq_delivered_too_often_is_parked(counter):
    """The poison backstop: messages in the dead queue end in the parking place too."""
    runtime = counter.runtime
    async with await aio_pika.connect(runtime.service.settings.amqp_url.get_secret_value()) as connection:
        channel = await connection.channel()
        body = b'{"poison": true}'
        await channel.default_exchange.publish(aio_pika.Message(body, message_id=uuid7()), runtime.topology.dead)
    (message,) = await parked(counter)
    assert message.reason == "delivery_limit"


@pytest.fixture
def frozen_mongo(urls, tmp_path):
    """A database of its own, to be stopped in mid-work while RabbitMQ goes on."""
    process = start_server(prepare_mongod(tmp_path, free_port()))
    yield process
    process.resume()
    process.kill()


async def test_a_service_whose_database_goes_away_while_it_hears_the_journal_waits_for_it(frozen_mongo, urls, clock):
    servers = SimpleNamespace(mongo_url=frozen_mongo.url, amqp_url=urls.amqp_url)
    async with start_system(servers, clock, [(service, ServiceSettings)]) as built:
        await asyncio.to_thread(frozen_mongo.kill)
        hearing = asyncio.create_task(built.counter.runtime._catch_up())
        ended, _ = await asyncio.wait({hearing}, timeout=8)  # the driver looks for a server for five seconds
        assert not ended
        await asyncio.to_thread(frozen_mongo.start)
        await asyncio.wait_for(hearing, 60)
        assert not built.counter.runtime.failed


@pytest.mark.parametrize("waits", [True, False], ids=["sound", "broken"])
async def test_lost_connections_while_the_database_is_away_use_up_no_deliveries(frozen_mongo, urls, clock, waits):
    """RabbitMQ gives up what it has delivered 20 times. Broken: it is taken although it cannot be handled."""
    servers = SimpleNamespace(mongo_url=frozen_mongo.url, amqp_url=urls.amqp_url)
    async with start_system(servers, clock, [(service, ServiceSettings)]) as built:
        counter = built.counter
        bus, waiting = counter.runtime.bus, asyncio.Event()
        until_useful, consumer = bus.wait_until_useful, bus._consumers[0]

        async def gate():
            waiting.set()
            if waits:
                await until_useful()

        bus.wait_until_useful = gate
        await asyncio.to_thread(frozen_mongo.kill)
        await asyncio.gather(*(counter.deliver(Add(counter="c"), id=f"e{n}") for n in range(30)))
        for _ in range(3 if waits else 21):
            await bus._links["consume"].drop()
            waiting.clear()
            await asyncio.wait_for(waiting.wait(), 20)

            async def taken():
                return waits or (consumer.alive and (consumer.unfinished or not await queued(bus)))

            await eventually(taken)
        await asyncio.to_thread(frozen_mongo.start)
        await eventually(lambda: total(counter, 30), 60)
        await built.quiet()
        given_up = counter.runtime.metrics.registry.get_sample_value(
            "aftersales_events_total", {"type": Add.TYPE, "result": "parked"}
        )
        assert bool(given_up) != waits
        assert await counter.find(StoredDeadLetter) == []


async def queued(bus):
    """Messages in its queue that nobody has taken."""
    queue = await bus._channel.declare_queue(bus.topology.queue, passive=True)
    return queue.declaration_result.message_count


async def total(counter, wanted):
    found = await counter.get(Counter, "c")
    return found is not None and found.total == wanted


async def test_deliveries_are_acknowledged_only_after_their_commit(frozen_mongo, urls, clock):
    """While the database is away the consumer waits, burns no attempt and loses nothing."""
    servers = SimpleNamespace(mongo_url=frozen_mongo.url, amqp_url=urls.amqp_url)
    async with start_system(servers, clock, [(service, ServiceSettings)]) as built:
        counter = built.counter
        (consumer, _) = counter.runtime.bus._consumers
        frozen_mongo.pause()
        await asyncio.gather(*(counter.deliver(Add(counter="c"), id=f"e{n}") for n in range(30)))

        async def all_taken():
            return consumer.unfinished == 30

        await eventually(all_taken)
        frozen_mongo.resume()
        await built.quiet()
        assert (await counter.get(Counter, "c")).total == 30
        assert await counter.find(StoredDeadLetter) == []


async def test_lost_connections_while_the_writer_waits_do_not_multiply_the_deliveries(urls, clock):
    """Nor do deliveries take the room of commands over HTTP in the writer's queue."""
    async with start_system(urls, clock, [(service, ServiceSettings)], writer_queue=10) as built:
        counter, writer = built.counter, built.counter.runtime.writer
        (consumer, _) = counter.runtime.bus._consumers
        running, gate = asyncio.Event(), asyncio.Event()

        async def slow(_work):
            running.set()
            await gate.wait()

        async def taken():
            return consumer.alive and deliveries() == 30

        def is_busy(answer):
            return isinstance(answer, Busy)

        def deliveries():
            return sum(job.inbox is not None for job in writer._queue)

        async def on_another_channel():
            return consumer._channel is not before and consumer.alive and consumer.unfinished == 30

        first = asyncio.create_task(counter.do(slow))
        await running.wait()
        await asyncio.gather(*(counter.deliver(Add(counter="c"), id=f"e{n}") for n in range(30)))
        await eventually(taken, 30)
        for _ in range(5):
            before = consumer._channel
            await counter.runtime.bus._links["consume"].drop()
            await eventually(on_another_channel, 30)
            assert deliveries() == 30
        commands = [asyncio.ensure_future(counter.do(add, "c", 100)) for _ in range(20)]
        await asyncio.sleep(0)
        gate.set()
        await first
        refused = [answer for answer in await asyncio.gather(*commands, return_exceptions=True) if is_busy(answer)]
        await built.quiet(60)
        assert 0 < len(refused) < 20
        assert (await counter.get(Counter, "c")).total == 30 + 100 * (20 - len(refused))
        assert await counter.find(StoredDeadLetter) == []
