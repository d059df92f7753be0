"""Which contract covers a product (INT-13), or what it is entitled to (INT-14), for coverage (INT-6) and clocks."""

from datetime import UTC, date, datetime, timedelta
from itertools import permutations
from typing import Any

from intake.covers import preset

from aftersales.common.events.intake import ProductRef
from aftersales.intake.agreements.domain.contract import Allowance, Contract, Use
from aftersales.intake.agreements.domain.entitlement import Entitlement, derive_entitlements
from aftersales.intake.archive.domain.product import Product
from aftersales.intake.network.domain import Branch
from aftersales.intake.requests.domain.prepaid import NOTHING, PrepaidQuestion, choose_contract, find_prepaid
from aftersales.testing.system import RunningService
from aftersales.values import GeoPoint

NOW = datetime(2026, 11, 22, 4, 0, tzinfo=UTC)
TODAY = date(2026, 11, 22)
TERMS: dict[str, Any] = {
    "branch": "BJ01",
    "customer": "c-1",
    "serials": ("CNC-1",),
    "models": ("M-500",),
    "lines": ("lathe",),
    "valid_from": date(2026, 11, 1),
    "valid_until": date(2027, 10, 31),
    "services": (Allowance(kind="maintenance", count=2),),
}


def _contract(number: str = "HT-1", **changes: Any) -> Contract:
    return Contract.model_validate(TERMS | {"id": number} | changes)


def _used_up(contract: Contract) -> Contract:
    uses = tuple(Use(request=f"SR-261122-000{n}", at=NOW, by="desk-7") for n in range(2))
    return contract.but(services=(Allowance(kind="maintenance", count=2, used=uses),))


BRANCH = Branch(id="BJ01", branch="BJ01", name="北京", zone="Asia/Shanghai", location=GeoPoint(lat=39.9, lon=116.4))
PRODUCT = ProductRef(serial="CNC-1", model="M-500", line="lathe")


def test_every_contract_that_was_looked_at_is_explained() -> None:
    """INT-13, for INT-6: the decision states its reasons."""
    contracts = [
        _contract("HT-1", models=[], lines=[]),
        _contract("HT-2", serials=[], models=[], services=[]),
        _contract("HT-3", valid_until="2026-11-21"),
        _contract("HT-4", valid_from="2026-11-23"),
        _contract("HT-5", serials=["CNC-2"], models=[], lines=[]),
    ]
    found = choose_contract(contracts, PRODUCT, TODAY, "maintenance")
    assert found.contract
    assert (found.contract.id, found.included) == ("HT-1", True)
    assert [(reason.contract, reason.why) for reason in found.reasons] == [
        ("HT-1", "names_serial"),
        ("HT-1", "service_included"),
        ("HT-2", "names_line"),
        ("HT-2", "service_not_included"),
        ("HT-4", "names_serial"),
        ("HT-4", "not_begun"),
        ("HT-3", "names_serial"),
        ("HT-3", "ended"),
        ("HT-5", "names_other_products"),
    ]


def test_a_contract_with_a_service_left_goes_before_a_more_specific_one_without() -> None:
    used = _used_up(_contract("HT-1"))
    by_line = _contract("HT-2", serials=[], models=[])
    assert choose_contract([used, by_line], PRODUCT, TODAY, "maintenance").contract == by_line
    assert choose_contract([used, by_line], PRODUCT, TODAY, "repair").contract == used
    assert choose_contract([used], PRODUCT, TODAY, "maintenance")[:2] == (used, False)


def test_the_choice_does_not_depend_on_the_order_of_the_contracts() -> None:
    contracts = [_contract("HT-1"), _contract("HT-2", valid_until="2028-01-01"), _contract("HT-3", services=[])]
    chosen = [choose_contract(order, PRODUCT, TODAY, "maintenance").contract for order in permutations(contracts)]
    assert {contract.id for contract in chosen if contract} == {"HT-2"}
    assert None not in chosen


def test_no_contract_covers_what_none_names() -> None:
    assert choose_contract([], PRODUCT, TODAY, "repair") == (None, False, ())
    other = ProductRef(serial="X", model="Y", line="Z")
    assert choose_contract([_contract()], other, TODAY, "repair").contract is None


