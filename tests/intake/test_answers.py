"""The clocks of the front desk: replies, questions to be checked, appointments, parts, reviews (INT-2, INT-8)."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from itertools import permutations
from typing import Any

import pytest

from aftersales.common.errors import DomainError, NotYet
from aftersales.common.events import Event
from aftersales.common.events.dispatch import RepairCompleted, TechnicianAssigned
from aftersales.common.events.feedback import DissatisfactionRaised, SurveyAnswered
from aftersales.common.events.intake import RequestAnswered, RequestClosed, SlaBreached
from aftersales.common.events.inventory import PartReserved, PartShort
from aftersales.common.policy.presets import presets
from aftersales.common.sla import SlaClock
from aftersales.intake.domain.answers import Reply, Reprioritise, Review, reply, reprioritise, review
from aftersales.intake.domain.form import CancelRequest
from aftersales.intake.domain.progress import agree, cancel, close, hear_of_parts, reopen, resolve
from aftersales.intake.domain.registration import Archive, Taken, register
from aftersales.intake.domain.request import Ground, ServiceRequest
from aftersales.intake.domain.request import tick as tick_request

Say = dict[str, Callable[..., Any]]
POLICIES = {policy.name: policy for policy in presets()}
HOUR = timedelta(hours=1)
NOW = datetime(2026, 11, 22, 4, 0, tzinfo=UTC)
"""Sunday noon in Beijing; the branch never closes."""


@pytest.fixture
def under(ground: Ground) -> Callable[[str], Ground]:
    return lambda name: ground._replace(policy=POLICIES[name])


@pytest.fixture
def take(form: Callable[..., Any], archive: Archive, under: Callable[[str], Ground]) -> Callable[..., ServiceRequest]:
    """Register a request under a policy."""

    def taken(policy: str, **changes: Any) -> ServiceRequest:
        ground = under(policy)
        return register("SR-261122-7K3F", form(**changes), archive, Taken("desk-7", NOW), ground)[0]

    return taken


@pytest.fixture
def company(under: Callable[[str], Ground]) -> Ground:
    return under("enterprise")


def clock(request: ServiceRequest, key: str) -> SlaClock:
    (found,) = [one for one in request.clocks if one.key == key]
    return found


def due(request: ServiceRequest, key: str) -> timedelta:
    """How long after the contact."""
    deadline = clock(request, key).deadline
    assert deadline
    return deadline - NOW


def told(text: str = "好", **more: Any) -> Reply:
    return Reply(channel="phone", text=text, **more)


def _answered(news: Sequence[Event]) -> RequestAnswered:
    (found,) = [event for event in news if isinstance(event, RequestAnswered)]
    return found


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
    request, (news,) = reply(take("e-commerce"), told(), "desk-7", NOW + timedelta(minutes=1), under("e-commerce"))

    assert clock(request, "first_reply-1").outcome == "met"
    assert isinstance(news, RequestAnswered)
    assert (news.referred, news.answer_by) == (False, None)
    assert (request.answers[0].text, request.answers[0].by) == ("好", "desk-7")


def test_int_8_a_reply_that_is_late_breaches_and_says_so(take: Any, under: Any) -> None:
    request, news = reply(take("e-commerce"), told(), "desk-7", NOW + timedelta(minutes=6), under("e-commerce"))

    assert clock(request, "first_reply-1").outcome == "breached"
    assert [event.mark for event in news if isinstance(event, SlaBreached)] == ["breach"]


def test_int_8_a_question_that_must_be_checked_gets_24_hours_and_the_time_is_announced(take: Any, under: Any) -> None:
    shop, at = under("e-commerce"), NOW + timedelta(minutes=4)
    request, news = reply(take("e-commerce"), told(refer=True, refer_to="warehouse"), "desk-7", at, shop)

    assert (clock(request, "first_reply-1").outcome, clock(request, "answer-1").outcome) == ("met", "open")
    assert due(request, "answer-1") == 24 * HOUR + timedelta(minutes=4)
    assert request.answers[0].answer_by == clock(request, "answer-1").deadline
    assert (request.answers[0].referred_to, _answered(news).answer_by) == ("warehouse", request.answers[0].answer_by)

    answered, _ = reply(request, told("可以"), "desk-7", at + 23 * HOUR, shop)
    assert clock(answered, "answer-1").outcome == "met"


def test_int_8_to_be_put_off_again_is_no_answer_and_the_announced_time_stands(take: Any, under: Any) -> None:
    shop = under("e-commerce")
    request, _ = reply(take("e-commerce"), told(refer=True), "desk-7", NOW, shop)
    again, news = reply(request, told("还在查", refer=True), "desk-7", NOW + 20 * HOUR, shop)

    assert clock(again, "answer-1") == clock(request, "answer-1")
    assert _answered(news).answer_by == NOW + 24 * HOUR


def test_int_8_another_question_after_the_answer_has_24_hours_of_its_own(take: Any, under: Any) -> None:
    shop, request = under("e-commerce"), take("e-commerce")
    for hours, refer in ((0, True), (1, False), (2, True)):
        request, _ = reply(request, told(refer=refer), "desk-7", NOW + hours * HOUR, shop)

    first, second = [one for one in request.clocks if one.stage == "answer"]
    assert (first.outcome, second.outcome) == ("met", "open")
    assert request.answers[-1].answer_by == second.deadline == NOW + 26 * HOUR


def test_a_reply_cannot_both_refer_and_settle() -> None:
    with pytest.raises(ValueError, match=r"request\.referred_and_final"):
        told(refer=True, final=True)


def test_int_8_a_final_reply_closes_a_consultation_and_ends_its_clocks(take: Any, under: Any) -> None:
    shop, at = under("e-commerce"), NOW + timedelta(minutes=1)
    request, news = reply(take("e-commerce", kind="consultation"), told(final=True), "desk-7", at, shop)

    assert request.state == "closed"
    assert [type(event) for event in news] == [RequestAnswered, RequestClosed]
    assert {one.stage: one.outcome for one in request.clocks} == {"first_reply": "met", "review": "waived"}
    assert request.wake_at is None


def test_a_final_reply_is_refused_where_somebody_must_be_sent(take: Any, company: Ground) -> None:
    with pytest.raises(DomainError) as refused:
        reply(take("enterprise"), told(final=True), "desk-7", NOW, company)
    assert refused.value.code == "request.needs_a_visit"


@pytest.mark.parametrize("state", ["resolved", "closed", "cancelled"])
def test_nobody_answers_or_reprioritises_what_has_ended(take: Any, company: Ground, state: Any) -> None:
    ended = take("enterprise").but(state=state)
    for command in (
        lambda: reply(ended, told(), "desk-7", NOW, company),
        lambda: reprioritise(ended, Reprioritise(urgency=3, why="急"), "desk-7", NOW, company),
    ):
        with pytest.raises(DomainError, match=f"request.already_{state}"):
            command()


def test_int_8_an_engineer_confirms_within_two_hours_when_somebody_is_sent(
    take: Any, company: Ground, say: Say
) -> None:
    request = take("enterprise")
    agreed, news = agree(request, say["assigned"](1, at=NOW + HOUR), company)

    assert due(request, "confirm-1") == 2 * HOUR
    assert clock(agreed, "confirm-1").outcome == "met"
    assert clock(agreed, "confirm-1").ended_at == NOW + HOUR
    assert news == ()


def test_int_2_the_form_is_reviewed_on_the_same_day_at_the_branch(take: Any, company: Ground) -> None:
    request = take("enterprise")
    reviewed, _ = review(request, Review(remark="齐全"), "chief", NOW + 11 * HOUR, company)

    assert due(request, "review-1") == 11 * HOUR + timedelta(minutes=59)
    assert clock(reviewed, "review-1").outcome == "met"
    assert (reviewed.reviewed_by, reviewed.review_remark) == ("chief", "齐全")
    with pytest.raises(DomainError, match=r"request\.already_reviewed"):
        review(reviewed, Review(), "chief", NOW, company)


def test_int_2_the_day_ends_on_the_branchs_wall(form: Any, archive: Archive, company: Ground) -> None:
    """Half past eleven at night in Beijing: 29 minutes are left of the day; in Urumqi's own time two hours more."""
    at = datetime(2026, 11, 22, 15, 30, tzinfo=UTC)
    for zone, left in (("Asia/Shanghai", 29), ("Asia/Urumqi", 149)):
        ground = company._replace(branch=company.branch.but(zone=zone))
        request, _ = register("SR-261122-7K3F", form(), archive, Taken("desk-7", at), ground)
        assert clock(request, "review-1").deadline == at + timedelta(minutes=left)


