"""Callbacks (FBK-1) and what a survey's mark leads to (FBK-2)."""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from aftersales.common.deeds import mark_claimed
from aftersales.common.events import Event
from aftersales.common.events.dispatch import RepairCompleted
from aftersales.common.events.feedback import (
    DissatisfactionRaised,
    FeedbackSlaBreached,
    FeedbackSlaWarned,
    FollowupDone,
    FollowupDue,
    SurveyAnswered,
)
from aftersales.feedback.followups.domain import (
    FinishFollowUp,
    FollowUp,
    FollowUpDecision,
    Plan,
    Usual,
    plan_followup,
    record_mark,
    record_outcome,
    schedule_followup,
    take_call,
    wake_followup,
)
from aftersales.policy import sla
from aftersales.policy.presets import load_presets
from aftersales.policy.sla import Terms
from aftersales.values.errors import DomainError

CALLED = FinishFollowUp(outcome="reached", clerk="clerk-3", remark="很好")
TOKEN = "t" * 43


def _after(now: datetime, hours: float) -> datetime:
    return now + timedelta(hours=hours)


def test_a_callback_is_due_three_hours_after_the_repair(scheduled: FollowUp, now: datetime) -> None:
    """FBK-1."""
    assert (scheduled.id, scheduled.state) == ("FU-261122-7K3F-1", "scheduled")
    assert scheduled.due_at == scheduled.wake_at == _after(now, 3)
    (clock,) = scheduled.clocks
    assert (clock.key, clock.stage, clock.started_at, clock.deadline) == (
        "callback-1",
        "callback",
        _after(now, 3),
        _after(now, 4),
    )


def test_each_visit_has_its_own_callback(planned: Plan, say: Callable[..., Any]) -> None:
    assert schedule_followup(say(RepairCompleted, visit=2), planned).id == "FU-261122-7K3F-2"


def test_the_figures_come_from_the_policy(say: Callable[..., Any], now: datetime) -> None:
    """ALL-1, FBK-1: of an e-bike the quality is asked three hours later; a policy without calls gets the usual one."""
    usual = Usual(after=timedelta(seconds=5), window=timedelta(seconds=2))
    repair, preset = say(RepairCompleted), next(policy for policy in load_presets() if policy.name == "e-bike")
    followup = schedule_followup(repair, plan_followup(repair, preset, usual))
    assert (followup.clocks[0].stage, followup.due_at) == ("callback_quality", now + timedelta(hours=3))
    assert followup.clocks[0].deadline == now + timedelta(hours=4)
    assert followup.clocks[0].terms.policy == "e-bike@0"
    plain = plan_followup(repair, preset.model_copy(update={"callbacks": None}), usual)
    assert (plain.stage, plain.due_at - now, plain.terms.target) == ("callback", usual.after, usual.window)


def test_a_callback_woken_too_early_sleeps_on(scheduled: FollowUp, now: datetime) -> None:
    assert wake_followup(scheduled, _after(now, 2.9)) == (scheduled, ())


def test_a_callback_that_is_due_is_told(scheduled: FollowUp, now: datetime) -> None:
    followup, (told,) = wake_followup(scheduled, _after(now, 3))
    assert followup.state == "due"
    assert isinstance(told, FollowupDue)
    assert (told.followup, told.request, told.order, told.visit) == (
        "FU-261122-7K3F-1",
        "SR-261122-7K3F",
        "WO-261122-7K3F",
        1,
    )
    assert followup.wake_at == followup.clocks[0].warn_at


def test_a_callback_that_nobody_makes_warns_and_breaches_once(scheduled: FollowUp, now: datetime) -> None:
    """ALL-3."""
    followup, told = _run(wake_followup, scheduled, [_after(now, hours) for hours in (3, 3.2, 3.5, 3.9, 4, 5, 6)])
    assert [event.TYPE for event in told] == [FollowupDue.TYPE, FeedbackSlaWarned.TYPE, FeedbackSlaBreached.TYPE]
    assert (followup.state, followup.wake_at) == ("due", None)
    assert followup.clocks[0].outcome == "breached"


def _run(
    rule: Callable[[FollowUp, datetime], FollowUpDecision], followup: FollowUp, at: Sequence[datetime]
) -> FollowUpDecision:
    told: tuple[Event, ...] = ()
    for now in at:
        followup, events = rule(followup, now)
        told += events
    return followup, told


def _forgetful(followup: FollowUp, now: datetime) -> FollowUpDecision:
    """Broken on purpose: fires, but does not remember that it did."""
    return followup, wake_followup(followup, now)[1]


@given(minutes=st.lists(st.integers(0, 400), max_size=12))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_however_often_it_is_woken_each_mark_is_told_once(
    scheduled: FollowUp, now: datetime, minutes: list[int]
) -> None:
    """ALL-3."""
    times = [now + timedelta(minutes=m) for m in sorted([*minutes, 400])]
    followup, told = _run(wake_followup, scheduled, times)
    last, told_at_once = wake_followup(scheduled, times[-1])
    assert followup == last
    assert sorted(e.TYPE for e in told) == sorted(e.TYPE for e in told_at_once)
    assert len(_run(_forgetful, scheduled, [*times, times[-1]])[1]) > len(told)


