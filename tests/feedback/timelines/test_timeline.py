"""A request's timeline (FBK-8): equal in the end, whatever the order and however often events arrive."""

from collections.abc import Callable, Sequence
from datetime import timedelta
from itertools import permutations
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from aftersales.common.events.dispatch import (
    AssignmentAccepted,
    AssignmentDeclined,
    OrderCreated,
    RepairCompleted,
    TechnicianArrived,
    TechnicianAssigned,
)
from aftersales.common.events.feedback import FollowupDone, SurveyAnswered
from aftersales.common.events.intake import (
    RepeatRepairFound,
    RequestCancelled,
    RequestCorrected,
    RequestRegistered,
    RequestReopened,
    RequestResolved,
)
from aftersales.feedback.kpis.domain import compute_kpis
from aftersales.feedback.timelines.domain import (
    MILESTONES,
    SUMMED,
    Figures,
    Timeline,
    TimelineEvent,
    fact_of,
    fold_correction,
    fold_event,
)

Say = Callable[..., Any]
Fold = Callable[[Timeline | None, TimelineEvent], Timeline]
quick = settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)


def _fold(events: Sequence[TimelineEvent], rule: Fold = fold_event) -> Timeline:
    timeline: Timeline | None = None
    for event in events:
        timeline = rule(timeline, event)
    assert timeline
    return timeline


def _last_wins(timeline: Timeline | None, news: TimelineEvent) -> Timeline:
    """Broken on purpose: overwrites a milestone with whatever came last."""
    fact = fact_of(news)
    if timeline:
        kept = tuple(f for f in timeline.facts if (f.milestone, f.visit) != (fact.milestone, fact.visit))
        timeline = timeline.but(facts=kept)
    return fold_event(timeline, news)


@pytest.mark.parametrize("kind", MILESTONES, ids=lambda kind: kind.TYPE)
def test_any_milestone_may_start_a_timeline(kind: Any, say: Say) -> None:
    timeline = fold_event(None, say(kind, 1.5))
    (fact,) = timeline.facts
    assert (timeline.id, timeline.branch) == ("SR-261122-7K3F", "BJ01")
    assert fact.milestone == MILESTONES[kind][0]
    assert fact.at == getattr(say(kind, 1.5), MILESTONES[kind][1])


def test_each_milestone_has_a_name_of_its_own() -> None:
    assert len({name for name, _ in MILESTONES.values()}) == len(MILESTONES)


@given(data=st.data())
@quick
def test_a_timeline_is_the_same_in_any_order_and_doubled(say: Say, data: st.DataObject) -> None:
    """FBK-8: ties in time included; a fold in which the last one wins must be seen (below)."""
    one = st.builds(
        say,
        st.sampled_from(list(MILESTONES)),
        st.integers(0, 4),
        st.integers(1, 3),
        technician=st.sampled_from(("T-1", "T-2", "T-3")),
        on_time=st.booleans(),
        mark=st.sampled_from((1.0, 4.0)),
        satisfied=st.booleans(),
    )
    events = data.draw(st.lists(one, min_size=1, max_size=12))
    again = data.draw(st.permutations(events + data.draw(st.lists(st.sampled_from(events), max_size=6))))
    assert _fold(again) == _fold(events)


def test_the_first_of_two_assignments_counts_in_either_order(say: Say) -> None:
    told = [say(RequestRegistered), say(TechnicianAssigned, 1, technician="T-1"), say(AssignmentDeclined, 2)]
    told.append(say(TechnicianAssigned, 3, technician="T-2"))
    ends = [_fold(order) for order in permutations(told)]
    assert all(end == ends[0] for end in ends)
    assert ends[0].figures.response_seconds == 3600
    assert [f.technician for f in ends[0].facts if f.milestone == "assigned"] == ["T-1"]
    broken = [_fold(order, _last_wins) for order in permutations(told)]
    assert any(end != broken[0] for end in broken)


def test_fbk_8_an_acceptance_before_the_assignment_shows_one_made_by_telephone(say: Say) -> None:
    """ADR 18: both were entered later, and only the acceptance has its own time."""
    told = [say(RequestRegistered), say(TechnicianAssigned, 5), say(AssignmentAccepted, 0.1, claimed=True)]
    timeline = _fold(told)
    assert timeline.figures.response_seconds == 360
    assert [fact.claimed for fact in timeline.facts] == [False, True, False]
    usual = _fold([say(RequestRegistered), say(TechnicianAssigned, 0.1), say(AssignmentAccepted, 1)])
    assert usual.figures.response_seconds == 360


def test_the_facts_stand_in_the_order_in_which_they_happened(say: Say) -> None:
    timeline = _fold([say(RepairCompleted, 5), say(OrderCreated, 1), say(RequestRegistered), say(TechnicianArrived, 4)])
    assert [fact.milestone for fact in timeline.facts] == ["registered", "ordered", "arrived", "repaired"]
    assert timeline.registered_at == timeline.facts[0].at