def test_inv_13_a_missing_part_pauses_what_allows_it_until_it_is_reserved(take: Any, company: Ground, say: Say) -> None:
    short, _ = hear_of_parts(take("enterprise"), say["short"](1, 1, at=NOW + HOUR))
    back, _ = hear_of_parts(short, say["reserved"](1, 2, at=NOW + 31 * HOUR))

    assert (clock(short, "resolve-1").paused, clock(short, "resolve-1").deadline) == (True, None)
    assert clock(short, "resolve-1").pauses[0].owner == "inventory"
    assert not clock(short, "first_reply-1").paused
    assert due(back, "resolve-1") == 54 * HOUR


def test_inv_13_of_news_that_crossed_the_newer_version_counts(take: Any, say: Say) -> None:
    """The shortage of version 1 is heard after version 2 had reserved: nobody waits for ever."""
    heard, _ = hear_of_parts(take("enterprise"), say["reserved"](1, 2, at=NOW + 2 * HOUR))
    late, _ = hear_of_parts(heard, say["short"](1, 1, at=NOW + HOUR))

    assert late == heard
    assert not clock(late, "resolve-1").paused


def test_int_5_another_priority_moves_the_deadline_and_a_pause_stays_a_pause(
    take: Any, company: Ground, say: Say
) -> None:
    ranked = POLICIES["enterprise"]
    stage = ranked.stages["resolve"].model_copy(update={"by_priority": {"1": 4 * HOUR}})
    ground = company._replace(policy=ranked.model_copy(update={"stages": ranked.stages | {"resolve": stage}}))
    paused, _ = hear_of_parts(take("enterprise", urgency=1), say["short"](1, 1, at=NOW + HOUR))
    pressing = Reprioritise(urgency=3, danger=True, why="漏电")
    raised, _ = reprioritise(paused, pressing, "desk-7", NOW + 10 * HOUR, ground)
    back, _ = hear_of_parts(raised, say["reserved"](1, 2, at=NOW + 20 * HOUR))

    assert (raised.priority, raised.danger, raised.cases) == (1, True, ("emergency",))
    assert clock(raised, "resolve-1").paused
    assert [(one.why, one.by, one.target) for one in clock(raised, "resolve-1").retargets] == [
        ("漏电", "desk-7", 24 * HOUR)
    ]
    assert due(back, "resolve-1") == 23 * HOUR, "an hour was used before the pause, three are left after it"


