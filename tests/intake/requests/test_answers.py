"""The clocks of the front desk: replies, questions to be checked, appointments, parts, reviews (INT-2, INT-8)."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from intake.promises import answer_in, clock, due, told

from aftersales.common.events.intake import IntakeSlaBreached, RequestAnswered, RequestClosed
from aftersales.intake.requests.domain.answers import (
    Reprioritise,
    Review,
    record_reply,
    record_review,
    reprioritise_request,
)
from aftersales.intake.requests.domain.progress import record_acceptance, record_appointment
from aftersales.intake.requests.domain.registration import Archive, Taken, register_request
from aftersales.intake.requests.domain.request import Ground
from aftersales.policy.presets import load_presets
from aftersales.values.errors import DomainError

Say = dict[str, Callable[..., Any]]
POLICIES = {policy.name: policy for policy in load_presets()}
HOUR = timedelta(hours=1)
NOW = datetime(2026, 11, 22, 4, 0, tzinfo=UTC)
"""Sunday noon in Beijing; the branch never closes."""


@pytest.mark.parametrize(
    ("policy", "danger", "within"),
    [
        ("e-commerce", False, timedelta(minutes=5)),
        ("enterprise", False, 24 * HOUR),
        ("enterprise-12h", False, 12 * HOUR),
        ("enterprise", True, timedelta(minutes=5)),
        ("enterprise-12h", True, timedelta(minutes=5)),
    ],
)
def test_int_8_the_first_reply_is_due_as_the_policy_says_and_at_once_in_an_emergency(
    take: Any, policy: str, danger: bool, within: timedelta
) -> None:
    assert due(take(policy, danger=danger), "first_reply-1") == within


def test_int_8_a_reply_stops_the_first_reply_and_says_so(take: Any, under: Any) -> None:
    request, (events,) = record_reply(
        take("e-commerce"), told(), "desk-7", NOW + timedelta(minutes=1), under("e-commerce")
    )

    assert clock(request, "first_reply-1").outcome == "met"
    assert isinstance(events, RequestAnswered)
    assert (events.referred, events.answer_by) == (False, None)
    assert (request.answers[0].text, request.answers[0].by) == ("好", "desk-7")


def test_int_8_a_reply_that_is_late_breaches_and_says_so(take: Any, under: Any) -> None:
    request, events = record_reply(
        take("e-commerce"), told(), "desk-7", NOW + timedelta(minutes=6), under("e-commerce")
    )

    assert clock(request, "first_reply-1").outcome == "breached"
    assert [event.mark for event in events if isinstance(event, IntakeSlaBreached)] == ["breach"]


def test_int_8_a_question_that_must_be_checked_gets_24_hours_and_the_time_is_announced(take: Any, under: Any) -> None:
    shop, at = under("e-commerce"), NOW + timedelta(minutes=4)
    request, events = record_reply(take("e-commerce"), told(refer=True, refer_to="warehouse"), "desk-7", at, shop)

    assert (clock(request, "first_reply-1").outcome, clock(request, "answer-1").outcome) == ("met", "open")
    assert due(request, "answer-1") == 24 * HOUR + timedelta(minutes=4)
    assert request.answers[0].answer_by == clock(request, "answer-1").deadline
    assert (request.answers[0].referred_to, answer_in(events).answer_by) == ("warehouse", request.answers[0].answer_by)

    answered, _ = record_reply(request, told("可以"), "desk-7", at + 23 * HOUR, shop)
    assert clock(answered, "answer-1").outcome == "met"


def test_int_8_a_policy_that_announces_no_time_promises_none(take: Any, under: Any) -> None:
    shop = under("e-commerce")
    quiet = shop.policy.stages["answer"].model_copy(update={"announced": False})
    policy = shop.policy.model_copy(update={"name": "quiet", "stages": {**shop.policy.stages, "answer": quiet}})
    request, _ = record_reply(take("e-commerce"), told(refer=True), "desk-7", NOW + HOUR, replace(shop, policy=policy))
    assert request.answers[0].answer_by is None


def test_int_8_to_be_put_off_again_is_no_answer_and_the_announced_time_stands(take: Any, under: Any) -> None:
    shop = under("e-commerce")
    request, _ = record_reply(take("e-commerce"), told(refer=True), "desk-7", NOW, shop)
    again, events = record_reply(request, told("还在查", refer=True), "desk-7", NOW + 20 * HOUR, shop)

    assert clock(again, "answer-1") == clock(request, "answer-1")
    assert answer_in(events).answer_by == NOW + 24 * HOUR


def test_int_8_another_question_after_the_answer_has_24_hours_of_its_own(take: Any, under: Any) -> None:
    shop, request = under("e-commerce"), take("e-commerce")
    for hours, refer in ((0, True), (1, False), (2, True)):
        request, _ = record_reply(request, told(refer=refer), "desk-7", NOW + hours * HOUR, shop)

    first, second = [one for one in request.clocks if one.stage == "answer"]
    assert (first.outcome, second.outcome) == ("met", "open")
    assert request.answers[-1].answer_by == second.deadline == NOW + 26 * HOUR


def test_a_reply_cannot_both_refer_and_settle() -> None:
    with pytest.raises(ValueError, match=r"request\.referred_and_final"):
        told(refer=True, final=True)


def test_int_8_a_final_reply_closes_a_consultation_and_ends_its_clocks(take: Any, under: Any) -> None:
    shop, at = under("e-commerce"), NOW + timedelta(minutes=1)
    request, events = record_reply(take("e-commerce", kind="consultation"), told(final=True), "desk-7", at, shop)

    assert request.state == "closed"
    assert [type(event) for event in events] == [RequestAnswered, RequestClosed]
    assert {one.stage: one.outcome for one in request.clocks} == {"first_reply": "met", "review": "waived"}
    assert request.wake_at is None


def test_a_final_reply_is_refused_where_somebody_must_be_sent(take: Any, company: Ground) -> None:
    with pytest.raises(DomainError) as refused:
        record_reply(take("enterprise"), told(final=True), "desk-7", NOW, company)
    assert refused.value.code == "request.needs_a_visit"


@pytest.mark.parametrize("state", ["resolved", "closed", "cancelled"])
def test_nobody_answers_or_reprioritises_what_has_ended(take: Any, company: Ground, state: Any) -> None:
    ended = take("enterprise").but(state=state)
    for command in (
        lambda: record_reply(ended, told(), "desk-7", NOW, company),
        lambda: reprioritise_request(ended, Reprioritise(urgency=3, why="急"), "desk-7", NOW, company),
    ):
        with pytest.raises(DomainError, match=f"request.already_{state}"):
            command()


def test_int_8_an_engineer_confirms_within_two_hours_by_accepting_and_not_by_being_proposed(
    take: Any, company: Ground, say: Say
) -> None:
    request = take("enterprise")
    proposed, _ = record_appointment(request, say["assigned"](1, at=NOW + HOUR / 2), company)
    agreed, events = record_acceptance(proposed, say["accepted"](1, at=NOW + HOUR), company)

    assert due(request, "confirm-1") == 2 * HOUR
    assert clock(proposed, "confirm-1").outcome == "open"
    assert clock(agreed, "confirm-1").outcome == "met"
    assert clock(agreed, "confirm-1").ended_at == NOW + HOUR
    assert events == ()


def test_int_8_the_two_hours_of_the_confirmation_run_at_night_too(form: Any, archive: Archive, company: Ground) -> None:
    """F10, S3: a fault at 23:30 was due at 09:30, by the phone duty of another source."""
    night = datetime(2026, 11, 23, 15, 30, tzinfo=UTC)
    request, _ = register_request("SR-261123-7K3F", form(), archive, Taken("desk-7", night), company)
    assert clock(request, "confirm-1").deadline == night + 2 * HOUR


@pytest.mark.parametrize("name", ["enterprise", "enterprise-12h"])
def test_int_8_an_emergency_is_confirmed_and_repaired_sooner(take: Any, name: str) -> None:
    request = take(name, danger=True)
    assert (due(request, "confirm-1"), due(request, "resolve-1")) == (HOUR / 4, 4 * HOUR)


@pytest.mark.parametrize("name", [policy.name for policy in load_presets()])
def test_int_5_an_emergency_is_answered_at_once_by_every_preset(take: Any, under: Any, name: str) -> None:
    request, ground = take(name, danger=True), under(name)
    assert due(request, "first_reply-1") == timedelta(minutes=5)
    answered, _ = record_reply(request, told(), "desk-7", NOW + timedelta(minutes=4), ground)
    assert clock(answered, "first_reply-1").outcome == "met"


def test_int_5_a_danger_that_is_learnt_later_is_answered_at_once_from_then(take: Any, under: Any) -> None:
    ground, request = under("appliance"), take("appliance")
    assert "first_reply" not in {one.stage for one in request.clocks}
    danger = Reprioritise(urgency=3, danger=True, why="冒烟")
    raised, _ = reprioritise_request(request, danger, "desk-7", NOW + HOUR, ground)
    assert clock(raised, "first_reply-1").deadline == NOW + HOUR + timedelta(minutes=5)
    denied, _ = reprioritise_request(raised, Reprioritise(urgency=2, why="误报"), "desk-7", NOW + HOUR, ground)
    assert clock(denied, "first_reply-1").outcome == "waived"
    answered, _ = record_reply(request, told(), "desk-7", NOW, ground)
    after, _ = reprioritise_request(answered, danger, "desk-7", NOW + HOUR, ground)
    assert "first_reply" not in {one.stage for one in after.clocks}, "the customer was answered before"


def test_int_2_the_form_is_reviewed_on_the_same_day_at_the_branch(take: Any, company: Ground) -> None:
    request = take("enterprise")
    reviewed, _ = record_review(request, Review(remark="齐全"), "chief", NOW + 11 * HOUR, company)

    assert due(request, "review-1") == 11 * HOUR + timedelta(minutes=59)
    assert clock(reviewed, "review-1").outcome == "met"
    assert (reviewed.reviewed_by, reviewed.review_remark) == ("chief", "齐全")
    with pytest.raises(DomainError, match=r"request\.already_reviewed"):
        record_review(reviewed, Review(), "chief", NOW, company)


def test_int_2_the_day_ends_on_the_branchs_wall(form: Any, archive: Archive, company: Ground) -> None:
    """Half past eleven at night in Beijing: 29 minutes are left of the day; in Urumqi's own time two hours more."""
    at = datetime(2026, 11, 22, 15, 30, tzinfo=UTC)
    for zone, left in (("Asia/Shanghai", 29), ("Asia/Urumqi", 149)):
        ground = replace(company, branch=company.branch.but(zone=zone))
        request, _ = register_request("SR-261122-7K3F", form(), archive, Taken("desk-7", at), ground)
        assert clock(request, "review-1").deadline == at + timedelta(minutes=left)
