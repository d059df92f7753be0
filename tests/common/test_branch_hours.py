"""A branch's new hours reach its open clocks (ALL-3), a page at a time, whatever comes first."""

from datetime import timedelta

from common.counter import Counter
from policy.promised import HOUR, MONDAY, OFFICE, SHUT

from aftersales.common.branch_hours import CLOCKS_PER_PAGE, BranchHours
from aftersales.common.events.intake import BranchRegistered, OpenHours
from aftersales.policy import sla
from aftersales.policy.sla import Terms
from aftersales.testing import eventually

MANY = 2 * CLOCKS_PER_PAGE + 20
TOMORROW = MONDAY + 24 * HOUR + HOUR
"""When ten hours of an office are over that began on Monday morning."""


def told(calendar, since, branch="b-1"):
    """The event that a branch has these hours."""
    hours = OpenHours.model_validate(calendar.model_dump(exclude={"zone"}))
    place = {"name": "北京", "location": {"lat": 39.9, "lon": 116.4}, "zone": calendar.zone}
    return BranchRegistered(branch=branch, **place, hours=hours, hours_since=since, hours_by="boss")


async def begin(work, ids, branch="b-1"):
    terms = Terms(target=9 * HOUR, calendar=OFFICE, warn_at=(0.5, 0.9))
    for id in ids:
        clocks = sla.start_clock((), "mending", "mending-1", MONDAY, terms)
        work.put(Counter(id=id, branch=branch, clocks=clocks, wake_at=sla.next_wake(clocks)))


async def end(work, id):
    counter = await work.require(Counter, id)
    work.put(counter.but(clocks=sla.stop_clock(counter.clocks, "mending-1", work.now), wake_at=None))


async def deadlines(counter):
    return {one.id: one.clocks[0].deadline for one in await counter.find(Counter)}


async def walked(counter, clock, branch="b-1"):
    """Until the walk is through."""
    clock.advance(seconds=100)

    async def over():
        hours = await counter.get(BranchHours, branch)
        return hours and hours.wake_at is None and hours.since

    return await eventually(over)


async def test_a_closure_moves_each_open_clock_of_the_branch_and_no_other(counter, clock):
    ids = [f"c{number:04}" for number in range(MANY)]
    await counter.do(begin, ids)
    await counter.do(begin, ["elsewhere"], "b-2")
    for id in ids[:5]:
        await counter.do(end, id)
    clock.advance(seconds=3600)
    await counter.deliver(told(SHUT, clock.now()))
    assert await walked(counter, clock)

    found = await deadlines(counter)
    assert {found[id] for id in (*ids[:5], "elsewhere")} == {TOMORROW}
    assert {found[id] for id in ids[5:]} == {TOMORROW + timedelta(days=1)}
    moved = (await counter.get(Counter, ids[-1])).clocks[0]
    assert [(change.by, change.at) for change in moved.retargets] == [("boss", MONDAY + HOUR)]
    assert moved.retargets[0].calendar == OFFICE, "what was counted before counts by the hours of then"


async def test_a_step_reads_a_page_of_open_clocks_by_an_index_and_sorts_nothing(counter):
    await counter.do(begin, [f"b{number:04}" for number in range(3 * CLOCKS_PER_PAGE)], "b-0")
    await counter.do(begin, [f"c{number:04}" for number in range(CLOCKS_PER_PAGE)])
    open_ones = {"clocks": {"$elemMatch": {"ended_at": None}}, "_id": {"$gt": "a"}}
    plan = str(await counter.runtime.mongo.explain(Counter, open_ones | {"branch": "b-1"}, ("_id",)))
    assert "branch_1_clocks.ended_at_1__id_1" in plan
    assert "'SORT'" not in plan
    assert "'SORT'" in str(await counter.runtime.mongo.explain(Counter, open_ones | {"note": ""}, ("note",)))


async def test_of_two_changes_that_cross_the_later_one_holds(counter, clock):
    await counter.do(begin, ["c"])
    later = MONDAY + timedelta(minutes=1)
    for event in (told(SHUT, later), told(OFFICE, MONDAY)):
        await counter.deliver(event)
        await counter.quiet()
    assert await walked(counter, clock) == later
    assert await deadlines(counter) == {"c": TOMORROW + timedelta(days=1)}


async def test_news_from_before_hours_had_a_time_moves_nothing(counter):
    await counter.deliver(told(SHUT, None))
    await counter.quiet()
    assert await counter.get(BranchHours, "b-1") is None
