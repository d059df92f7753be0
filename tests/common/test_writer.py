"""The writer: group commit, isolation of a failing piece, conflicts, exactly-once effects, audit."""

import asyncio

import pytest
from common.counter import Add, Counted, Counter, add, service

from aftersales.common.aggregate import Aggregate
from aftersales.common.runtime import Runtime
from aftersales.common.settings import ServiceSettings
from aftersales.common.work import Job, audit
from aftersales.common.work.group import TALLIES
from aftersales.policy import sla
from aftersales.testing import eventually
from aftersales.testing.system import start_system
from aftersales.values import uuid7
from aftersales.values.errors import Busy, DomainError


async def test_a_thousand_changes_of_one_document_all_count(counter_on):
    results = await asyncio.gather(*(counter_on.do(add, "c", 1) for _ in range(1000)))
    assert sorted(result.total for result in results) == list(range(1, 1001))
    assert (await counter_on.get(Counter, "c")).version == 1000


async def test_many_pieces_share_one_transaction(counter):
    await asyncio.gather(*(counter.do(add, f"c{n}", 1) for n in range(200)))
    groups = counter.runtime.metrics.group_pieces.collect()[0].samples
    count = next(s.value for s in groups if s.name.endswith("_count"))
    assert count < 50


async def test_a_refused_piece_and_a_buggy_piece_fail_alone(counter):
    good, refused, buggy, also_good = await asyncio.gather(
        counter.do(add, "c", 5),
        counter.do(add, "c", -9),
        counter.do(add, "c", 666),
        counter.do(add, "c", 1),
        return_exceptions=True,
    )
    assert isinstance(refused, DomainError)
    assert isinstance(buggy, RuntimeError)
    assert (good.total, also_good.total) == (5, 6)
    assert (await counter.get(Counter, "c")).total == 6
    await counter.quiet()
    changes = await audit.read_changes(counter.runtime.mongo, f"{Counter.COLLECTION}/c")
    assert [change["version"] for change in changes] == [1, 2]


async def test_a_document_that_mongodb_refuses_fails_alone(counter):
    async def monster(work):
        work.put(Counter(id="m" * 20_000_000))

    results = await asyncio.gather(
        counter.do(add, "a", 1), counter.do(monster), counter.do(add, "b", 1), return_exceptions=True
    )
    assert [isinstance(result, Exception) for result in results] == [False, True, False]


async def test_a_group_too_large_for_one_command_goes_in_piece_by_piece(counter):
    async def heavy(work, id):
        return work.put(Counter(id=id, note="n" * 6_000_000))

    await asyncio.gather(*(counter.do(heavy, f"c{n}") for n in range(4)))
    assert len(await counter.find(Counter)) == 4


async def test_under_load_a_group_waits_for_more_to_join_it(counter):
    """ADR 2: what comes during a commit and shortly after it is one group."""
    counter.runtime.writer._gather = 1
    running, gate = asyncio.Event(), asyncio.Event()

    async def slow(work):
        running.set()
        await gate.wait()
        work.put(Counter(id="first"))

    first = asyncio.create_task(counter.do(slow))
    await running.wait()
    during = asyncio.create_task(counter.do(add, "during", 1))
    gate.set()
    await first
    await asyncio.gather(during, counter.do(add, "after", 1))
    records = await counter.runtime.mongo.rows("audit", {}, sort=("seq",))
    assert [len(record["changes"]) for record in records] == [1, 2]


async def test_several_queries_are_answered_in_one_round_trip_and_in_order(counter_on):
    for id in ("a", "b", "c"):
        await counter_on.do(add, id, 1)
    name, mongo = Counter.COLLECTION, counter_on.runtime.mongo
    queries = [(name, {"_id": {"$in": ["c", "a"]}}), ("inbox", {"_id": "no"}), (name, {"total": 1}), ("no-such", {})]
    for size in range(len(queries) + 1):
        found = await mongo.several(queries[:size])
        assert [sorted(row["_id"] for row in rows) for rows in found] == [["a", "c"], [], ["a", "b", "c"], []][:size]


async def test_somebody_elses_change_in_between_makes_the_group_run_again(counter):
    """Two replicas change one document: one wins, the other runs on fresh state; nothing is lost."""
    await counter.do(add, "c", 1)
    interfered = False

    async def add_after_a_stranger(work):
        nonlocal interfered
        state = await work.require(Counter, "c")
        if not interfered:
            interfered = True
            collection = counter.runtime.mongo._db[Counter.COLLECTION]
            await collection.update_one({"_id": "c"}, {"$set": {"total": 100}, "$inc": {"version": 1}})
        return work.put(state.but(total=state.total + 1))

    result = await counter.do(add_after_a_stranger)
    assert result.total == 101
    reruns = counter.runtime.metrics.reruns.labels("version")._value.get()
    assert reruns == 1


async def test_two_writers_on_the_same_documents_lose_nothing(counter, urls, clock):
    """As two replicas do: same database, two writers."""
    settings = counter.runtime.service.settings.model_copy(update={"instance": "second"})
    second = Runtime(service(settings), clock)
    await second.start()
    try:

        async def both(n):
            job = Job(lambda work: add(work, f"c{n % 3}", 1), "add", "test", uuid7())
            await asyncio.gather(counter.do(add, f"c{n % 3}", 1), second.writer.submit(job))

        await asyncio.gather(*(both(n) for n in range(60)))
    finally:
        await second.stop()
    assert sum(c.total for c in await counter.find(Counter)) == 120
    verdict = await audit.verify_chains(counter.runtime.mongo)
    assert (verdict.changes, verdict.chains, verdict.broken) == (120, 2, {})


