"""Timers that fail are tried less and less often, become dead letters in the end, and leave the others unharmed."""

from collections import Counter as Count
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field, replace
from datetime import timedelta

import pytest
from common.counter import Counter, ring, service

from aftersales.common.dead_letters import StoredDeadLetter
from aftersales.common.failing_timers import TIMER_ATTEMPTS, FailingTimer
from aftersales.common.settings import ServiceSettings
from aftersales.common.timers import Timers, wake_with
from aftersales.testing import eventually
from aftersales.testing.system import RunningService, start_system
from aftersales.values.errors import NotYet


@dataclass
class Trouble:
    """What the handler does to documents named `bad…`, and how often each was tried."""

    fails: Callable[[], None]
    running_service: RunningService = field(init=False)
    tried: Count[str] = field(default_factory=Count)
    mended: bool = False

    async def handle(self, work, id):
        self.tried[id] += 1
        if id.startswith("bad") and not self.mended:
            return self.fails()
        return await ring(work, id)


def not_yet():
    raise NotYet("policies.unknown", id="报修@3")


@pytest.fixture
async def trouble(urls, clock) -> AsyncIterator[Trouble]:
    state = Trouble(not_yet)

    def make(settings):
        return replace(service(settings), timers=(wake_with(Counter, state.handle),))

    async with start_system(urls, clock, [(make, ServiceSettings)]) as built:
        state.running_service = built.counter
        yield state


async def plant(work, ids, at):
    for id in ids:
        work.put(Counter(id=id, wake_at=at))


async def put(running_service, clock, *ids, late=60):
    await running_service.do(plant, ids, clock.now() - timedelta(seconds=late))


async def shows(running_service, line):
    async def shown():
        return line in (await running_service.http.get("/metrics")).text

    await eventually(shown)


FAILING = 'aftersales_timers_failing{kind="counters_of_tests"}'


async def rings(running_service, id, count=1):
    async def rung():
        return (await running_service.get(Counter, id)).rings == count

    await eventually(rung, 60)


async def test_any_number_of_failing_timers_leaves_the_others_unharmed_and_is_not_tried_at_each_tick(trouble, clock):
    bad = [f"bad{n:04}" for n in range(1200)]
    await put(trouble.running_service, clock, *bad)
    await put(trouble.running_service, clock, "good", late=1)
    await rings(trouble.running_service, "good")
    await shows(trouble.running_service, f"{FAILING} 1200.0")
    await put(trouble.running_service, clock, "another", late=1)
    await rings(trouble.running_service, "another")
    assert trouble.tried == Count([*bad, "good", "another"]), "while the clock stands still, each was tried once"


async def test_the_pauses_double_and_a_timer_that_goes_well_again_is_forgotten(trouble, clock):
    await put(trouble.running_service, clock, "bad")
    began, pauses = clock.now(), []
    for tries in (1, 2, 3):
        failing = await eventually(lambda tries=tries: _failing(trouble.running_service, tries))
        pauses.append((failing.again_at - clock.now()).total_seconds())
        clock.advance(seconds=pauses[-1])
    assert pauses == [5, 10, 20]
    await eventually(lambda: _failing(trouble.running_service, 4))
    trouble.mended = True
    clock.advance(seconds=40)
    await rings(trouble.running_service, "bad")
    clock.advance(minutes=2)
    await shows(trouble.running_service, f"{FAILING} 0.0")
    assert (await trouble.running_service.get(FailingTimer, "counters_of_tests/bad")).first_at == began
    assert await trouble.running_service.find(StoredDeadLetter) == []


async def _failing(running_service, tries):
    failing = await running_service.get(FailingTimer, "counters_of_tests/bad")
    return failing if failing and failing.tries == tries else None


async def _parked(running_service, clock):
    async def parked():
        clock.advance(seconds=30)
        return await running_service.find(StoredDeadLetter)

    return await eventually(parked)


async def test_after_some_tries_it_is_a_dead_letter_that_names_the_document_and_rings_again_when_replayed(
    trouble, clock
):
    await put(trouble.running_service, clock, "bad-冰箱")
    await _parked(trouble.running_service, clock)
    (letter,) = (
        await trouble.running_service.http.get("/dead", params={"event_type": "timer.counters_of_tests"})
    ).json()["items"]
    found = (letter["reason"], letter["params"], letter["event_id"], letter["attempts"])
    assert found == ("policies.unknown", {"id": "报修@3"}, "counters_of_tests/bad-冰箱", TIMER_ATTEMPTS)
    assert trouble.tried["bad-冰箱"] == TIMER_ATTEMPTS
    assert (await trouble.running_service.get(Counter, "bad-冰箱")).wake_at is None
    await shows(trouble.running_service, f"{FAILING} 0.0")
    trouble.mended = True
    assert (await trouble.running_service.http.post(f"/dead/{letter['id']}/replay")).is_success
    await rings(trouble.running_service, "bad-冰箱")
    assert await trouble.running_service.find(StoredDeadLetter) == []


async def test_a_handler_that_leaves_its_document_due_is_not_run_at_each_tick_either(trouble, clock):
    trouble.fails = lambda: None
    await put(trouble.running_service, clock, "bad")
    await _parked(trouble.running_service, clock)
    (letter,) = await trouble.running_service.find(StoredDeadLetter)
    assert (letter.reason, trouble.tried["bad"]) == ("timer.still_due", TIMER_ATTEMPTS)


async def test_another_replica_or_a_restarted_one_goes_by_the_same_pauses(trouble, clock):
    await put(trouble.running_service, clock, *(f"bad{n}" for n in range(20)))
    await shows(trouble.running_service, f"{FAILING} 20.0")
    runtime = trouble.running_service.runtime
    other = Timers(runtime.mongo, runtime.writer, clock, runtime.metrics)
    assert await other.wake(*runtime.service.timers) == 0


async def test_a_document_that_cannot_be_read_stops_no_timer_and_is_shown(trouble, clock):
    running_service = trouble.running_service
    await running_service.runtime.mongo._db[Counter.COLLECTION].insert_one(
        {"_id": "broken", "version": 1, "branch": "b", "total": "many", "wake_at": clock.now() - timedelta(hours=1)}
    )
    await put(running_service, clock, "good", late=1)
    await rings(running_service, "good")
    await shows(running_service, f"{FAILING} 1.0")
    assert (await running_service.get(FailingTimer, "counters_of_tests/broken")).tries == 1
    assert not running_service.runtime.failed
