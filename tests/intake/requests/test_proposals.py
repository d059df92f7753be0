"""A matter goes up the chain with a proposed solution, which is accepted or replaced (INT-18)."""

from datetime import UTC, datetime

import pytest
from intake.staff import ask, register, say, staff
from pydantic import ValidationError

from aftersales.common.events.intake import RequestEscalated
from aftersales.intake.network.domain import Rung
from aftersales.intake.requests.domain.ownership import (
    AnswerEscalation,
    Escalate,
    answer_escalation,
    escalate_request,
)
from aftersales.intake.requests.domain.request import ServiceRequest
from aftersales.testing.system import RunningService
from aftersales.values.errors import DomainError

NOW = datetime(2026, 11, 22, 5, 0, tzinfo=UTC)
ASK = Escalate(reason="?", proposal="换同型号")
CHAIN = (Rung(level="owner", person="desk-7"), Rung(level="supervisor", person="s"))


def test_int_18_a_matter_goes_up_with_a_proposed_solution(registered: ServiceRequest) -> None:
    for proposal in ("", "  "):
        with pytest.raises(DomainError, match=r"request\.proposal_missing"):
            escalate_request(registered, Escalate(reason="能否换机", proposal=proposal), CHAIN, "desk-7", NOW)
    asked, (event,) = escalate_request(registered, ASK, CHAIN, "desk-7", NOW)
    assert (asked.escalations[-1].proposal, asked.derived()["asked"]) == ("换同型号", "s")
    assert "换同型号" not in event.model_dump_json(), "it may name the customer"


def test_int_18_the_person_above_accepts_the_proposal_or_answers_with_another(registered: ServiceRequest) -> None:
    asked, _ = escalate_request(registered, ASK, CHAIN, "desk-7", NOW)
    agreed = answer_escalation(asked, AnswerEscalation(agreed=True), "s", NOW)
    assert (agreed.escalations[-1].agreed, agreed.derived()["asked"]) == (True, None)
    other = answer_escalation(asked, AnswerEscalation(agreed=False, text="先换主板"), "s", NOW)
    assert (other.escalations[-1].agreed, other.escalations[-1].answer) == (False, "先换主板")
    with pytest.raises(ValidationError, match="other_solution_missing"):
        AnswerEscalation(agreed=False)
    with pytest.raises(DomainError, match=r"escalation\.of_somebody_else"):
        answer_escalation(asked, AnswerEscalation(agreed=True), "desk-7", NOW)
    for request in (registered, agreed):
        with pytest.raises(DomainError, match=r"escalation\.none"):
            answer_escalation(request, AnswerEscalation(agreed=True), "s", NOW)


async def test_int_18_a_proposal_is_shown_to_the_person_above_until_it_is_answered(intake: RunningService) -> None:
    await staff(intake)
    number = await register(intake)
    path = f"/requests/{number}/escalate"
    assert await say(intake, "POST", path, reason="能否换机", status=409) == "request.proposal_missing"
    await say(intake, "POST", path, reason="能否换机", proposal="换同型号")
    (shown,) = (await ask(intake, "/requests", asked="sup-1"))["items"]
    assert shown["escalations"][-1]["proposal"] == "换同型号"
    assert (await ask(intake, "/requests", asked="hq-1"))["items"] == []
    await say(intake, "POST", f"/requests/{number}/escalation/answer", by="sup-1", agreed=True)
    assert (await ask(intake, "/requests", asked="sup-1"))["items"] == []


def test_int_10_a_superior_who_escalates_asks_the_next_one_above_not_himself(registered: ServiceRequest) -> None:
    chain = (*CHAIN, Rung(level="headquarters", person="h"))
    asked, (event,) = escalate_request(registered, ASK, chain, "s", NOW)
    assert isinstance(event, RequestEscalated)
    assert (event.level, event.to) == ("headquarters", "h")
    assert answer_escalation(asked, AnswerEscalation(agreed=True), "h", NOW).escalations[-1].agreed


def test_int_18_nobody_answers_his_own_proposal(registered: ServiceRequest) -> None:
    """Such a request may be from before this rule."""
    asked, _ = escalate_request(registered, ASK, CHAIN, "desk-7", NOW)
    own = asked.but(escalations=(asked.escalations[-1].model_copy(update={"by": "s"}),))
    with pytest.raises(DomainError, match=r"escalation\.own_proposal"):
        answer_escalation(own, AnswerEscalation(agreed=True), "s", NOW)
