"""What a customer is told about who pays, and why (INT-4, INT-6)."""

from typing import Any

import pytest
from intake import staff

from aftersales.intake.recalls.domain import Recall, RecallCase
from aftersales.testing import eventually
from aftersales.testing.system import RunningService

CALLER = {"name": "甲", "phone": "13900000011", "address": "长安街 1 号"}


async def request(intake: RunningService, product: dict[str, Any], status: int = 201, **form: Any) -> Any:
    whole = {"branch": "BJ01", "channel": "phone", "customer": CALLER, "product": product, "fault": "noisy"} | form
    return await staff.say(intake, "POST", "/requests", status=status, **whole)


async def test_a_models_own_months_of_warranty_count_before_the_policys(intake: RunningService) -> None:
    """INT-6: one year unless the product says otherwise (a product sold with 36 months was charged after 12)."""
    await staff.say(intake, "PUT", "/models/WM-36", line="washing-machine", title="WM", warranty_months=36)
    await staff.say(intake, "PUT", "/models/WM-12", line="washing-machine", title="WM")
    told = {}
    for model in ("WM-36", "WM-12"):
        product = {"serial": f"{model}-1", "model": model, "purchased_on": "2024-06-01"}
        told[model] = (await request(intake, product))["coverage"]["inputs"]
    assert {model: (one["warranty"], one["warranty_until"]) for model, one in told.items()} == {
        "WM-36": ("in", "2027-05-31"),
        "WM-12": ("out", "2025-05-31"),
    }
    record = (await intake.http.get("/products/WM-36-1/warranty")).json()
    assert (record["months"], record["state"], record["until"]) == (36, "in", "2027-05-31")


@pytest.mark.parametrize("kind", ["repair", "installation"])
async def test_an_unknown_day_of_purchase_is_not_told_as_out_of_warranty(intake: RunningService, kind: str) -> None:
    """INT-6: first-time callers rarely give a date; a proof of purchase decides."""
    product = {"serial": "WM-1", "model": "WM", "line": "washing-machine"}
    coverage = (await request(intake, product, kind=kind))["coverage"]
    assert coverage["inputs"]["warranty"] == "unknown"
    assert coverage["reason"] == "purchase_unknown"
    assert "请提供购买凭证" in coverage["why"]["zh-Hans"]


async def test_int_6_nobody_is_asked_for_the_purchase_of_a_pipe(intake: RunningService) -> None:
    """A burst pipe of the house was told that its day of purchase is unknown."""
    pipe = await request(intake, {"line": "water-supply"}, fault="leaking")
    assert (pipe["policy"], pipe["coverage"]["reason"]) == ("property@0", "tariff")
    assert "购买" not in pipe["coverage"]["why"]["zh-Hans"]
    heater = {"serial": "WH-1", "model": "WH", "line": "water-supply"}
    assert (await request(intake, heater, fault="leaking"))["coverage"]["reason"] == "purchase_unknown"
    fridge = await request(intake, {"line": "washing-machine"})
    assert fridge["coverage"]["reason"] == "purchase_unknown", "without a number, but bought somewhere"


@pytest.mark.parametrize("kind", ["return", "exchange", "compensation", "complaint"])
async def test_a_claim_is_not_told_as_free_advice(intake: RunningService, kind: str) -> None:
    """INT-6."""
    product = {"serial": "WM-2", "model": "WM", "line": "washing-machine"}
    coverage = (await request(intake, product, kind=kind, description="x", details={"reason": "坏了"}))["coverage"]
    assert coverage["reason"] == "claim"
    assert "咨询" not in coverage["why"]["zh-Hans"]


async def test_a_recall_must_exist_and_affect_the_product_and_its_case_moves_along(intake: RunningService) -> None:
    """INT-4: any text as the recall's number made the work free."""
    form: dict[str, Any] = {
        "kind": "recall",
        "title": "x",
        "why": "x",
        "remedy": "x",
        "starts_on": "2026-11-01",
        "models": ["BCD-9"],
    }
    number = (await staff.say(intake, "POST", "/recalls", status=201, **form))["id"]
    affected = {"serial": "RF-9", "model": "BCD-9", "line": "refrigerator"}
    other = {"serial": "RF-8", "model": "BCD-8", "line": "refrigerator"}
    for product, said, kind in (
        (affected, "随便写", "recall"),
        (other, number, "recall"),
        (affected, number, "upgrade"),
    ):
        refused = await request(intake, product, 409, kind=kind, details={"recall": said})
        assert refused == "recall.not_of_product"
    made = await request(intake, affected, kind="recall", details={"recall": number.lower()})
    assert made["coverage"]["parts"] == "free"
    assert (await intake.get(RecallCase, f"{number}|RF-9")).state == "scheduled"

    async def counted() -> dict[str, int] | None:
        recall = await intake.get(Recall, number)
        counts = {state: count for state, count in recall.counts.items() if count}
        return counts if recall.cursor is None else None

    assert await eventually(counted) == {"scheduled": 1}
