"""While a group is committed the next one runs already, on what that one changed."""

import asyncio
from itertools import pairwise

import pytest
from common.counter import Counter, add
from pydantic import ValidationError

from aftersales.common.mongo import Writes
from aftersales.common.work import Job, Stored, audit
from aftersales.common.work.job import AnswerKey
from aftersales.testing import eventually
from aftersales.values import uuid7
from aftersales.values.errors import Conflict, Unavailable


@pytest.fixture
def ahead(counter, monkeypatch):
    """The counter in groups of two; no commit begins before the next two have run."""
    writer, mongo = counter.runtime.writer, counter.runtime.mongo
    writer._group_size = 2
    commit, ran = mongo.commit, []

    async def later(writes):
        async def has_run():
            if writer._ahead is None:
                return len(writer._queue) < 2
            return writer._ahead.running is None or writer._ahead.running.done()

        await eventually(has_run)
        ran.append(len(writer._ahead.jobs) if writer._ahead else 0)
        await commit(writes)

    monkeypatch.setattr(mongo, "commit", later)
    return ran


def job(handler, *args, **known):
    async def run(work):
        return await handler(work, *args)

    preload = ((Counter, "c"), (Counter, {"note": "found"}))
    return Job(run, handler.__name__, "test", uuid7(), preload=preload, **known)


async def noted(work, note):
    return [counter.id for counter in await work.find(Counter, note=note)]


async def note(work, id, note):
    return work.put((await work.require(Counter, id)).but(note=note))


async def remove(work, id):
    work.delete(await work.require(Counter, id))


async def is_there(work, id):
    return await work.get(Counter, id) is not None


async def results(counter, *jobs):
    return await asyncio.gather(*(counter.runtime.writer.submit(one) for one in jobs))


async def test_the_next_group_runs_on_what_the_one_before_it_changed(counter, ahead):
    await counter.do(add, "c", 1)
    found = await results(counter, job(add, "c", 1), job(note, "c", "found"), job(add, "c", 10), job(noted, "found"))
    assert (found[2].total, found[3]) == (12, ["c"])
    assert ahead == [0, 2, 0], "the second group ran before the first was committed"
    assert counter.runtime.metrics.reruns.labels("version")._value.get() == 0
    changes = await audit.read_changes(counter.runtime.mongo, f"{Counter.COLLECTION}/c")
    assert all(one["after"] == other["before"] for one, other in pairwise(changes))
    assert (await audit.verify_chains(counter.runtime.mongo)).broken == {}


async def test_what_is_gone_or_no_longer_matches_is_not_found(counter, ahead):
    for id in ("c", "d"):
        await counter.do(add, id, 1)
        await counter.do(note, id, "found")
    gone = job(remove, "c"), job(note, "d", "other"), job(is_there, "c"), job(noted, "found")
    assert (await results(counter, *gone))[2:] == [False, []]
    assert ahead[-1] == 2


async def test_an_event_and_a_key_count_once_over_two_groups(counter, ahead):
    key = AnswerKey("key", "print", lambda result: {"total": result.total})
    once = {"inbox": "same"}, {"answer": key}, {"inbox": "same"}, {"answer": key}
    found = await results(counter, *(job(add, "c", 1, **known) for known in once))
    assert isinstance(found[3], Stored)
    assert (await counter.get(Counter, "c")).total == 2
    assert ahead == [2]


@pytest.mark.parametrize("landed", [True, False])
async def test_a_commit_that_failed_takes_nothing_from_the_next_group(counter, ahead, monkeypatch, landed):
    """It was committed and the answer was lost, or it met another writer's change."""
    commit = counter.runtime.mongo.commit
    failures = [Unavailable("mongodb", "gone") if landed else Conflict("version")]

    async def failing(writes):
        if landed or not failures:
            await commit(writes)
        if failures:
            raise failures.pop()

    monkeypatch.setattr(counter.runtime.mongo, "commit", failing)
    found = await results(counter, *(job(add, "c", 1) for _ in range(6)))
    assert sorted(one.total for one in found) == [1, 2, 3, 4, 5, 6]
    assert (await counter.get(Counter, "c")).version == 6
    assert (await audit.verify_chains(counter.runtime.mongo)).broken == {}


async def test_nothing_runs_ahead_while_pieces_go_one_by_one(counter, monkeypatch):
    """They go so because one needs a document that cannot be read; another changes what the next group looks for."""
    writer, commit = counter.runtime.writer, counter.runtime.mongo.commit
    writer._group_size = 3
    await counter.do(add, "c", 1)
    spoilt = Writes()
    spoilt.insert(Counter.COLLECTION, {"_id": "spoilt", "total": "many"})
    await commit(spoilt)

    async def later(writes):
        await asyncio.sleep(0.1)
        await commit(writes)

    monkeypatch.setattr(counter.runtime.mongo, "commit", later)
    reader = job(is_there, "spoilt")
    reader.preload = ((Counter, "spoilt"),)
    jobs = job(add, "c", 1), job(note, "c", "found"), reader, *(job(noted, "found") for _ in range(3))
    done = await asyncio.gather(*(writer.submit(one) for one in jobs), return_exceptions=True)
    assert isinstance(done[2], ValidationError)
    assert done[3:] == [["c"]] * 3


async def test_a_walk_waits_for_the_group_before_it(counter, monkeypatch):
    """It asks MongoDB, which does not know yet what that group makes."""
    writer, commit = counter.runtime.writer, counter.runtime.mongo.commit
    writer._group_size = 2

    async def later(writes):
        await asyncio.sleep(0.1)
        await commit(writes)

    async def walked(work):
        return [counter.id for counter in await work.page(Counter, {"total": 7})]

    monkeypatch.setattr(counter.runtime.mongo, "commit", later)
    jobs = job(add, "a", 1), job(add, "b", 7), job(walked), job(add, "c", 1)
    assert (await results(counter, *jobs))[2] == ["b"]
