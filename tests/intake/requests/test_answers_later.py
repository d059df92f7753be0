"""What changes the promises of the front desk: parts, priorities, another visit, the end (INV-13, INT-5, FBK-2)."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import permutations
from typing import Any

import pytest
from intake.promises import clock, due

from aftersales.common.events import Event
from aftersales.common.events.dispatch import AssignmentAccepted, RepairCompleted
from aftersales.common.events.feedback import DissatisfactionRaised, SurveyAnswered
from aftersales.common.events.intake import IntakeSlaBreached, RequestReprioritised
from aftersales.common.events.inventory import PartReserved, PartShort
from aftersales.intake.requests.domain.answers import Reprioritise, reprioritise_request
from aftersales.intake.requests.domain.form import CancelRequest
from aftersales.intake.requests.domain.progress import (
    cancel_request,
    close_request,
    record_acceptance,
    record_parts,
    reopen_request,
    resolve_request,
)
from aftersales.intake.requests.domain.request import Ground, ServiceRequest, tick_request
from aftersales.policy.presets import load_presets
from aftersales.values.errors import NotYet

Say = dict[str, Callable[..., Any]]
POLICIES = {policy.name: policy for policy in load_presets()}
HOUR = timedelta(hours=1)
NOW = datetime(2026, 11, 22, 4, 0, tzinfo=UTC)
"""Sunday noon in Beijing; the branch never closes."""


def test_inv_13_a_missing_part_pauses_what_allows_it_until_it_is_reserved(take: Any, company: Ground, say: Say) -> None:
    short, _ = record_parts(take("enterprise"), say["short"](1, 1, at=NOW + HOUR))
    back, _ = record_parts(short, say["reserved"](1, 2, at=NOW + 31 * HOUR))

    assert (clock(short, "resolve-1").paused, clock(short, "resolve-1").deadline) == (True, None)
    assert clock(short, "resolve-1").pauses[0].owner == "inventory"
    assert not clock(short, "first_reply-1").paused
    assert due(back, "resolve-1") == 54 * HOUR


def test_inv_13_of_news_that_crossed_the_newer_version_counts(take: Any, say: Say) -> None:
    """The shortage of version 1 is heard after version 2 had reserved: nobody waits for ever."""
    heard, _ = record_parts(take("enterprise"), say["reserved"](1, 2, at=NOW + 2 * HOUR))
    late, _ = record_parts(heard, say["short"](1, 1, at=NOW + HOUR))

    assert late == heard
    assert not clock(late, "resolve-1").paused


def test_int_5_another_priority_moves_the_deadline_and_a_pause_stays_a_pause(
    take: Any, company: Ground, say: Say
) -> None:
    ranked = POLICIES["enterprise"]
    stage = ranked.stages["resolve"].model_copy(update={"by_priority": {"1": 4 * HOUR}})
    ground = replace(company, policy=ranked.model_copy(update={"stages": ranked.stages | {"resolve": stage}}))
    paused, _ = record_parts(take("enterprise", urgency=1), say["short"](1, 1, at=NOW + HOUR))
    pressing = Reprioritise(urgency=3, danger=True, why="漏电")
    raised, _ = reprioritise_request(paused, pressing, "desk-7", NOW + 10 * HOUR, ground)
    back, _ = record_parts(raised, say["reserved"](1, 2, at=NOW + 20 * HOUR))

    assert (raised.priority, raised.danger, raised.cases) == (1, True, ("emergency",))
    assert clock(raised, "resolve-1").paused
    assert [(one.why, one.by, one.target) for one in clock(raised, "resolve-1").retargets] == [
        ("漏电", "desk-7", 24 * HOUR)
    ]
    assert due(back, "resolve-1") == 23 * HOUR, "an hour was used before the pause, three are left after it"


def test_int_8_what_becomes_an_emergency_is_answered_at_once(take: Any, company: Ground) -> None:
    raised, events = reprioritise_request(
        take("enterprise"), Reprioritise(urgency=3, danger=True, why="冒烟"), "desk-7", NOW + HOUR / 2, company
    )
    late, marks = tick_request(raised, NOW + HOUR / 2)

    assert due(raised, "first_reply-1") == timedelta(minutes=5)
    assert due(raised, "review-1") == due(take("enterprise"), "review-1")
    (told,) = events
    assert isinstance(told, RequestReprioritised), "dispatch has clocks of its own"
    assert (told.priority, told.cases, told.on_site) == (1, ("emergency",), True)
    assert clock(late, "first_reply-1").outcome == "breached"
    assert {event.mark for event in marks if isinstance(event, IntakeSlaBreached)} == {"breach"}


@pytest.mark.parametrize("others", [(), ("rush", "holiday")])
def test_int_5_danger_comes_and_goes_and_the_other_cases_stay(
    take: Any, company: Ground, others: tuple[str, ...]
) -> None:
    request = take("enterprise").but(cases=others)
    raised, _ = reprioritise_request(request, Reprioritise(urgency=3, danger=True, why="冒烟"), "desk-7", NOW, company)
    again, _ = reprioritise_request(
        raised, Reprioritise(urgency=2, danger=True, why="还在冒烟"), "desk-7", NOW, company
    )
    over, (told,) = reprioritise_request(again, Reprioritise(urgency=1, why="已断电"), "desk-7", NOW, company)

    assert raised.cases == again.cases == ("emergency", *others)
    assert (over.danger, over.cases, told.cases) == (False, others, others)  # type: ignore[attr-defined]


def test_fbk_2_a_reopened_request_is_resolved_and_confirmed_again_in_time(take: Any, company: Ground, say: Say) -> None:
    repaired, _ = resolve_request(take("enterprise"), say["repaired"](1, at=NOW + 5 * HOUR), company)
    reopened, _ = reopen_request(repaired, say["dissatisfied"](1), company)
    begun = reopened.history[-1].at

    assert clock(repaired, "resolve-1").outcome == "met"
    for key, hours in (("resolve-2", 24), ("confirm-2", 2)):
        assert clock(reopened, key).deadline == begun + hours * HOUR
    assert {one.key for one in reopened.clocks} == {
        *("review-1", "first_reply-1", "confirm-1", "resolve-1", "confirm-2", "resolve-2"),
    }
    late, _ = record_acceptance(reopened, say["accepted"](1, at=NOW + HOUR), company)
    assert clock(late, "confirm-1").ended_at == NOW + HOUR
    assert clock(late, "confirm-2").ended_at is None


def test_a_customer_who_was_visited_waits_for_no_reply(take: Any, company: Ground, say: Say) -> None:
    """INT-8: the reply is not missed because nobody wrote down what was said on site."""
    repaired, _ = resolve_request(take("enterprise"), say["repaired"](1, at=NOW + 5 * HOUR), company)

    assert clock(repaired, "first_reply-1").outcome == "waived"
    assert clock(repaired, "first_reply-1").waived_for == "request_resolved"
    assert clock(repaired, "review-1").outcome == "open"


def test_all_5_a_cancelled_request_waives_its_clocks_and_says_who_and_why(take: Any) -> None:
    request, _ = cancel_request(take("enterprise"), CancelRequest(reason="已自行修好"), "desk-7", NOW + HOUR)

    assert {(one.outcome, one.waived_by, one.waived_for) for one in request.clocks} == {
        ("waived", "desk-7", "已自行修好")
    }
    assert request.wake_at is None


def _rules(ground: Ground) -> dict[type[Event], Callable[[ServiceRequest, Any], tuple[ServiceRequest, Any]]]:
    return {
        AssignmentAccepted: lambda request, event: record_acceptance(request, event, ground),
        PartShort: record_parts,
        PartReserved: record_parts,
        RepairCompleted: lambda request, event: resolve_request(request, event, ground),
        DissatisfactionRaised: lambda request, event: reopen_request(request, event, ground),
        SurveyAnswered: close_request,
    }


def _deliver(request: ServiceRequest, arriving: Sequence[Event], ground: Ground) -> ServiceRequest:
    """Hand over what arrives; what is not yet possible comes again behind the rest, as the retry tiers do."""
    waiting, rules = list(arriving), _rules(ground)
    while waiting:
        again = []
        for event in waiting:
            try:
                request, _ = rules[type(event)](request, event)
            except NotYet:
                again.append(event)
        assert len(again) < len(waiting), f"these would be parked: {again}"
        waiting = again
    return request


def test_news_of_appointments_and_parts_may_come_in_any_order(take: Any, company: Ground, say: Say) -> None:
    """5 040 orders: one end, the same outcome of every promise, and nobody is left waiting for a part."""
    story = [
        say["accepted"](1, at=NOW + HOUR),
        say["short"](1, 1, at=NOW + 2 * HOUR),
        say["reserved"](1, 2, at=NOW + 3 * HOUR),
        say["repaired"](1, at=NOW + 4 * HOUR),
        say["dissatisfied"](1, at=NOW + 8 * HOUR),
        say["accepted"](2, at=NOW + 9 * HOUR),
        say["repaired"](2, at=NOW + 12 * HOUR),
    ]
    begun = take("enterprise")
    ends = {_end(_deliver(begun, order, company)) for order in permutations(story)}

    assert ends == {_end(_deliver(begun, story, company))}
    assert {(key, outcome) for key, outcome, _ in next(iter(ends))[2]} >= {("confirm-1", "met"), ("resolve-2", "met")}


def _end(request: ServiceRequest) -> Any:
    clocks = frozenset((one.key, one.outcome, one.ended_at) for one in request.clocks)
    return request.state, request.visit, clocks, any(one.paused for one in request.clocks)
