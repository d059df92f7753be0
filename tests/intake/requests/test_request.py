"""Service requests: the form, priority, ownership, and each step."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import pairwise, product
from typing import Any, get_args

import pytest
from pydantic import ValidationError

from aftersales.common.events.intake import (
    RequestCancelled,
    RequestClosed,
    RequestRegistered,
    RequestReopened,
    RequestResolved,
)
from aftersales.intake.archive.domain.standing import CustomerClass
from aftersales.intake.requests.domain.form import CancelRequest, RegisterRequest
from aftersales.intake.requests.domain.progress import cancel_request, close_request, reopen_request, resolve_request
from aftersales.intake.requests.domain.registration import Archive, Taken, register_request
from aftersales.intake.requests.domain.request import Ground, ServiceRequest
from aftersales.intake.vocabulary import Channel
from aftersales.policy.calendars import Hours
from aftersales.policy.model.cover import Priority
from aftersales.values.errors import DomainError, NotYet

Say = dict[str, Callable[..., Any]]
Form = Callable[..., RegisterRequest]


@pytest.fixture
def resolved(registered: ServiceRequest, say: Say, ground: Ground) -> ServiceRequest:
    return resolve_request(registered, say["repaired"](1), ground)[0]


@pytest.fixture
def reopened(resolved: ServiceRequest, say: Say, ground: Ground) -> ServiceRequest:
    return reopen_request(resolved, say["dissatisfied"](1), ground)[0]


@pytest.fixture
def closed(resolved: ServiceRequest, say: Say) -> ServiceRequest:
    return close_request(resolved, say["answered"](1))[0]


@pytest.fixture
def cancelled(registered: ServiceRequest, now: datetime) -> ServiceRequest:
    return cancel_request(registered, CancelRequest(reason="不修了"), "desk-7", now)[0]


def _rules(request: pytest.FixtureRequest) -> dict[str, Any]:
    ground = request.getfixturevalue("ground")
    return {
        "repaired": partial(resolve_request, ground=ground),
        "dissatisfied": partial(reopen_request, ground=ground),
        "answered": close_request,
    }


@pytest.mark.parametrize(
    ("said", "cases"),
    [
        ({}, ()),
        ({"rush": True}, ("rush",)),
        ({"wanted_at": "2026-10-01T10:00:00+08:00"}, ("holiday",)),
        ({"wanted_at": "2026-10-09T10:00:00+08:00"}, ()),
        ({"danger": True, "rush": True, "wanted_at": "2026-10-01T10:00:00+08:00"}, ("emergency", "rush", "holiday")),
    ],
)
def test_all_10_danger_rush_and_work_on_a_holiday_go_with_the_request(
    said: dict[str, Any], cases: tuple[str, ...], form: Form, archive: Archive, ground: Ground
) -> None:
    branch = ground.branch.but(hours=Hours(week=("09:00-18:00",) * 7, holidays="CN"))
    taken = Taken("desk-7", datetime(2026, 9, 29, tzinfo=UTC))
    request, (told, *_) = register_request("SR-1", form(**said), archive, taken, replace(ground, branch=branch))
    assert isinstance(told, RequestRegistered)
    assert request.cases == told.cases == cases


def test_a_request_is_recorded_and_told_without_personal_data(
    form: Form, archive: Archive, ground: Ground, now: datetime
) -> None:
    """INT-2, ALL-6."""
    request, (told,) = register_request("SR-261122-7K3F", form(), archive, Taken("desk-7", now), ground)
    assert (request.state, request.visit, request.registered_at) == ("registered", 1, now)
    assert request.address == "朝阳区建国路 1 号"
    assert isinstance(told, RequestRegistered)
    assert (told.request, told.customer, told.product.serial, told.fault) == (
        "SR-261122-7K3F",
        "c-1",
        "RF-0001",
        "no-cooling",
    )
    said = told.model_dump_json()
    assert not any(word in said for word in ("王芳", "13800138000", "建国路", "冷藏室"))


def test_who_takes_the_contact_owns_it_unless_the_form_names_somebody(
    form: Form, archive: Archive, ground: Ground, now: datetime
) -> None:
    """INT-7."""
    mine, _ = register_request("SR-1", form(), archive, Taken("desk-7", now), ground)
    theirs, (told,) = register_request("SR-1", form(owner="desk-9"), archive, Taken("desk-7", now), ground)
    assert (mine.owner, theirs.owner, told.model_dump()["owner"]) == ("desk-7", "desk-9", "desk-9")
    assert theirs.history[0].by == "desk-9"


def test_the_archive_knows_the_model_better_than_the_caller(
    form: Form, archive: Archive, ground: Ground, now: datetime
) -> None:
    """INT-3."""
    said = form(product={"serial": "RF-0001", "model": "WRONG", "line": "e-bike"})
    request, _ = register_request("SR-1", said, archive, Taken("desk-7", now), ground)
    assert (request.product.model, request.product.line) == ("BCD-258", "refrigerator")


@pytest.mark.parametrize("channel", get_args(Channel))
def test_every_channel_is_taken(form: Form, channel: str) -> None:
    """INT-1."""
    assert form(channel=channel).channel == channel


@pytest.mark.parametrize(
    "wrong",
    [
        {"channel": "pigeon"},
        {"urgency": 0},
        {"urgency": 4},
        {"kind": "party"},
        {"fault": "x" * 101},
        {"wanted_at": "2026-11-23T10:00:00"},
        {"wanted_at": "0001-01-01T00:00:00+10:00"},
        {"location": {"lat": 91, "lon": 0}},
        {"location": {"lat": "NaN", "lon": 0}},
        {"surprise": 1},
    ],
)
def test_a_form_that_does_not_fit_is_malformed(form: Form, wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        form(**wrong)


def test_a_wanted_time_is_kept_in_utc(form: Form) -> None:
    wanted = form(wanted_at="2026-11-23T10:00:00.123456+08:00").wanted_at
    assert wanted == datetime(2026, 11, 23, 2, 0, 0, 123000, tzinfo=UTC)
    assert wanted.tzinfo is UTC


@pytest.mark.parametrize(
    ("customer_class", "urgency", "priority"),
    [
        ("A", 3, 1),
        ("A", 2, 1),
        ("A", 1, 2),
        ("B", 3, 1),
        ("B", 2, 2),
        ("B", 1, 3),
        ("C", 3, 2),
        ("C", 2, 3),
        ("C", 1, 4),
    ],
)
def test_priority_is_importance_times_urgency(ground: Ground, customer_class: Any, urgency: int, priority: int) -> None:
    """INT-5."""
    assert ground.policy.priority.rank(customer_class, urgency) == priority


def _is_monotone(rule: Priority) -> bool:
    """More urgency or a higher class never makes a request wait longer."""
    classes: tuple[CustomerClass, ...] = ("C", "B", "A")
    urgencies = (1, 2, 3)
    by_urgency = [(rule.rank(c, u), rule.rank(c, v)) for c in classes for u, v in pairwise(urgencies)]
    by_class = [(rule.rank(c, u), rule.rank(d, u)) for (c, d), u in product(pairwise(classes), urgencies)]
    return all(later >= sooner for later, sooner in by_urgency + by_class)


def test_a_higher_class_or_more_urgency_never_lowers_the_priority(ground: Ground) -> None:
    """INT-5, and a policy whose importance is upside down must be seen."""
    assert _is_monotone(ground.policy.priority)
    assert not _is_monotone(Priority(importance={"A": 1, "B": 2, "C": 3}, thresholds=(6, 3, 2)))


def test_a_repair_resolves_the_request(registered: ServiceRequest, say: Say, ground: Ground) -> None:
    """DSP-10."""
    repair = say["repaired"](1)
    request, events = resolve_request(registered, repair, ground)
    assert (request.state, request.visit) == ("resolved", 1)
    assert request.resolution is not None
    assert (request.resolution.cause, request.resolution.at) == ("worn", repair.at)
    assert events == (RequestResolved(request=request.id, branch="BJ01", visit=1, resolved_at=repair.at),)


def test_a_dissatisfied_customer_gets_another_visit(resolved: ServiceRequest, say: Say, ground: Ground) -> None:
    """FBK-2."""
    raised = say["dissatisfied"](1)
    request, events = reopen_request(resolved, raised, ground)
    assert (request.state, request.visit, request.resolution) == ("reopened", 2, None)
    assert events == (
        RequestReopened(request=request.id, branch="BJ01", visit=2, reason="dissatisfied", reopened_at=raised.at),
    )


def test_a_satisfied_customer_closes_the_request(resolved: ServiceRequest, say: Say) -> None:
    survey = say["answered"](1)
    request, events = close_request(resolved, survey)
    assert request.state == "closed"
    assert events == (RequestClosed(request=request.id, branch="BJ01", closed_at=survey.at),)


def test_a_survey_below_the_mark_closes_nothing(registered: ServiceRequest, resolved: ServiceRequest, say: Say) -> None:
    for request in (registered, resolved):
        assert close_request(request, say["answered"](1, satisfied=False)) == (request, ())


def test_the_history_says_who_when_and_why(reopened: ServiceRequest, say: Say, ground: Ground) -> None:
    """ALL-5."""
    steps = resolve_request(reopened, say["repaired"](2), ground)[0].history
    assert [(s.state, s.by, s.why) for s in steps] == [
        ("registered", "desk-7", ""),
        ("resolved", "T-9", "worn"),
        ("reopened", "feedback", "dissatisfied"),
        ("resolved", "T-9", "worn"),
    ]
    assert all(a.at < b.at for a, b in pairwise(steps))


@pytest.mark.parametrize("state", ["registered", "reopened"])
def test_a_request_under_way_can_be_cancelled(state: str, request: pytest.FixtureRequest) -> None:
    before: ServiceRequest = request.getfixturevalue(state)
    later = before.history[-1].at + timedelta(hours=1)
    after, events = cancel_request(before, CancelRequest(reason="不修了"), "desk-7", later)
    assert (after.state, after.history[-1].why, after.history[-1].by) == ("cancelled", "不修了", "desk-7")
    assert events[0] == RequestCancelled(request=after.id, branch="BJ01", reason="不修了", cancelled_at=later)


@pytest.mark.parametrize("state", ["resolved", "closed", "cancelled"])
def test_a_request_that_has_ended_cannot_be_cancelled(
    state: str, request: pytest.FixtureRequest, now: datetime
) -> None:
    before: ServiceRequest = request.getfixturevalue(state)
    with pytest.raises(DomainError) as refused:
        cancel_request(before, CancelRequest(reason="不修了"), "desk-7", now)
    assert refused.value.code == f"request.already_{state}"
    assert refused.value.status == 409


@pytest.mark.parametrize(
    ("state", "event"),
    [
        ("registered", ("repaired", 2)),
        ("registered", ("dissatisfied", 1)),
        ("registered", ("answered", 1)),
        ("resolved", ("repaired", 2)),
        ("resolved", ("dissatisfied", 2)),
        ("reopened", ("repaired", 3)),
        ("reopened", ("dissatisfied", 2)),
        ("reopened", ("answered", 2)),
    ],
)
def test_a_fact_waits_for_the_one_it_builds_on(
    state: str, event: tuple[str, int], request: pytest.FixtureRequest, say: Say
) -> None:
    rules: dict[str, Any] = _rules(request)
    word, visit = event
    with pytest.raises(NotYet):
        rules[word](request.getfixturevalue(state), say[word](visit))


@pytest.mark.parametrize(
    ("state", "event"),
    [
        ("resolved", ("repaired", 1)),
        ("reopened", ("repaired", 1)),
        ("reopened", ("dissatisfied", 1)),
        ("reopened", ("answered", 1)),
        ("closed", ("repaired", 1)),
        ("closed", ("answered", 1)),
        ("closed", ("dissatisfied", 1)),
        ("cancelled", ("repaired", 1)),
        ("cancelled", ("repaired", 2)),
        ("cancelled", ("answered", 1)),
        ("cancelled", ("dissatisfied", 1)),
    ],
)
def test_old_news_and_news_after_the_end_change_nothing(
    state: str, event: tuple[str, int], request: pytest.FixtureRequest, say: Say
) -> None:
    rules: dict[str, Any] = _rules(request)
    word, visit = event
    before = request.getfixturevalue(state)
    assert rules[word](before, say[word](visit)) == (before, ())
