"""One item of each business walks through all stages of its preset, on real timers and a real MongoDB (ALL-1, ALL-3).

Once nothing is done in time, once everything at the last moment, once it waits for each reason; the clock stops just
before each mark and at it. What must come of it stands in `walk_figures.py`, taken from the rulebook and not from the
policies, so that a preset that is wrong fails.
"""

import asyncio
from collections import Counter, defaultdict
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest
from policy.walk_figures import CASES, FIGURES, ONLY_IN_CASES, PAUSES, REASONS, START, milestones, pauses
from policy.walk_plans import END, PAUSED_AT, RESUMED_AT, walks
from policy.walker import POLICIES, Item, begin, service, take
from prometheus_client.parser import text_string_to_metric_families

from aftersales.common.settings import ServiceSettings
from aftersales.policy import sla
from aftersales.testing import ManualClock
from aftersales.testing.system import RunningService, start_system

MOMENT = timedelta(milliseconds=1)
WALKS = walks()
each_preset = pytest.mark.parametrize("name", FIGURES)


class Walked:
    """Everybody at the end of their ways, and what was seen on them."""

    def __init__(self, running_service: RunningService) -> None:
        self.running_service = running_service
        self.items: dict[str, Item] = {}
        self.paused: dict[str, Item] = {}
        """In the middle of the pause."""
        self.metrics = ""
        """What Prometheus saw then."""

    def heard(self, way: str) -> dict[str, Any]:
        """What was said about each stage and when; first of all which rule it is about."""
        item, heard = self.items[way], defaultdict(list)
        for one in item.heard:
            heard[one.stage].append((one.mark, one.at))
        return {stage: heard[stage] for stage in item.stages}

    def ends(self, way: str) -> dict[str, tuple[str, Any]]:
        return {clock.stage: (clock.outcome, clock.deadline) for clock in self.items[way].clocks}


async def _walk(running_service: RunningService, clock: ManualClock, seen: Walked) -> None:
    """Stop the clock just before each mark and at it: whatever is due by then is said by then."""
    steps = defaultdict(list)
    for walk in WALKS.values():
        for at, step in walk.steps:
            steps[at].append((walk.item.id, step))
    marks = {at for walk in WALKS.values() for told in walk.heard.values() for _, at in told}
    (timer,) = running_service.runtime.service.timers
    await running_service.do(begin, [walk.item for walk in WALKS.values()])
    for moment in sorted({*marks, *(at - MOMENT for at in marks), *steps, PAUSED_AT + MOMENT, END + MOMENT}):
        clock.advance(seconds=(moment - clock.now()).total_seconds())
        await asyncio.gather(*(running_service.do(take, id, step) for id, step in steps[moment]))
        while await running_service.runtime.timers.wake(timer):
            pass
        if moment == PAUSED_AT + MOMENT:
            seen.paused = await _items(running_service)
            seen.metrics = await running_service.metrics()
    seen.items = await _items(running_service)


async def _items(running_service: RunningService) -> dict[str, Item]:
    found = {item.id: item for item in await running_service.find(Item)}
    return {way: found[walk.item.id] for way, walk in WALKS.items()}


@pytest.fixture(scope="module")
async def walked(urls) -> AsyncIterator[Walked]:
    clock = ManualClock(START)
    rows = [(service, ServiceSettings)]
    async with start_system(
        urls, clock, rows, timer_tick=timedelta(days=1)
    ) as built:  # this test wakes the timers itself
        seen = Walked(built.walker)
        await _walk(built.walker, clock, seen)
        yield seen


@each_preset
def test_all_1_the_figures_name_every_stage_of_the_preset_and_what_starts_and_stops_it(name: str) -> None:
    stages = POLICIES[name].stages

    assert {stage: (one.starts_on, one.stops_on) for stage, one in stages.items()} == {
        stage: milestones(name, stage)
        for stage in (*FIGURES[name], *(stage for policy, stage in ONLY_IN_CASES if policy == name))
    }


@each_preset
async def test_all_3_each_stage_warns_is_missed_and_climbs_the_ladder_at_the_moment_the_rulebook_gives(
    walked: Walked, name: str
) -> None:
    walk = WALKS[f"{name} late"]

    assert walked.heard(f"{name} late") == walk.heard
    assert walked.ends(f"{name} late") == walk.ends
    assert {outcome for outcome, _ in walk.ends.values()} == {"breached"}
    assert all(len(marks) >= 7 for marks in walk.heard.values())


@each_preset
async def test_all_3_what_is_done_by_the_deadline_is_in_time(walked: Walked, name: str) -> None:
    walk = WALKS[f"{name} met"]

    assert walked.heard(f"{name} met") == walk.heard
    assert walked.ends(f"{name} met") == walk.ends
    assert {outcome for outcome, _ in walk.ends.values()} == {"met"}


@pytest.mark.parametrize(("name", "stage"), [(n, s) for n in FIGURES for s in PAUSES if s in FIGURES[n]])
async def test_all_3_a_stage_waits_for_the_reasons_it_allows_and_for_no_other(
    walked: Walked, name: str, stage: str
) -> None:
    for reason in REASONS:
        way = f"{name} {stage} {reason}"
        (held,) = walked.paused[way].clocks

        assert (held.paused, held.deadline is None) == (reason in pauses(name, stage),) * 2, way
        assert walked.heard(way) == WALKS[way].heard, way
        assert walked.ends(way) == WALKS[way].ends, way