def _granted(**changes: Any) -> Entitlement:
    policy = preset("e-bike")
    product = Product(id="CNC-1", branch="BJ01", model="M-500", line="lathe", customer="c-1", purchased_on=TODAY)
    (granted,), _ = derive_entitlements(product, TODAY, policy, BRANCH, NOW)
    return granted.but(**changes)


ASKED = PrepaidQuestion(PRODUCT, "maintenance", "maintenance", TODAY, NOW)


def test_what_holds_is_kept_with_the_targets_of_the_contract() -> None:
    """INT-13, ALL-3."""
    contract = _contract(response={"arrival": 14_400}, covers={"parts": "cost"})
    found = find_prepaid([contract], [], ASKED)
    assert (found.contract, found.covers.parts, found.included) == ("HT-1", "cost", True)
    assert found.response == {"arrival": timedelta(hours=4)}
    assert find_prepaid([], [], ASKED) == NOTHING


def test_an_entitlement_counts_for_its_kind_of_work_while_it_is_left() -> None:
    """INT-14."""
    used = (Use(request="SR-261122-0001", at=NOW, by="desk-7"),)
    cases = [
        (ASKED, {}, "CNC-1|running_in"),
        (ASKED._replace(work="repair"), {}, None),
        (ASKED, {"used": used}, None),
        (ASKED._replace(at=NOW + timedelta(days=91)), {}, None),
    ]
    for asked, changes, expected in cases:
        assert find_prepaid([], [_granted(**changes)], asked).entitlement == expected, (asked, changes)


def test_a_service_used_for_the_request_itself_stays_included_for_it() -> None:
    used_up = _used_up(_contract())
    assert used_up.includes("maintenance", "SR-261122-0001")
    assert not used_up.includes("maintenance", "SR-261122-0009")
    assert not used_up.includes("repair", "SR-261122-0001")


PERSON = {"name": "王芳", "phone": "13800138000", "address": "朝阳区建国路 1 号"}
PRESS = {"serial": "PR-0001", "model": "P-9", "line": "press", "purchased_on": "2020-01-31"}
FORM = {
    "branch": "BJ01",
    "channel": "phone",
    "customer": PERSON,
    "product": PRESS,
    "kind": "maintenance",
    "fault": "yearly",
}
AGREED = {
    "branch": "BJ01",
    "lines": ["press"],
    "valid_from": "2026-01-01",
    "valid_until": "2027-12-31",
    "services": [{"kind": "maintenance", "count": 1}],
    "covers": {"labour": "free", "travel": "free"},
    "response": {"first_reply": 600, "arrival": 7200},
}


async def call(intake: RunningService, method: str, path: str, body: Any = None, status: int = 200) -> Any:
    answer = await intake.http.request(method, path, json=body, headers={"X-Actor": "desk-7"})
    assert answer.status_code == status, answer.text
    return answer.json()


async def test_a_contract_pays_answers_sooner_and_is_used_up(intake: RunningService) -> None:
    """INT-13: it feeds coverage and clocks; a cancelled request gives back what it used."""
    owner = (await call(intake, "POST", "/customers", PERSON | {"branch": "BJ01"}, 201))["id"]
    await call(intake, "PUT", "/contracts/HT-7", AGREED | {"customer": owner})
    shown = await call(intake, "POST", "/requests/check", FORM)
    first = await call(intake, "POST", "/requests", FORM, 201)
    for told in (shown["coverage"], first["coverage"]):
        assert (told["parts"], told["labour"], told["uses"], told["reason"]) == ("free", "free", "service", "contract")
        assert told["inputs"]["prepaid"]["reasons"][0] == {"contract": "HT-7", "why": "names_line"}
    (reply,) = (clock for clock in first["clocks"] if clock["stage"] == "first_reply")
    assert (reply["terms"]["policy"], reply["terms"]["target"]) == ("HT-7", 600)
    assert (await call(intake, "GET", "/contracts/HT-7"))["services"][0]["used"][0]["request"] == first["id"]

    second = await call(intake, "POST", "/requests", FORM, 201)
    assert (second["coverage"]["parts"], second["coverage"]["labour"]) == ("list", "free")
    assert second["coverage"]["uses"] is None
    await call(intake, "POST", f"/requests/{first['id']}/cancel", {"reason": "sold"})
    assert (await call(intake, "GET", "/contracts/HT-7"))["services"][0]["used"] == []
    third = await call(intake, "POST", "/requests", FORM, 201)
    assert third["coverage"]["uses"] == "service"

    without = await call(intake, "POST", f"/requests/{third['id']}/coverage", {"cause": "unknown", "contract": None})
    assert (without["coverage"]["labour"], without["coverage"]["uses"]) == ("quote", None)
    assert (await call(intake, "GET", "/contracts/HT-7"))["services"][0]["used"] == []
    again = {"cause": "unknown", "contract": "HT-7"}
    assert (await call(intake, "POST", f"/requests/{third['id']}/coverage", again))["coverage"]["uses"] == "service"