@pytest.mark.parametrize(("hours", "outcome"), [(1, "met"), (3.5, "met"), (4.5, "breached")])
def test_a_call_stops_the_clock_early_or_late(scheduled: FollowUp, now: datetime, hours: float, outcome: str) -> None:
    """FBK-1."""
    followup, events = record_outcome(scheduled, CALLED, TOKEN, _after(now, hours))
    assert (followup.state, followup.outcome, followup.clerk, followup.remark) == ("done", "reached", "clerk-3", "很好")
    assert followup.wake_at is None
    assert followup.clocks[0].outcome == outcome
    assert isinstance(events[-1], FollowupDone)
    assert any(isinstance(event, FeedbackSlaBreached) for event in events) == (outcome == "breached")


def _silent(followup: FollowUp, now: datetime) -> FollowUpDecision:
    """Broken on purpose: stops a late clock without a word."""
    done, events = record_outcome(followup, CALLED, TOKEN, now)
    return done, tuple(event for event in events if isinstance(event, FollowupDone))


def test_a_late_call_and_a_late_timer_tell_the_same_whoever_is_first(scheduled: FollowUp, now: datetime) -> None:
    """ALL-3: a breach is told even when the call comes before the timer has noticed."""
    late = _after(now, 4.5)
    due = wake_followup(scheduled, _after(now, 3))[0]

    def ends(call: Callable[[FollowUp, datetime], FollowUpDecision]) -> list[tuple[FollowUp, list[str]]]:
        orders: tuple[tuple[Callable[[FollowUp, datetime], FollowUpDecision], ...], ...] = (
            (wake_followup, call),
            (call, wake_followup),
        )
        results = []
        for order in orders:
            state, told = due, []
            for rule in order:
                state, events = rule(state, late)
                told += [event.TYPE for event in events]
            results.append((state, sorted(told)))
        return results

    timer_first, call_first = ends(lambda f, at: record_outcome(f, CALLED, TOKEN, at))
    assert timer_first == call_first
    timer_first, call_first = ends(_silent)
    assert timer_first != call_first


def test_a_callback_is_made_once(scheduled: FollowUp, now: datetime) -> None:
    done, _ = record_outcome(scheduled, CALLED, TOKEN, now)
    with pytest.raises(DomainError, match=r"followup\.already_done"):
        record_outcome(done, CALLED, "u" * 43, now)
    assert wake_followup(done, _after(now, 9)) == (done, ())


def test_a_customer_who_is_not_reached_gets_the_survey_all_the_same(scheduled: FollowUp, now: datetime) -> None:
    """INT-1: another channel."""
    followup, (told,) = record_outcome(scheduled, FinishFollowUp(outcome="unreachable", clerk="clerk-3"), TOKEN, now)
    assert followup.survey_token == TOKEN
    assert isinstance(told, FollowupDone)
    assert told.outcome == "unreachable"


def test_no_event_tells_the_token_or_the_remark(scheduled: FollowUp, now: datetime) -> None:
    """ALL-6."""
    followup, done = record_outcome(scheduled, CALLED, TOKEN, _after(now, 5))
    _, rated = record_mark(followup, 1.0, now, 3.0)
    told = "".join(event.model_dump_json() for event in (*done, *rated))
    assert TOKEN not in told
    assert "很好" not in told


@pytest.mark.parametrize(("mark", "satisfied"), [(1.0, False), (2.75, False), (3.0, True), (5.0, True)])
def test_below_the_pass_mark_dissatisfaction_is_raised(
    scheduled: FollowUp, now: datetime, mark: float, satisfied: bool
) -> None:
    """FBK-2."""
    followup, (told, *raised) = record_mark(scheduled, mark, now, 3.0)
    assert followup.mark == mark
    assert isinstance(told, SurveyAnswered)
    assert (told.mark, told.satisfied) == (mark, satisfied)
    assert [type(event) for event in raised] == ([] if satisfied else [DissatisfactionRaised])


@given(target=st.integers(1, 10_000), at=st.integers(0, 20_000))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_wake_at_is_never_later_than_what_there_is_to_say(
    say: Callable[..., Any], now: datetime, target: int, at: int
) -> None:
    """Else a warning or a due callback would be told too late."""
    planned = Plan(due_at=now + timedelta(seconds=target), terms=Terms(target=timedelta(seconds=60)))
    followup, _ = wake_followup(schedule_followup(say(RepairCompleted), planned), now + timedelta(seconds=at))
    waits = [followup.due_at] if followup.state == "scheduled" else []
    tick = sla.next_wake(followup.clocks)
    assert followup.wake_at == min([*waits, *([tick] if tick else [])], default=None)
    if followup.wake_at:
        assert wake_followup(followup, followup.wake_at)[1]


def test_fbk_1_a_call_in_time_that_is_reported_late_takes_the_breach_back(scheduled: FollowUp, now: datetime) -> None:
    """ADR 18."""
    late, _ = wake_followup(scheduled, _after(now, 6))
    assert late.clocks[0].outcome == "breached"
    deed = take_call(late, FinishFollowUp(outcome="reached", clerk="c-1", at=_after(now, 3.5)), _after(now, 7), "c-1")
    done, events = record_outcome(late, CALLED, TOKEN, deed.at)
    assert (done.clocks[0].outcome, done.done_at, deed.claimed) == ("met", _after(now, 3.5), True)
    withdrawn, told = mark_claimed(events, deed)
    assert (withdrawn.TYPE, told.model_dump()["received_at"]) == ("feedback.sla_withdrawn.v1", _after(now, 7))
    before = take_call(late, FinishFollowUp(outcome="reached", clerk="c-1", at=_after(now, -1)), _after(now, 7), "c-1")
    assert before.at == late.repaired_at, "nobody calls about a repair before it"