@each_preset
def test_all_3_no_stage_allows_a_pause_that_the_figures_do_not(name: str) -> None:
    usual = {stage: one for stage, one in POLICIES[name].stages.items() if (name, stage) not in ONLY_IN_CASES}
    allowed = {stage: set(one.pauses) for stage, one in usual.items()}

    assert allowed == {stage: set(pauses(name, stage)) for stage in FIGURES[name]}


@pytest.mark.parametrize(("name", "stage", "case"), CASES)
async def test_all_10_a_case_has_a_deadline_of_its_own(walked: Walked, name: str, stage: str, case: str) -> None:
    """DSP-3 far, DSP-8 major, INT-8 emergencies; ALL-10 rush and holiday work."""
    way = f"{name} {stage} {case}"

    assert walked.heard(way) == WALKS[way].heard
    assert walked.ends(way) == WALKS[way].ends


@each_preset
def test_all_10_no_other_case_has(name: str) -> None:
    own = {(name, stage, case) for stage, one in POLICIES[name].stages.items() for case in one.cases}

    assert own == {key for key in CASES if key[0] == name}


async def test_int_5_a_priority_may_have_a_deadline_of_its_own(walked: Walked) -> None:
    for way in ("ranked 1", "ranked 2"):
        assert walked.ends(way) == WALKS[way].ends
    assert walked.ends("ranked 1") != walked.ends("ranked 2")


async def test_all_3_each_deadline_can_be_explained(walked: Walked) -> None:
    """The lines lead from the start to the deadline, and count exactly the target."""
    for way, item in walked.items.items():
        answer = await walked.running_service.http.get(f"/deadlines/{item.id}")
        told = {one["explanation"]["clock"]["stage"]: one["explanation"] for one in answer.json()}
        for clock in item.clocks:
            told_here = sla.ClockExplanation.model_validate(told[clock.stage])
            assert told_here == sla.explain_clock(clock, walked.running_service.runtime.clock.now())
            assert told_here.until == clock.deadline == told_here.lines[-1].end, (way, clock.stage)
            assert told_here.lines[-1].used == clock.terms.target, (way, clock.stage)
            assert told_here.lines[0].start == clock.started_at


async def test_all_3_the_explanation_names_lunch_holidays_the_day_worked_instead_and_pauses(walked: Walked) -> None:
    (clock,) = [one for one in walked.items["building-materials late"].clocks if one.stage == "dispatch"]
    whys = [(line.kind, line.why) for line in sla.explain_clock(clock, END).lines]
    later = clock.model_copy(update={"deadline": clock.fired[-1].at})
    long = [line.why for line in sla.explain_clock(later, END).lines]
    (paused,) = walked.items["enterprise resolve waiting_part"].clocks
    lines = sla.explain_clock(paused, END).lines

    assert whys == [("counted", ""), ("closed", "closed"), ("counted", "")]
    assert {"holiday", "makeup", "closed"} <= set(long)
    assert [(line.kind, line.why, line.detail) for line in lines if line.kind == "paused"] == [
        ("paused", "waiting_part", "elsewhere")
    ]
    assert (lines[1].start, lines[1].end) == (PAUSED_AT, RESUMED_AT)


async def test_all_3_prometheus_counts_what_the_documents_say(walked: Walked) -> None:
    clocks = [clock for item in walked.items.values() for clock in item.clocks]
    ended = Counter((clock.stage, clock.outcome) for clock in clocks if clock.outcome != "open")
    late = Counter(clock.stage for clock in clocks if clock.ended_at is None)
    took = Counter(clock.stage for clock in clocks if clock.ended_at)
    by = _samples(await walked.running_service.metrics())

    assert {(one.labels["stage"], one.labels["outcome"]): one.value for one in by[_ENDED]} == ended
    assert {(one.labels["stage"], one.labels["state"]): one.value for one in by[_OPEN]} == {
        (stage, "overdue"): count for stage, count in late.items()
    }
    assert {one.labels["stage"]: one.value for one in by[_TOOK]} == took
    assert sum(ended.values()) == len(clocks)


async def test_all_3_prometheus_sees_what_is_paused(walked: Walked) -> None:
    paused = Counter(clock.stage for item in walked.paused.values() for clock in item.clocks if clock.paused)
    seen = [one for one in _samples(walked.metrics)[_OPEN] if one.labels["state"] == "paused"]

    assert {one.labels["stage"]: one.value for one in seen} == paused
    assert set(paused) == set(PAUSES)


def _samples(text: str) -> dict[str, list[Any]]:
    samples = [sample for family in text_string_to_metric_families(text) for sample in family.samples if sample.value]
    return {name: [one for one in samples if one.name == f"aftersales_{name}"] for name in (_ENDED, _OPEN, _TOOK)}


_ENDED, _OPEN, _TOOK = "sla_deadlines_total", "sla_open_items", "stage_duration_seconds_count"


async def test_a_preset_that_is_wrong_would_be_found(walked: Walked) -> None:
    """Broken on purpose: a property that sends somebody within 16 minutes."""
    told, expected = walked.heard("wrong"), WALKS["wrong"].heard

    assert {stage for stage in expected if told[stage] != expected[stage]} == {"dispatch"}
