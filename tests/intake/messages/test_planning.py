"""What customers are told, when, and on one channel after another until they are reached (INT-1, INT-10)."""

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, get_args

import pytest

from aftersales.intake.archive.domain.consent import Consent
from aftersales.intake.archive.domain.customer import Customer
from aftersales.intake.messages.domain.message import (
    GATEWAY_TRIES,
    Attempt,
    CustomerMessage,
    Failure,
    Reach,
    Report,
    channels_of,
    plan_message,
    record_arrival,
    record_failure,
    record_handover,
    record_told,
)
from aftersales.intake.messages.domain.template import TemplateCode
from aftersales.intake.messages.store import packaged_templates
from aftersales.intake.vocabulary import Channel
from aftersales.values.errors import DomainError

NOW = datetime(2026, 11, 22, 5, 0, tzinfo=UTC)
WANG = Customer(
    id="c-1", branch="BJ01", name="王芳", phone="+8613800138000", address="朝阳区建国路 1 号", email="w@x.cn"
)
TEMPLATE = packaged_templates()["told_of_escalation"]
COURTESY = packaged_templates()["request_registered"]


def _message(**changes: Any) -> CustomerMessage:
    params = {"request": "SR-261122-7K3F", "level": "supervisor"}
    said = {"request": "SR-261122-7K3F", "customer": "c-1", "template": "told_of_escalation", "params": params}
    plan = {"channels": (), "channel": None, "state": "waiting", "created_at": NOW, "wake_at": NOW}
    return CustomerMessage.model_validate({"id": "m-1", "branch": "BJ01", **said, **plan, **changes})


def _refusing(*purposes: str) -> Customer:
    refusals = [
        Consent(purpose=purpose, given=given, at=NOW, how="call", evidence="", by="desk-7")
        for purpose in purposes
        for given in (True, False)
    ]
    return WANG.but(consents=tuple(refusals))


def _next(message: CustomerMessage, reach: Reach, now: datetime = NOW) -> CustomerMessage:
    return plan_message(message, TEMPLATE, reach, now)


def test_int_1_a_customer_not_reached_on_one_channel_is_tried_on_another_until_none_is_left() -> None:
    reach = Reach(WANG, own="email")
    message, tried = _next(_message(), reach), []
    while message.channel:
        tried.append(message.channel)
        with pytest.raises(DomainError, match=r"message\.other_channel"):
            record_failure(message, Failure(channel="walk_in", why="?"), "desk-7", NOW)
        failed = record_failure(message, Failure(channel=message.channel, why="no answer"), "desk-7", NOW)
        message = _next(failed, reach)
    assert tried == ["email", "phone", "message", "letter"]
    assert (message.state, len(message.attempts)) == ("unreachable", 4)


def test_int_10_a_customer_who_was_told_is_not_told_again() -> None:
    planned = _next(_message(), Reach(WANG))
    told = record_told(planned, Report(channel="phone"), "desk-7", NOW)
    assert (told.state, told.channel, [attempt.reached for attempt in told.attempts]) == ("sent", "phone", [True])
    with pytest.raises(DomainError, match=r"message\.done"):
        record_told(told, Report(channel="phone"), "desk-7", NOW)
    delivered = record_arrival(told, Report(channel="phone"), NOW)
    assert record_arrival(delivered, Report(channel="phone"), NOW) == delivered


@pytest.mark.parametrize(
    ("before", "first"),
    [
        ((), "phone"),
        ((("phone", False),), "message"),
        ((("phone", False), ("phone", True)), "phone"),
        ((("phone", True), ("phone", False)), "message"),
    ],
)
def test_int_1_a_channel_that_failed_before_comes_last_until_it_works_again(
    before: tuple[tuple[str, bool], ...], first: str
) -> None:
    made = [
        Attempt.model_validate({"channel": channel, "reached": reached, "by": "x", "at": NOW + timedelta(minutes=n)})
        for n, (channel, reached) in enumerate(before)
    ]
    reach = Reach(WANG, own="phone", order=("phone", "message"), before=(_message(attempts=tuple(made)),))
    assert channels_of(reach)[0] == first