async def test_what_was_signed_is_watched_also_where_the_policy_has_no_such_stage(intake: RunningService) -> None:
    """INT-13: no appliance policy has `resolve`; four hours were signed."""
    owner = (await call(intake, "POST", "/customers", PERSON | {"branch": "BJ01"}, 201))["id"]
    signed = AGREED | {"customer": owner, "lines": ["refrigerator"], "response": {"resolve": "PT4H"}}
    await call(intake, "PUT", "/contracts/HT-9", signed)
    fridge = {"serial": "FR-0001", "model": "F-1", "line": "refrigerator"}
    request = await call(intake, "POST", "/requests", FORM | {"product": fridge}, 201)
    assert request["policy"].startswith("appliance@")
    (promised,) = (clock for clock in request["clocks"] if clock["stage"] == "resolve")
    assert (promised["terms"]["policy"], promised["terms"]["target"]) == ("HT-9", 4 * 3600)
    explained = await call(intake, "GET", f"/deadlines/{request['id']}")
    assert "HT-9" in {one["explanation"]["clock"]["terms"]["policy"] for one in explained}
    refused = await call(intake, "PUT", "/contracts/HT-9", signed | {"response": {"resolv": "PT4H"}}, 422)
    assert "contract.stage_without_clock" in str(refused)


async def test_a_contract_that_does_not_cover_or_is_somebody_elses_is_refused_by_name(intake: RunningService) -> None:
    """INT-13."""
    for phone, number, lines in (("13800138000", "HT-7", ["lathe"]), ("13900139000", "HT-8", ["press"])):
        person = PERSON | {"phone": phone, "branch": "BJ01"}
        owner = (await call(intake, "POST", "/customers", person, 201))["id"]
        await call(intake, "PUT", f"/contracts/{number}", AGREED | {"customer": owner, "lines": lines})
    request = (await call(intake, "POST", "/requests", FORM, 201))["id"]
    for number, code in (("HT-7", "contract.covers_not"), ("HT-8", "contract.of_another_customer")):
        path, body = f"/requests/{request}/coverage", {"cause": "unknown", "contract": number}
        assert (await call(intake, "POST", path, body, 409))["code"] == code


async def test_a_running_in_service_is_free_once(intake: RunningService) -> None:
    """INT-14."""
    bike = {"serial": "EB-0007", "model": "E1", "line": "e-bike", "purchased_on": "2026-11-20"}
    first = await call(intake, "POST", "/requests", FORM | {"product": bike}, 201)
    assert (first["coverage"]["reason"], first["coverage"]["why"]["zh-Hans"]) == ("entitlement", "免费走合保养")
    second = await call(intake, "POST", "/requests", FORM | {"product": bike}, 201)
    assert second["coverage"]["reason"] == "in_warranty"
    (granted,) = (await call(intake, "GET", "/entitlements?serial=EB-0007"))["items"]
    assert [use["request"] for use in granted["used"]] == [first["id"]]
    await call(intake, "POST", f"/requests/{first['id']}/cancel", {"reason": "later"})
    assert (await call(intake, "GET", "/entitlements?serial=EB-0007"))["items"][0]["used"] == []