async def test_an_event_delivered_twice_has_one_effect(counter):
    await counter.deliver(Add(counter="c"), id="same")
    await counter.deliver(Add(counter="c"), id="same")
    await counter.quiet()
    assert (await counter.get(Counter, "c")).total == 1


async def test_the_same_event_twice_in_one_group_has_one_effect(counter):
    await asyncio.gather(*(counter.do(add, "c", 1, inbox="same") for _ in range(20)))
    assert (await counter.get(Counter, "c")).total == 1


async def test_without_the_inbox_the_effect_would_double(counter):
    """The check above can fail: this is the broken variant."""
    await asyncio.gather(*(counter.do(add, "c", 1) for _ in range(2)))
    assert (await counter.get(Counter, "c")).total == 2


async def test_a_full_queue_refuses_and_says_when_to_come_back(urls, clock):
    async with start_system(urls, clock, [(service, ServiceSettings)], writer_queue=5) as built:
        answers = await asyncio.gather(
            *(built.counter.http.post("/counters/c/add", json={"amount": 1}) for _ in range(50))
        )
        taken = [a for a in answers if a.status_code == 200]
        refused = [a for a in answers if a.status_code == 503]
        assert len(taken) + len(refused) == 50
        assert refused
        assert refused[0].headers["retry-after"] == "2"
        assert refused[0].json()["code"] == "service.busy"
        assert (await built.counter.get(Counter, "c")).total == len(taken)


async def test_a_stop_finishes_what_was_taken(urls, clock):
    async with start_system(urls, clock, [(service, ServiceSettings)]) as built:
        writer = built.counter.runtime.writer
        tasks = [asyncio.ensure_future(built.counter.do(add, "c", 1)) for _ in range(300)]
        await asyncio.sleep(0)
        writer.stop()
        with pytest.raises(Busy):
            await built.counter.do(add, "c", 1)
        results = await asyncio.gather(*tasks)
        assert max(result.total for result in results) == 300
        assert (await built.counter.get(Counter, "c")).total == 300


async def test_work_is_done_though_its_caller_gave_up_and_its_group_is_told(counter):
    callers = [asyncio.create_task(counter.do(add, "c", amount)) for amount in (1, 2, -9)]
    await asyncio.sleep(0)
    assert counter.runtime.writer.waiting == 3, "all are taken, none is done"
    for caller in (callers[0], callers[2]):
        caller.cancel()
    gave_up, told, also_gave_up = await asyncio.gather(*callers, return_exceptions=True)
    assert isinstance(gave_up, asyncio.CancelledError)
    assert isinstance(also_gave_up, asyncio.CancelledError)
    assert told.total == 3
    assert (await counter.get(Counter, "c")).total == 3


async def test_every_change_is_in_the_audit_trail_and_tampering_shows(counter):
    """ALL-5: who, when, why, before and after; the record can't be altered without it showing."""
    await counter.do(add, "c", 1)
    await counter.do(add, "c", 2)
    mongo = counter.runtime.mongo
    first, second = await audit.read_changes(mongo, f"{Counter.COLLECTION}/c")
    assert (first["who"], first["why"], first["before"], first["version"]) == ("test", "add", "", 1)
    assert second["before"] == first["after"] != second["after"]
    assert (await audit.verify_chains(mongo)).broken == {}
    last = (await mongo.rows("audit", {}, sort=("seq",)))[-1]
    await mongo._db["audit"].update_one({"_id": last["_id"]}, {"$set": {"changes.0.who": "somebody else"}})
    assert (await audit.verify_chains(mongo)).broken == {"counter@test": last["seq"]}


async def test_a_removed_audit_entry_shows(counter):
    """ALL-5."""
    for _ in range(3):
        await counter.do(add, "c", 1)
    mongo = counter.runtime.mongo
    middle = (await mongo.rows("audit", {}, sort=("seq",)))[1]
    await mongo._db["audit"].delete_one({"_id": middle["_id"]})
    assert (await audit.verify_chains(mongo)).broken == {"counter@test": 3}


async def test_a_tally_agrees_with_the_database(counter):
    async def count(work):
        work.put(Counter(id=uuid7()))
        work.tally("made", branch="b-1")

    await asyncio.gather(*(counter.do(count) for _ in range(30)))
    rows = await counter.runtime.mongo.rows(TALLIES, {"name": "made"})
    assert sum(row["amount"] for row in rows) == 30


async def test_events_leave_the_outbox_when_the_broker_has_them(counter):
    await asyncio.gather(*(counter.do(add, f"c{n}", 1) for n in range(50)))

    async def empty():
        return not await counter.runtime.mongo.rows("outbox", {})

    await eventually(empty)
    confirmed = counter.runtime.metrics.published.labels("confirmed")._value.get()
    assert confirmed == 50


async def test_an_undeclared_event_is_a_bug_that_shows(counter):
    class Surprise(Counted):
        TYPE = "counter.surprise.v1"

    async def emit(work):
        work.put(Counter(id="c"), Surprise(counter="c", total=1))

    with pytest.raises(TypeError, match="does not declare"):
        await counter.do(emit)


async def test_a_document_that_nobody_would_wake_or_count_is_a_bug_that_shows(counter):
    class Forgotten(Aggregate):
        COLLECTION = "forgotten"

    clocks = sla.start_clock((), "mending", "mending-1", counter.runtime.clock.now(), sla.Terms(target=60))

    async def keep(work, wake_at=None, clocks=()):
        work.put(Forgotten(id="f", branch="b-1", wake_at=wake_at, clocks=clocks))

    with pytest.raises(TypeError, match="no timer for forgotten"):
        await counter.do(keep, counter.runtime.clock.now())
    with pytest.raises(TypeError, match="forgotten in what is clocked"):
        await counter.do(keep, None, clocks)
    await counter.do(keep)
