"""Contracts (INT-13): what is covered, included and promised, and which contract covers a product."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from pydantic import ValidationError

from aftersales.common.events import Event
from aftersales.intake.agreements.domain.contract import (
    Commission,
    Contract,
    ContractForm,
    Train,
    UseService,
    consume_service,
)
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
from aftersales.testing import ManualClock, eventually
from aftersales.testing.system import RunningService, RunningSystem
from aftersales.values import GeoPoint
from aftersales.values.errors import DomainError

NOW = datetime(2026, 11, 22, 4, 0, tzinfo=UTC)
TODAY = date(2026, 11, 22)
SAID = ChangeNote(NOW, "desk-7", "agreed")
BRANCH = Branch(id="BJ01", branch="BJ01", name="北京", zone="Asia/Shanghai", location=GeoPoint(lat=39.9, lon=116.4))
GROUND = ContractGround(BRANCH, next(policy for policy in load_presets() if policy.name == "enterprise"))
CUSTOMER = "01a20611-32b8-7aaa-8bcd-0123456789ab"
TERMS: dict[str, Any] = {
    "customer": CUSTOMER,
    "branch": "BJ01",
    "serials": ["cnc-1"],
    "models": ["M-500"],
    "lines": ["lathe"],
    "valid_from": "2026-11-01",
    "valid_until": "2027-10-31",
    "commissioning_due": "2026-11-30",
    "services": [{"kind": "maintenance", "count": 2}],
    "covers": {"parts": "cost", "labour": "free", "travel": "list"},
    "response": {"confirm": "PT2H"},
}
REQUESTS = [f"SR-261122-000{n}" for n in range(4)]


def _form(**changes: Any) -> ContractForm:
    return ContractForm.model_validate(TERMS | changes)


def _contract(number: str = "HT-1", **changes: Any) -> Contract:
    return agree_contract(None, number, _form(**changes), GROUND, SAID)[0]


def _use(contract: Contract, request: str, kind: str = "maintenance", today: date = TODAY) -> Contract:
    return consume_service(contract, UseService(request=request, kind=kind), today, "desk-7", NOW)


def test_a_contract_keeps_what_was_agreed() -> None:
    contract = _contract(training_hours=16)
    assert (contract.serials, contract.covers.parts, contract.training_hours) == (("CNC-1",), "cost", 16)
    assert contract.response == {"confirm": timedelta(hours=2)}
    assert [(service.kind, service.left) for service in contract.services] == [("maintenance", 2)]


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"valid_until": "2026-10-31"}, "contract.ends_before_it_begins"),
        ({"serials": [], "models": [], "lines": []}, "contract.covers_nothing"),
        ({"services": [{"kind": "repair", "count": 1}] * 2}, "contract.service_twice"),
        ({"response": {"confirm": "PT0S"}}, "contract.target_out_of_range"),
        ({"response": {"resolv": "PT4H"}}, "contract.stage_without_clock"),
        ({"response": {"callback": "PT4H"}}, "contract.stage_without_clock"),
        ({"response": {"confirm": "P900D"}}, "contract.target_out_of_range"),
    ],
)
def test_terms_that_do_not_fit_together_are_malformed(changes: dict[str, Any], code: str) -> None:
    with pytest.raises(ValidationError, match=code):
        _form(**changes)


def test_the_same_terms_again_change_nothing_and_others_keep_what_was_used() -> None:
    used = _use(_contract(), REQUESTS[0])
    assert agree_contract(used, "HT-1", _form(), GROUND, SAID) == (used, ())
    more = agree_contract(used, "HT-1", _form(services=[{"kind": "maintenance", "count": 5}]), GROUND, SAID)[0]
    assert more.services[0].left == 4


@pytest.mark.parametrize("services", [[], [{"kind": "maintenance", "count": 1}]])
def test_less_than_was_used_cannot_be_agreed(services: list[Any]) -> None:
    used = _use(_use(_contract(), REQUESTS[0]), REQUESTS[1])
    with pytest.raises(DomainError, match=r"contract\.fewer_than_used"):
        agree_contract(used, "HT-1", _form(services=services), GROUND, SAID)


def test_as_many_as_were_used_can_be_agreed() -> None:
    used = _use(_use(_contract(), REQUESTS[0]), REQUESTS[1])
    assert used.services[0].left == 0
    assert agree_contract(used, "HT-1", _form(), GROUND, SAID) == (used, ())


def test_a_number_stays_its_customers() -> None:
    with pytest.raises(DomainError, match=r"contract\.of_another_customer"):
        agree_contract(_contract(), "HT-1", _form(customer="01a20611-32b8-7aaa-8bcd-000000000000"), GROUND, SAID)


Use = Callable[[Contract, str], Contract]


def _careless(contract: Contract, request: str) -> Contract:
    """Broken on purpose: forgets for which requests it counted."""
    after = _use(contract, request)
    forgotten = [use.model_copy(update={"request": f"{use.request}?"}) for use in after.services[0].used]
    return after.but(services=(after.services[0].model_copy(update={"used": tuple(forgotten)}),))


@pytest.mark.parametrize(("use_one", "left"), [(_use, 1), (_careless, 0)])
def test_a_service_is_used_once_for_a_request_however_often_it_is_said(use_one: Use, left: int) -> None:
    contract = use_one(use_one(_contract(), REQUESTS[0]), REQUESTS[0])
    assert contract.services[0].left == left


def test_none_is_used_when_none_is_left() -> None:
    used = _use(_use(_contract(), REQUESTS[0]), REQUESTS[1])
    with pytest.raises(DomainError, match=r"contract\.none_left"):
        _use(used, REQUESTS[2])
    with pytest.raises(DomainError, match=r"contract\.none_left"):
        _use(used, REQUESTS[2], kind="repair")
    assert _use(used, REQUESTS[1]) == used


@pytest.mark.parametrize("today", [date(2026, 10, 31), date(2027, 11, 1)])
def test_nothing_is_used_outside_the_contracts_days(today: date) -> None:
    with pytest.raises(DomainError, match=r"contract\.not_valid"):
        _use(_contract(), REQUESTS[0], today=today)


def _told(contract: Contract, at: datetime) -> tuple[Contract, list[str]]:
    ticked, marks = tick_contract(contract, at)
    return ticked, [_kind(mark) for mark in marks]


def _kind(mark: Event) -> str:
    return mark.TYPE.split(".")[1]


@pytest.mark.parametrize(("day", "outcome"), [("2026-11-30", "met"), ("2026-12-01", "breached")])
def test_the_day_of_commissioning_counts_not_the_day_it_is_reported(day: str, outcome: str) -> None:
    """INT-13; no timer has looked in between."""
    later = datetime(2026, 12, 2, 4, 0, tzinfo=UTC)
    done, marks = commission_contract(_contract(), Commission(day=day, report="运行正常"), BRANCH, "desk-7", later)
    assert done.clocks[0].outcome == outcome
    assert done.commissioned
    assert done.commissioned.by == "desk-7"
    assert ("sla_breached" in [_kind(mark) for mark in marks]) == (outcome == "breached")


def test_commissioning_is_reported_once() -> None:
    form = Commission(day=TODAY, report="运行正常")
    done, _ = commission_contract(_contract(), form, BRANCH, "desk-7", NOW)
    assert commission_contract(done, form, BRANCH, "desk-7", NOW) == (done, ())
    with pytest.raises(DomainError, match=r"contract\.already_commissioned"):
        commission_contract(done, Commission(day=TODAY, report="别的"), BRANCH, "desk-7", NOW)
    with pytest.raises(DomainError, match=r"contract\.day_in_future"):
        commission_contract(_contract(), Commission(day=TODAY + timedelta(days=1), report=""), BRANCH, "desk-7", NOW)


def test_another_deadline_ends_the_first_clock_and_the_first_deadline_again_starts_a_third() -> None:
    contract = _contract().but(version=1)
    for day in ("2026-12-15", "2026-11-30", None):
        changed = agree_contract(contract, "HT-1", _form(commissioning_due=day), GROUND, SAID)[0]
        contract = changed.but(version=changed.version + 1)
    assert [clock.outcome for clock in contract.clocks] == ["waived", "waived", "waived"]
    assert contract.wake_at is None
    ends = [clock.terms.target + NOW for clock in contract.clocks]
    assert [end.day for end in ends] == [30, 15, 30]


def test_a_deadline_that_is_over_when_it_is_agreed_is_breached_at_once() -> None:
    contract = _contract(commissioning_due="2026-11-10")
    _, told = _told(contract, NOW)
    assert "sla_breached" in told


def test_training_adds_up() -> None:
    contract = _contract(training_hours=16)
    for hours in (4, 3.5):
        form = Train(day=TODAY, hours=hours, people=6, subject="操作")
        contract, _ = record_training(contract, form, BRANCH, "desk-7", NOW)
    assert (contract.training_done, len(contract.sessions)) == (7.5, 2)
    with pytest.raises(DomainError, match=r"contract\.day_in_future"):
        record_training(contract, Train(day="2026-11-23", hours=1, people=1, subject="x"), BRANCH, "desk-7", NOW)


@pytest.fixture
async def customer(intake: RunningService) -> str:
    form = {"name": "北方机床", "phone": "13800138000", "address": "朝阳区", "branch": "BJ01"}
    return (await intake.http.post("/customers", json=form)).json()["id"]


async def test_a_contract_is_agreed_found_used_and_watched(
    built: RunningSystem, intake: RunningService, clock: ManualClock, customer: str
) -> None:
    """INT-13, over HTTP; the clock says 23 November 2026."""
    http, terms = intake.http, TERMS | {"customer": customer}
    made = await http.post("/contracts", json=terms)
    assert (made.status_code, made.json()["id"][:3]) == (201, "CT-"), made.text
    own = await http.put("/contracts/HT-2026-1", json=terms | {"serials": ["CNC-2"]})
    assert own.status_code == 200
    assert (await http.put("/contracts/HT-2026-1", json=terms | {"serials": ["CNC-2"]})).json() == own.json()
    for query, number in ({"serial": "cnc-2"}, 1), ({"customer": customer}, 2), ({"serial": "cnc-3"}, 0):
        assert len((await http.get("/contracts", params=query)).json()["items"]) == number, query

    request = await http.post("/requests", json=_request())
    use_one = {"request": request.json()["id"], "kind": "maintenance"}
    for _ in range(2):
        used = await http.post("/contracts/HT-2026-1/used", json=use_one)
        assert [len(service["used"]) for service in used.json()["services"]] == [1], used.text
    somebody = await http.post("/requests", json=_request(phone="13800138009"))
    refused = await http.post("/contracts/HT-2026-1/used", json=use_one | {"request": somebody.json()["id"]})
    assert (refused.status_code, refused.json()["code"]) == (409, "contract.of_another_customer")
    session = {"day": "2026-11-23", "hours": 2.25, "people": 3, "subject": "操作"}
    trained = await http.post("/contracts/HT-2026-1/training", json=session)
    assert trained.json()["training_done"] == 2.25
    done = await http.post("/contracts/HT-2026-1/commissioned", json={"day": "2026-11-23", "report": "运行正常"})
    assert done.json()["clocks"][0]["outcome"] == "met"

    clock.advance(days=9)
    late = await eventually(lambda: _breached(intake, made.json()["id"]))
    assert late.response == {"confirm": timedelta(hours=2)}
    await built.quiet()
    assert (await intake.get(Contract, "HT-2026-1")).clocks[0].outcome == "met"


def _request(**caller: str) -> dict[str, Any]:
    person = {"name": "北方机床", "phone": "13800138000", "address": "朝阳区"} | caller
    product = {"serial": "CNC-2", "model": "M-500", "line": "lathe"}
    return {"branch": "BJ01", "channel": "phone", "customer": person, "product": product, "fault": "service_due"}


async def _breached(intake: RunningService, number: str) -> Contract | None:
    contract: Contract = await intake.get(Contract, number)
    return contract if contract.clocks[0].outcome == "breached" else None


async def test_a_contract_with_nobody_or_for_a_branch_that_is_none_is_refused(
    intake: RunningService, customer: str
) -> None:
    for changes, status, code in (
        ({}, 404, "customers.unknown"),
        ({"customer": customer, "branch": "XX"}, 409, "branch.unknown"),
        ({"customer": customer, "valid_until": "2020-01-01"}, 422, "input.malformed"),
        ({"customer": customer, "commissioning_due": "9999-12-31"}, 422, "time.out_of_range"),
    ):
        answer = await intake.http.put("/contracts/HT-9", json=TERMS | changes)
        assert (answer.status_code, answer.json()["code"]) == (status, code), answer.text
    assert await intake.find(Contract) == []
