"""Timers are data: what is due fires once, what sleeps costs nothing, deadlines are tallied once."""

from datetime import timedelta

from common.counter import Counter

from aftersales.common.timers import due_by
from aftersales.policy import sla
from aftersales.policy.sla import Terms
from aftersales.testing import eventually


async def sleeper(work, id, seconds):
    clocks = sla.start_clock((), "mending", "mending-1", work.now, Terms(target=timedelta(seconds=seconds)))
    work.put(Counter(id=id, clocks=clocks, wake_at=sla.next_wake(clocks)))


async def finish(work, id, earlier=timedelta()):
    counter = await work.require(Counter, id)
    work.put(counter.but(clocks=sla.stop_clock(counter.clocks, "mending-1", work.now - earlier), wake_at=None))


async def rings(counter, id, count):
    async def rung():
        return (await counter.get(Counter, id)).rings == count

    await eventually(rung)


async def deadlines(counter):
    """Give the outcomes that were counted."""
    text = await counter.metrics()
    return {
        line.split('outcome="')[1].split('"')[0]: float(line.split()[-1])
        for line in text.splitlines()
        if line.startswith("aftersales_sla_deadlines_total{") and not line.endswith(" 0.0")
    }


async def test_a_clock_warns_at_80_percent_breaches_at_100_and_each_once(counter, clock):
    """ALL-3."""
    await counter.do(sleeper, "c", 100)
    clock.advance(seconds=79)
    await counter.quiet()
    assert (await counter.get(Counter, "c")).rings == 0
    clock.advance(seconds=1)
    await rings(counter, "c", 1)
    assert (await counter.get(Counter, "c")).clocks[0].has_fired("80%")
    clock.advance(seconds=20)
    await rings(counter, "c", 2)
    clock.advance(days=1)
    await counter.do(finish, "c")
    assert (await counter.get(Counter, "c")).clocks[0].outcome == "breached"
    assert await deadlines(counter) == {"breached": 1.0}


async def test_a_breach_that_is_taken_back_is_counted_again_because_no_counter_falls(counter, clock):
    """ADR 18: breached - withdrawn is what the documents say."""
    await counter.do(sleeper, "c", 100)
    clock.advance(seconds=101)
    await rings(counter, "c", 1)
    await counter.do(finish, "c", timedelta(seconds=2))
    assert (await counter.get(Counter, "c")).clocks[0].outcome == "met"
    assert await deadlines(counter) == {"breached": 1.0, "withdrawn": 1.0, "met": 1.0}


async def test_prometheus_counts_open_items_and_the_durations_of_stages(counter, clock):
    """ALL-3: on track, at risk, overdue are counted in the database at scrape."""
    for id, seconds in (("a", 10), ("b", 100), ("c", 1000)):
        await counter.do(sleeper, id, seconds)
    clock.advance(seconds=85)
    text = await counter.metrics()
    for state in ("on_track", "at_risk", "overdue"):
        line = f'aftersales_sla_open_items{{branch="b-1",stage="mending",state="{state}"}} 1.0'
        assert line in text.replace('stage="mending",branch="b-1"', 'branch="b-1",stage="mending"')
    await counter.do(finish, "c")
    text = await counter.metrics()
    assert 'aftersales_stage_duration_seconds_bucket{le="300.0",stage="mending"} 1.0' in text
    assert 'aftersales_stage_duration_seconds_bucket{le="60.0",stage="mending"} 0.0' in text


async def test_a_tick_looks_at_the_index_of_those_that_will_wake_and_at_nothing_else(counter, clock):
    plan = str(await counter.runtime.mongo.explain(Counter, due_by(clock.now()), ("wake_at",)))
    assert "IXSCAN" in plan
    assert "COLLSCAN" not in plan
    assert "'SORT'" not in plan


async def test_a_timer_that_was_moved_does_not_fire_at_its_old_time(counter, clock):
    await counter.do(sleeper, "c", 100)
    await counter.do(finish, "c")
    clock.advance(days=2)
    await counter.quiet()
    assert (await counter.get(Counter, "c")).rings == 0
    assert await deadlines(counter) == {"met": 1.0}


async def test_what_fell_due_while_the_service_was_down_fires_after_the_start(counter, clock):
    await counter.runtime._cancel("timers")
    await counter.do(sleeper, "c", 100)
    clock.advance(days=3)
    assert (await counter.get(Counter, "c")).rings == 0
    runtime = counter.runtime
    runtime._spawn("timers", runtime.timers.run(runtime.service.timers, timedelta(milliseconds=50)))
    await rings(counter, "c", 1)
