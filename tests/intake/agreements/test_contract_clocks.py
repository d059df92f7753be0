"""Commissioning and training have clocks with warnings and a chain (INT-13, ALL-3)."""

from datetime import UTC, date, datetime
from typing import Any

import pytest

from aftersales.intake.agreements.domain.contract import Commission, Contract, ContractForm, Train
from aftersales.intake.agreements.domain.contract_terms import (
    ContractGround,
    agree_contract,
    commission_contract,
    record_training,
    tick_contract,
)
from aftersales.intake.network.domain import Branch
from aftersales.policy.presets import load_presets
from aftersales.policy.sla import ChangeNote
from aftersales.values import GeoPoint

NOW = datetime(2026, 11, 22, 4, 0, tzinfo=UTC)
TODAY = date(2026, 11, 22)
SAID = ChangeNote(NOW, "desk-7", "agreed")
BRANCH = Branch(id="BJ01", branch="BJ01", name="北京", zone="Asia/Shanghai", location=GeoPoint(lat=39.9, lon=116.4))
POLICIES = {policy.name: policy for policy in load_presets()}
GROUND = ContractGround(BRANCH, POLICIES["enterprise"])
TERMS: dict[str, Any] = {
    "customer": "01a20611-32b8-7aaa-8bcd-0123456789ab",
    "branch": "BJ01",
    "lines": ["lathe"],
    "valid_from": "2026-11-01",
    "valid_until": "2027-10-31",
    "commissioning_due": "2026-11-30",
}


def _form(**changes: Any) -> ContractForm:
    return ContractForm.model_validate(TERMS | changes)


def _contract(**changes: Any) -> Contract:
    return agree_contract(None, "HT-1", _form(**changes), GROUND, SAID)[0]


CHAIN = ["owner", "supervisor", "centre", "headquarters", "leadership"]


@pytest.mark.parametrize("policy", ["enterprise", "e-commerce"])
@pytest.mark.parametrize("stage", ["commissioning", "training"])
def test_int_13_commissioning_and_training_warn_twice_breach_and_climb_the_chain(policy: str, stage: str) -> None:
    """ALL-3: 30 November ends at 16:00 UTC in Shanghai. A policy without the stage has its chain all the same."""
    ground = ContractGround(BRANCH, POLICIES[policy])
    hours = 16 if stage == "training" else None
    form = _form(training_hours=hours, commissioning_due="2026-11-30")
    contract, _ = agree_contract(None, "HT-1", form, ground, SAID)
    if stage == "training":
        done = Commission(day=TODAY, report="运行正常")
        contract, _ = commission_contract(contract, done, BRANCH, "desk-7", NOW)
    end, told = datetime(2026, 11, 30, 16, 0, tzinfo=UTC), []
    assert [clock.deadline for clock in contract.clocks if clock.stage == stage] == [end]
    while contract.wake_at:
        at = contract.wake_at
        contract, marks = tick_contract(contract, at)
        told += [(mark.TYPE.split(".")[1], mark.mark, at) for mark in marks if mark.stage == stage]  # type: ignore[attr-defined]
    assert [mark for kind, mark, _ in told if kind == "sla_warned"] == ["50%", "80%"]
    assert [at for kind, _, at in told if kind == "sla_breached"] == [end]
    assert [mark for kind, mark, _ in told if kind == "sla_escalated"] == CHAIN


def _train(contract: Contract, day: date, hours: float, now: datetime) -> Contract:
    form = Train(day=day, hours=hours, people=6, subject="操作")
    return record_training(contract, form, BRANCH, "desk-7", now)[0]


def test_int_13_the_training_clock_stops_when_the_promised_hours_were_given() -> None:
    """S3: the customer's staff is trained by the day of commissioning."""
    contract = _contract(training_hours=8, commissioning_due=None)
    assert contract.clocks[0].deadline == datetime(2027, 10, 31, 16, 0, tzinfo=UTC), "else within the contract"
    contract = _train(_contract(training_hours=8), TODAY, 4, NOW)
    trained = {clock.stage: clock for clock in contract.clocks}["training"]
    assert (trained.deadline, trained.ended_at) == (datetime(2026, 11, 30, 16, 0, tzinfo=UTC), None)
    later = datetime(2026, 12, 3, 4, 0, tzinfo=UTC)
    for day, outcome in ((date(2026, 11, 30), "met"), (date(2026, 12, 2), "breached")):
        done = {clock.stage: clock for clock in _train(contract, day, 4, later).clocks}
        assert done["training"].outcome == outcome, "its day counts, not the day on which it is reported"
        assert done["commissioning"].ended_at is None
    stored = _train(contract, TODAY, 4, NOW).but(version=1)
    more = agree_contract(stored, "HT-1", _form(training_hours=20), GROUND, SAID)[0]
    assert [clock.outcome for clock in more.clocks if clock.stage == "training"] == ["met", "open"]
