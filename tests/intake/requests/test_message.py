"""What customers are to be told, one channel after another until they are reached (INT-1, INT-10)."""
# ruff: noqa: RUF001 (Chinese punctuation is meant)

from datetime import UTC, datetime, timedelta

import pytest
from intake.staff import ask, register, say, staff

from aftersales.intake.archive.domain.customer import Customer
from aftersales.intake.network.domain import Rung
from aftersales.intake.requests.domain.message import (
    Attempt,
    CustomerMessage,
    Failure,
    Report,
    Tries,
    channels_of,
    compose_message,
    not_reached,
    record_delivery,
)
from aftersales.intake.requests.domain.ownership import Escalate, escalate_request
from aftersales.intake.requests.domain.registration import Archive
from aftersales.intake.requests.domain.request import ServiceRequest
from aftersales.testing.system import RunningService
from aftersales.values.errors import DomainError

NOW = datetime(2026, 11, 22, 5, 0, tzinfo=UTC)
CHAIN = (Rung(level="owner", person="desk-7"), Rung(level="supervisor", person="s"))

ASK = Escalate(reason="?", proposal="换机")


@pytest.fixture
def message(registered: ServiceRequest, archive: Archive) -> CustomerMessage:
    escalated, _ = escalate_request(registered.but(channel="email"), ASK, CHAIN, "desk-7", NOW)
    return compose_message("m-1", escalated, archive.customer, Tries(), NOW)


def test_the_customer_is_told_who_looks_into_it_on_the_channel_they_came_by(message: CustomerMessage) -> None:
    """INT-10."""
    assert (message.template, message.channel, message.state) == ("told_of_escalation", "email", "to_send")
    assert message.params == {"request": "SR-261122-7K3F", "level": "supervisor"}
    done = record_delivery(message, Report(channel="email"), "desk-7", NOW)
    assert (done.state, done.channel, [attempt.reached for attempt in done.attempts]) == ("sent", "email", [True])
    with pytest.raises(DomainError, match=r"message\.done"):
        not_reached(done, Failure(channel="email", why="bounced"), "desk-7", NOW)


def test_a_customer_not_reached_on_one_channel_is_tried_on_another_until_none_is_left(
    message: CustomerMessage,
) -> None:
    """INT-1."""
    tried = []
    while message.channel:
        tried.append(message.channel)
        stale = Failure(channel="walk_in", why="?")
        with pytest.raises(DomainError, match=r"message\.other_channel"):
            not_reached(message, stale, "gateway", NOW)
        message = not_reached(message, Failure(channel=message.channel, why="no answer"), "gateway", NOW)
    assert tried == ["email", "phone", "message", "letter"]
    assert (message.state, len(message.attempts)) == ("unreachable", 4)


def _tried(message: CustomerMessage, *attempts: tuple[str, bool]) -> CustomerMessage:
    made = [
        Attempt.model_validate({"channel": channel, "reached": reached, "by": "x", "at": NOW + timedelta(minutes=n)})
        for n, (channel, reached) in enumerate(attempts)
    ]
    return message.but(attempts=tuple(made))


def test_a_channel_that_failed_before_comes_last_until_it_works_again(
    message: CustomerMessage, registered: ServiceRequest, archive: Archive
) -> None:
    """INT-1."""
    escalated, _ = escalate_request(registered, ASK, CHAIN, "desk-7", NOW)
    for before, first in (
        (_tried(message), "phone"),
        (_tried(message, ("phone", False)), "message"),
        (_tried(message, ("phone", False), ("phone", True)), "phone"),
        (_tried(message, ("phone", True), ("phone", False)), "message"),
    ):
        again = compose_message("m-2", escalated, archive.customer, Tries((before,)), NOW)
        assert (again.channel, len(again.channels)) == (first, 3)


def test_a_letter_or_a_visit_cannot_be_answered_at_once_but_the_phone_can(
    registered: ServiceRequest, archive: Archive
) -> None:
    walked_in = registered.but(channel="walk_in")
    assert channels_of(walked_in, archive.customer, frozenset()) == ("phone", "message", "letter")
    silent = Customer(id="c-2", branch="BJ01", name="无", phone="", address="某处")
    assert channels_of(walked_in, silent, frozenset()) == ("letter",)


def test_int_1_channels_are_tried_in_the_order_of_the_policy(registered: ServiceRequest, archive: Archive) -> None:
    known = archive.customer.but(email="wang@example.org")
    walked_in = registered.but(channel="walk_in")
    by_post = ("letter", "email", "phone", "message")
    assert channels_of(walked_in, known, frozenset(), by_post) == by_post
    assert channels_of(walked_in, known, frozenset({"letter"}), by_post) == ("email", "phone", "message", "letter")
    assert channels_of(registered, known, frozenset(), by_post)[0] == "phone", "the one that they came by"
    assert channels_of(walked_in, known, frozenset(), ("chat", "message")) == ("message", "phone", "email", "letter")


async def test_int_10_a_sender_reads_name_number_and_words_in_the_customers_language(intake: RunningService) -> None:
    """F18: before, a message was a template's name and an id."""
    await staff(intake)
    for language, words in (
        ("zh-Hans", "王芳，您好！您的服务单 {} 前台未能解决，已上报主管处理，我们会与您联系。"),
        ("zh-Hant", "王芳，您好！您的服務單 {} 前台未能解決，已上報主管處理，我們會與您聯繫。"),
        ("en", "Hello 王芳, your request {} could not be settled at our desk."),
    ):
        number = await register(intake, channel="phone")
        request = await ask(intake, f"/requests/{number}")
        await say(intake, "PATCH", f"/customers/{request['customer']}", language=language)
        await say(intake, "POST", f"/requests/{number}/escalate", reason="不懂", proposal="换", to_role="supervisor")
        newest = (await ask(intake, "/messages/worded"))["items"][0]
        assert (newest["request"], newest["name"], newest["to"]) == (number, "王芳", "+8613800138000")
        assert newest["text"].startswith(words.format(number))


async def test_lists_of_messages_run_on_an_index(intake: RunningService) -> None:
    explain = intake.runtime.mongo.explain
    for where in ({"branch": "BJ01"}, {"state": "to_send"}, {"branch": "BJ01", "state": "to_send"}, {}):
        plan = str(await explain(CustomerMessage, where, sort=("-_id",)))
        assert "IXSCAN" in plan, where
        assert "'SORT'" not in plan, where
    assert "IXSCAN" in str(await explain(CustomerMessage, {"customer": "c-1"}))
