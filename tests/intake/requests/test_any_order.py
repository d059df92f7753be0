"""Whatever the order in which the events of a request arrive, and however often, its end is the same."""

from collections.abc import Callable, Sequence
from itertools import permutations
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from aftersales.common.events import Event
from aftersales.common.events.dispatch import RepairCompleted
from aftersales.common.events.feedback import DissatisfactionRaised, SurveyAnswered
from aftersales.intake.requests.domain.form import CancelRequest
from aftersales.intake.requests.domain.progress import cancel_request, close_request, reopen_request, resolve_request
from aftersales.intake.requests.domain.request import Ground, ServiceRequest
from aftersales.values.errors import NotYet

Say = dict[str, Callable[..., Any]]
Rules = dict[type[Event], Callable[..., tuple[ServiceRequest, tuple[Event, ...]]]]
End = tuple[ServiceRequest, tuple[Event, ...]]


@pytest.fixture
def rules(ground: Ground) -> Rules:
    def repaired(request: ServiceRequest, repair: RepairCompleted) -> End:
        return resolve_request(request, repair, ground)

    def dissatisfied(request: ServiceRequest, raised: DissatisfactionRaised) -> End:
        return reopen_request(request, raised, ground)

    return {RepairCompleted: repaired, DissatisfactionRaised: dissatisfied, SurveyAnswered: close_request}


def _deliver(request: ServiceRequest, arriving: Sequence[Event], rules: Rules) -> End:
    """Hand over what arrives; what is not yet possible comes again behind the rest, as the retry tiers do."""
    told: list[Event] = []
    waiting = list(arriving)
    while waiting:
        again = []
        for event in waiting:
            try:
                request, events = rules[type(event)](request, event)
            except NotYet:
                again.append(event)
                continue
            told += events
        if len(again) == len(waiting):
            raise AssertionError(f"these would be parked: {again}")
        waiting = again
    return request, tuple(told)


def _story(say: Say, visits: int) -> list[Event]:
    """Every visit but the last leaves the customer dissatisfied."""
    story: list[Event] = []
    for visit in range(1, visits):
        story += [say["repaired"](visit), say["dissatisfied"](visit), say["answered"](visit, satisfied=False)]
    return [*story, say["repaired"](visits), say["answered"](visits)]


def _hasty(rule: Callable[..., End]) -> Callable[..., End]:
    """Broken on purpose: drops what comes too early instead of waiting."""

    def rash(request: ServiceRequest, event: Event) -> End:
        try:
            return rule(request, event)
        except NotYet:
            return request, ()

    return rash


def _ends(request: ServiceRequest, story: list[Event], rules: Rules) -> list[End]:
    ends: list[End] = []
    for order in permutations(story):
        try:
            end = _deliver(request, order, rules)
        except AssertionError:
            end = (request, ())
        ends += [end] if end not in ends else []
    return ends


def test_two_visits_end_closed_in_each_of_their_orders(registered: ServiceRequest, say: Say, rules: Rules) -> None:
    """120 orders, one end; a rule that drops early news must be seen."""
    story = _story(say, 2)
    ((request, told),) = _ends(registered, story, rules)
    assert (request.state, request.visit) == ("closed", 2)
    assert [event.TYPE for event in told] == [
        "intake.request_resolved.v1",
        "intake.request_reopened.v1",
        "intake.request_resolved.v1",
        "intake.request_closed.v1",
    ]
    assert len(_ends(registered, story, rules | {DissatisfactionRaised: _hasty(rules[DissatisfactionRaised])})) > 1


@given(visits=st.integers(1, 5), data=st.data())
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=200, deadline=None)
def test_any_number_of_visits_in_any_order_and_doubled(
    registered: ServiceRequest, say: Say, visits: int, data: st.DataObject, rules: Rules
) -> None:
    story = _story(say, visits)
    arriving = data.draw(st.permutations(story + data.draw(st.lists(st.sampled_from(story), max_size=8))))
    assert _deliver(registered, arriving, rules) == _deliver(registered, story, rules)


@pytest.mark.parametrize("order", list(permutations(range(3))))
def test_a_cancelled_request_stays_cancelled_whatever_comes_late(
    registered: ServiceRequest, say: Say, order: tuple[int, ...], rules: Rules
) -> None:
    cancelled, _ = cancel_request(registered, CancelRequest(reason="不修了"), "desk-7", registered.registered_at)
    story = [say["repaired"](1), say["dissatisfied"](1), say["answered"](1, satisfied=False)]
    assert _deliver(cancelled, [story[i] for i in order], rules) == (cancelled, ())