def test_int_1_gateways_come_first_then_the_preferred_channel_then_the_order_of_the_policy() -> None:
    by_post = ("letter", "email", "phone", "message")
    assert channels_of(Reach(WANG, own="walk_in", order=by_post)) == by_post
    assert channels_of(Reach(WANG, own="phone", order=by_post))[0] == "phone", "the one that they came by"
    preferring = WANG.but(preferred_channel="message")
    assert channels_of(Reach(preferring, own="phone", order=by_post))[0] == "message"
    assert channels_of(Reach(WANG, gateways=frozenset({"message"}), own="phone", order=by_post))[0] == "message"
    silent = WANG.but(phone="", email=None)
    assert channels_of(Reach(silent, own="walk_in")) == ("letter",)


def test_int_1_a_gateway_is_tried_again_after_longer_and_longer_pauses_and_then_the_next_channel() -> None:
    reach, now, pauses = Reach(WANG, gateways=frozenset({"email"})), NOW, []
    message = _next(_message(), reach)
    for _ in range(GATEWAY_TRIES):
        assert (message.state, message.channel) == ("sending", "email")
        message = record_handover(message, "TimeoutError", now, again=True)
        assert message.wake_at
        pauses.append((message.wake_at - now).total_seconds())
        now = message.wake_at
        message = _next(message, reach, now)
    assert pauses == [60, 120, 240]
    assert (message.state, message.channel) == ("to_send", "phone"), "somebody calls, so that nobody is forgotten"
    refused = record_handover(_next(_message(), reach), "smtp 550", NOW)
    assert _next(refused, reach).channel == "phone", "an address that does not exist is not tried again"


def test_int_1_quiet_hours_of_customer_and_policy_postpone_a_message_unless_it_is_about_the_next_minutes() -> None:
    at_night = datetime(2026, 11, 22, 15, 30, tzinfo=UTC)  # 23:30 in Beijing
    reach = Reach(WANG, quiet="22:00-07:00", zone="Asia/Shanghai")
    waiting = _next(_message(), reach, at_night)
    assert (waiting.state, waiting.channel) == ("waiting", None)
    assert waiting.wake_at == datetime(2026, 11, 22, 23, 0, tzinfo=UTC)
    urgent = TEMPLATE.model_copy(update={"any_hour": True})
    assert plan_message(_message(), urgent, reach, at_night).state == "to_send"
    assert _next(_message(), reach, NOW).state == "to_send"


def test_all_6_a_refused_channel_is_not_used_and_a_refused_courtesy_is_not_sent() -> None:
    gateways: frozenset[Channel] = frozenset(("email", "message"))
    assert _next(_message(), Reach(_refusing("notices-by-email"), gateways)).channel == "message"
    assert plan_message(_message(), COURTESY, Reach(WANG, gateways), NOW).state == "sending"
    assert plan_message(_message(), COURTESY, Reach(_refusing("notices"), gateways), NOW).state == "suppressed"
    assert _next(_message(), Reach(_refusing("notices"), gateways)).state == "sending", "it is part of the service"
    assert plan_message(_message(), COURTESY, Reach(WANG), NOW).state == "suppressed", "no desk has to tell it"


def test_an_expired_message_is_not_sent() -> None:
    late = _message(expires_at=NOW)
    assert _next(late, Reach(WANG)).state == "expired"
    planned = _next(_message(expires_at=NOW + timedelta(hours=1)), Reach(WANG))
    assert (planned.state, planned.wake_at) == ("to_send", NOW + timedelta(hours=1))
    assert _next(planned, Reach(WANG), NOW + timedelta(hours=1)).state == "expired"


def test_every_template_has_its_words_in_three_languages_with_the_same_parameters() -> None:
    templates = packaged_templates()
    assert set(templates) == set(get_args(TemplateCode))
    for code, template in templates.items():
        for language in ("en", "zh-Hans", "zh-Hant"):
            used = set(re.findall(r"\{(\w+)\}", template.text(language)))
            assert used - {"customer"} <= set(template.params), (code, language)
            assert used == set(re.findall(r"\{(\w+)\}", template.en)), (code, language)


def test_the_page_of_messages_has_every_template_with_its_words() -> None:
    page = (Path(__file__).parents[3] / "docs/notices.md").read_text("utf-8")
    for code, one in packaged_templates().items():
        desk = "yes" if one.desk else "no"
        assert f"| `{code}` | {one.asked_by} | {one.purpose} | {desk} | {one.en} |" in page
