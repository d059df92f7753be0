"""What is counted in the database for Prometheus: beside the scrapes, never most of the time, told with its age."""

import asyncio
from datetime import datetime, timedelta

import pytest
from common.counter import Counter
from prometheus_client.parser import text_string_to_metric_families
from pymongo.errors import OperationFailure

from aftersales.common.counts import QUICK, Count
from aftersales.common.mongo.errors import translate_errors
from aftersales.policy import sla
from aftersales.policy.sla import Terms
from aftersales.testing import ManualClock, eventually
from aftersales.values.errors import Unavailable


class Question:
    """Answers when it is let, with how often it was asked."""

    def __init__(self, takes: float = 0) -> None:
        self.asked, self.may = 0, asyncio.Event()
        self.takes, self.trouble = takes, False

    async def __call__(self, _at: datetime) -> list[dict[str, int]]:
        self.asked += 1
        mine = self.asked
        await self.may.wait()
        await asyncio.sleep(self.takes)
        if self.trouble:
            raise Unavailable
        return [{"asked": mine}]


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


async def answered(count: Count, rows: list[dict[str, int]]) -> None:
    async def so() -> bool:
        return count.rows == rows

    await eventually(so)


async def test_a_quick_count_is_of_this_moment_at_each_look(clock: ManualClock) -> None:
    question = Question()
    question.may.set()
    count = Count("things", question, clock)
    for number in (1, 2, 3):
        await count.look()
        await answered(count, [{"asked": number}])
        assert count.at == clock.now()
        clock.advance(seconds=15)


async def test_a_slow_count_is_not_waited_for_keeps_its_age_and_rests(clock: ManualClock) -> None:
    question = Question(takes=5 * QUICK)
    question.may.set()
    count = Count("things", question, clock)
    await count.refresh()
    began = count.at
    clock.advance(seconds=15)
    for _ in range(50):
        await count.look()
    assert (count.rows, count.at) == ([{"asked": 1}], began), "it rests nineteen times as long as it took"
    question.may.clear()
    fresh = asyncio.create_task(count.refresh())
    await asyncio.sleep(0)
    for _ in range(50):
        await count.look()
    assert (count.rows, count.at) == ([{"asked": 1}], began), "one that is under way is not waited for"
    question.may.set()
    await fresh
    assert (count.rows, count.at) == ([{"asked": 2}], clock.now())
    assert question.asked == 2, "one at a time"


async def test_a_count_that_fails_leaves_the_last_numbers_with_their_age(clock: ManualClock) -> None:
    question = Question()
    question.may.set()
    count = Count("things", question, clock)
    await count.refresh()
    began, question.trouble = count.at, True
    clock.advance(seconds=15)
    await count.refresh()
    assert (count.rows, count.at) == ([{"asked": 1}], began)


async def begin(work, ids, seconds):
    for number, id in enumerate(ids):
        clocks = sla.start_clock((), "mending", "mending-1", work.now, Terms(target=timedelta(seconds=seconds)))
        work.put(Counter(id=id, branch=f"b-{number}", clocks=clocks, wake_at=sla.next_wake(clocks)))


async def test_the_page_says_since_when_its_numbers_are_and_counts_every_branch(counter, clock):
    """Of more branches than one query asks for."""
    await counter.do(begin, [f"c{number}" for number in range(50)], 3600)
    families = {family.name: family.samples for family in text_string_to_metric_families(await counter.metrics())}
    assert sum(sample.value for sample in families["aftersales_sla_open_items"]) == 50
    counted = {sample.labels["of"]: sample.value for sample in families["aftersales_counted_timestamp_seconds"]}
    assert counted.keys() >= {"tallies", "open_clocks", "outbox", "dead_letters"}
    assert set(counted.values()) == {clock.now().timestamp()}
    assert families["aftersales_database_up"][0].value == 1


@pytest.mark.parametrize("code", [239, 246])
def test_a_snapshot_that_ran_out_passes_and_ends_no_part_of_the_process(code: int) -> None:
    with pytest.raises(Unavailable), translate_errors():
        raise OperationFailure("Read timestamp is older than the oldest available timestamp.", code)


async def test_a_page_is_rendered_anew_when_its_numbers_change(counter, clock):
    await counter.do(begin, ["c0"], 3600)
    assert 'state="on_track"} 1.0' in await counter.metrics()
    await counter.do(begin, ["c1", "c2"], 3600)
    assert 'state="on_track"} 1.0' in await counter.metrics()
    clock.advance(hours=2)
    families = {family.name: family.samples for family in text_string_to_metric_families(await counter.metrics())}
    late = sum(one.value for one in families["aftersales_sla_open_items"] if one.labels["state"] == "overdue")
    assert late == 3
