"""Claims for compensation where a guaranteed repair did not hold (INT-9)."""

from collections.abc import Callable
from datetime import date, datetime
from typing import Any

import pytest
from pydantic import ValidationError

from aftersales.common.events.feedback import ClaimDecided
from aftersales.common.events.intake import RepeatRepairFound
from aftersales.feedback.claims.domain import Claim, DecideClaim, decide_claim, open_claim
from aftersales.testing.system import RunningService
from aftersales.values import Money
from aftersales.values.errors import DomainError

NUMBER = "CL-261122-7K3F"
PAID: dict[str, Any] = {"grants": "compensation", "amount": {"amount": 20000, "currency": "CNY"}, "why": "三十天内再坏"}


async def decide(feedback: RunningService, by: str = "centre-1", **body: Any) -> Any:
    return await feedback.http.post(f"/claims/{NUMBER}/decision", json=body, headers={"x-actor": by})


async def test_a_guaranteed_repair_that_did_not_hold_opens_one_claim_int_9(
    feedback: RunningService, say: Callable[..., Any]
) -> None:
    await feedback.deliver(say(RepeatRepairFound), id="1")
    await feedback.deliver(say(RepeatRepairFound), id="2")
    await feedback.quiet()
    (claim,) = (await feedback.http.get("/claims?state=open&branch=BJ01")).json()["items"]
    assert (claim["id"], claim["repeats"], claim["technician"]) == (NUMBER, "SR-261101-0001", "T-9")
    answer = await decide(feedback, **PAID)
    assert answer.status_code == 200
    assert (answer.json()["state"], answer.json()["decision"]["by"]) == ("granted", "centre-1")
    await feedback.deliver(say(RepeatRepairFound), id="3")
    await feedback.quiet()
    assert (await feedback.get(Claim, NUMBER)).state == "granted"
    assert (await feedback.http.get("/claims?state=open")).json()["items"] == []


async def test_a_repair_without_guarantee_opens_none_int_9(feedback: RunningService, say: Callable[..., Any]) -> None:
    await feedback.deliver(say(RepeatRepairFound, claim=False))
    await feedback.quiet()
    assert (await feedback.http.get(f"/claims/{NUMBER}")).json()["code"] == "claims.unknown"
    facts = (await feedback.http.get("/timelines/SR-261122-7K3F")).json()["facts"]
    assert [fact["milestone"] for fact in facts] == ["repeat_found"]


def test_a_decision_is_published_with_what_it_grants_int_9(say: Callable[..., Any], now: datetime) -> None:
    command = DecideClaim.model_validate({"grants": "longer_warranty", "until": "2027-11-30", "why": "换代压缩机"})
    claim, (event,) = decide_claim(open_claim(say(RepeatRepairFound)), command, "centre-1", now)
    assert isinstance(event, ClaimDecided)
    assert (event.claim, event.serial, event.until, event.amount) == (NUMBER, "RF-0001", date(2027, 11, 30), None)
    assert claim.decision
    assert claim.decision.at == now


def test_a_claim_is_decided_once_and_not_by_who_repaired_int_9(say: Callable[..., Any], now: datetime) -> None:
    claim, refusal = open_claim(say(RepeatRepairFound)), DecideClaim(grants="nothing", why="人为损坏")
    with pytest.raises(DomainError, match="own_repair"):
        decide_claim(claim, refusal, "T-9", now)
    refused, _ = decide_claim(claim, refusal, "centre-1", now)
    assert refused.state == "refused"
    with pytest.raises(DomainError, match="already_decided"):
        decide_claim(refused, refusal, "hq-1", now)


@pytest.mark.parametrize(
    "wrong",
    [
        {"grants": "compensation"},
        {"grants": "compensation", "amount": Money(amount=0)},
        {"grants": "compensation", "amount": Money(amount=-5)},
        {"grants": "compensation", "amount": Money(amount=5, currency="XXY")},
        {"grants": "compensation", "amount": Money(amount=5), "until": "2027-01-01"},
        {"grants": "longer_warranty"},
        {"grants": "longer_warranty", "until": "2027-01-01", "amount": Money(amount=5)},
        {"grants": "nothing", "amount": Money(amount=5)},
        {"grants": "exchange"},
        {"grants": "nothing", "why": " "},
    ],
)
def test_a_decision_says_exactly_what_it_grants(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        DecideClaim.model_validate({"why": "再坏"} | wrong)