def test_no_personal_word_gets_onto_a_timeline(say: Say) -> None:
    """ALL-6: a reason may be the customer's own words."""
    timeline = _fold([say(kind, reason="王芳 13800138000") for kind in MILESTONES])
    assert "王芳" not in timeline.model_dump_json()


def test_a_repair_at_the_first_visit(say: Say) -> None:
    told = [say(RequestRegistered), say(TechnicianAssigned, 0.5), say(TechnicianArrived, 2), say(RepairCompleted, 3)]
    told += [say(RequestResolved, 3), say(FollowupDone, 6), say(SurveyAnswered, 7, mark=4.5)]
    assert _fold(told).figures == Figures(
        resolved=1,
        repaired=1,
        fixed_at_first=1,
        arrivals=1,
        on_time=1,
        repairs=1,
        callbacks=1,
        surveys=1,
        marks=4.5,
        satisfied=1,
        response_seconds=1800,
        resolution_seconds=10_800,
    )


def test_a_reopened_request_is_neither_fixed_at_first_nor_resolved_until_the_next_visit(say: Say) -> None:
    told = [say(RequestRegistered), say(RepairCompleted, 3), say(RequestResolved, 3)]
    told += [say(SurveyAnswered, 7, mark=1.0, satisfied=False), say(RequestReopened, 7, visit=2)]
    figures = _fold(told).figures
    assert (figures.repaired, figures.fixed_at_first, figures.resolved) == (1, 0, 0)
    assert (figures.surveys, figures.satisfied, figures.resolution_seconds) == (1, 0, None)
    again = _fold([*told, say(RepairCompleted, 30, 2), say(RequestResolved, 30, 2)]).figures
    assert (again.repairs, again.fixed_at_first, again.resolved, again.resolution_seconds) == (2, 0, 1, 108_000)


def test_a_late_arrival_counts_as_an_arrival_that_was_not_on_time(say: Say) -> None:
    figures = _fold([say(TechnicianArrived, 1, on_time=False), say(TechnicianArrived, 9, 2)]).figures
    assert (figures.arrivals, figures.on_time) == (2, 1)


def test_a_cancelled_request_is_counted_once(say: Say) -> None:
    figures = _fold([say(RequestRegistered), say(RequestCancelled, 1), say(RequestCancelled, 2)]).figures
    assert (figures.cancelled, figures.resolved) == (1, 0)


def test_a_request_counts_under_the_branch_of_its_newest_correction_whatever_comes_first(say: Say) -> None:
    """INT-2: it was corrected twice, from BJ01 to SH01 and on to GZ01."""
    registered = say(RequestRegistered)
    news = [registered, *(_corrected(registered, number, branch) for number, branch in ((1, "SH01"), (2, "GZ01")))]
    ends = set()
    for order in permutations((*news, news[1])):
        timeline: Timeline | None = None
        for event in order:
            fold = fold_correction if isinstance(event, RequestCorrected) else fold_event
            timeline = fold(timeline, event)
        assert timeline
        ends.add((timeline.branch, len(timeline.facts)))
    assert ends == {("GZ01", 1)}


def _corrected(registered: RequestRegistered, number: int, branch: str) -> RequestCorrected:
    said = {
        "changed": ("branch",),
        "visit": 1,
        "was_on_site": True,
        "by": "x",
        "corrected_at": registered.registered_at,
    }
    return RequestCorrected(**dict(registered) | said | {"number": number, "branch": branch})


def test_clocks_that_differ_a_little_make_no_negative_durations(say: Say, now: Any) -> None:
    early = say(TechnicianAssigned).model_copy(update={"at": now - timedelta(seconds=2)})
    assert _fold([say(RequestRegistered), early]).figures.response_seconds == 0


def test_every_figure_is_a_number_that_can_be_summed(say: Say) -> None:
    figures = _fold([say(kind, 1) for kind in MILESTONES]).figures.model_dump()
    assert set(SUMMED) == set(figures) - {"response_seconds", "resolution_seconds"}
    assert all(type(figures[name]) in (int, float) for name in SUMMED)


def test_a_repeat_repair_counts_for_the_branch_and_names_whose_repair_did_not_hold_int_9(say: Say) -> None:
    """The event had no reader."""
    found = say(RepeatRepairFound)
    timeline = fold_event(fold_event(None, found), found)
    (fact,) = timeline.facts
    assert (fact.milestone, fact.technician, fact.repeats) == ("repeat_found", "T-9", "SR-261101-0001")
    assert timeline.figures.repeats == 1
    totals = dict.fromkeys(("requests", *SUMMED), 0) | {"requests": 4, "repeats": 1}
    assert compute_kpis(totals, [], []).repeat_repair_rate == 0.25