def test_int_8_what_becomes_an_emergency_is_answered_at_once(take: Any, company: Ground) -> None:
    raised, news = reprioritise(
        take("enterprise"), Reprioritise(urgency=3, danger=True, why="冒烟"), "desk-7", NOW + HOUR / 2, company
    )
    late, marks = tick_request(raised, NOW + HOUR / 2)

    assert due(raised, "first_reply-1") == timedelta(minutes=5)
    assert due(raised, "review-1") == due(take("enterprise"), "review-1")
    assert news == ()
    assert clock(late, "first_reply-1").outcome == "breached"
    assert {event.mark for event in marks if isinstance(event, SlaBreached)} == {"breach"}


def test_fbk_2_a_reopened_request_is_resolved_and_confirmed_again_in_time(take: Any, company: Ground, say: Say) -> None:
    repaired, _ = resolve(take("enterprise"), say["repaired"](1, at=NOW + 5 * HOUR), company)
    reopened, _ = reopen(repaired, say["dissatisfied"](1), company)
    begun = reopened.history[-1].at

    assert clock(repaired, "resolve-1").outcome == "met"
    for key, hours in (("resolve-2", 24), ("confirm-2", 2)):
        assert clock(reopened, key).deadline == begun + hours * HOUR
    assert {one.key for one in reopened.clocks} == {
        *("review-1", "first_reply-1", "confirm-1", "resolve-1", "confirm-2", "resolve-2"),
    }
    late, _ = agree(reopened, say["assigned"](1, at=NOW + HOUR), company)
    assert clock(late, "confirm-1").ended_at == NOW + HOUR
    assert clock(late, "confirm-2").ended_at is None


def test_a_customer_who_was_visited_waits_for_no_reply(take: Any, company: Ground, say: Say) -> None:
    """INT-8: the reply is not missed because nobody wrote down what was said on site."""
    repaired, _ = resolve(take("enterprise"), say["repaired"](1, at=NOW + 5 * HOUR), company)

    assert clock(repaired, "first_reply-1").outcome == "waived"
    assert clock(repaired, "first_reply-1").waived_for == "request_resolved"
    assert clock(repaired, "review-1").outcome == "open"


def test_all_5_a_cancelled_request_waives_its_clocks_and_says_who_and_why(take: Any) -> None:
    request, _ = cancel(take("enterprise"), CancelRequest(reason="已自行修好"), "desk-7", NOW + HOUR)

    assert {(one.outcome, one.waived_by, one.waived_for) for one in request.clocks} == {
        ("waived", "desk-7", "已自行修好")
    }
    assert request.wake_at is None


def _rules(ground: Ground) -> dict[type[Event], Callable[[ServiceRequest, Any], tuple[ServiceRequest, Any]]]:
    return {
        TechnicianAssigned: lambda request, event: agree(request, event, ground),
        PartShort: hear_of_parts,
        PartReserved: hear_of_parts,
        RepairCompleted: lambda request, event: resolve(request, event, ground),
        DissatisfactionRaised: lambda request, event: reopen(request, event, ground),
        SurveyAnswered: close,
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
        say["assigned"](1, at=NOW + HOUR),
        say["short"](1, 1, at=NOW + 2 * HOUR),
        say["reserved"](1, 2, at=NOW + 3 * HOUR),
        say["repaired"](1, at=NOW + 4 * HOUR),
        say["dissatisfied"](1, at=NOW + 8 * HOUR),
        say["assigned"](2, at=NOW + 9 * HOUR),
        say["repaired"](2, at=NOW + 12 * HOUR),
    ]
    begun = take("enterprise")
    ends = {_end(_deliver(begun, order, company)) for order in permutations(story)}

    assert ends == {_end(_deliver(begun, story, company))}
    assert {(key, outcome) for key, outcome, _ in next(iter(ends))[2]} >= {("confirm-1", "met"), ("resolve-2", "met")}


def _end(request: ServiceRequest) -> Any:
    clocks = frozenset((one.key, one.outcome, one.ended_at) for one in request.clocks)
    return request.state, request.visit, clocks, any(one.paused for one in request.clocks)
