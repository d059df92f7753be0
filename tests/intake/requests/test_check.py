"""`POST /requests/check` says what `POST /requests` then does (INT-2): one handler, whose result is dropped."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest

from aftersales.common.events.dispatch import RepairCompleted
from aftersales.common.work.group import ANSWERS
from aftersales.intake.requests.domain.request import STAGES
from aftersales.intake.requests.handlers.requests import resolve_request
from aftersales.testing.system import RunningService
from aftersales.values import uuid7

CALLER = {"name": "王芳", "phone": "13800138000", "address": "朝阳区建国路 1 号"}
FRIDGE = {"serial": "RF-0001", "model": "BCD-258", "line": "refrigerator", "purchased_on": "2026-01-31"}
LATHE = {"serial": "CNC-1", "model": "M-500", "line": "lathe", "purchased_on": "2026-10-01"}
BIKE = {"serial": "EB-1", "model": "E1", "line": "e-bike", "purchased_on": "2026-11-20"}
FORM: dict[str, Any] = {
    "branch": "BJ01",
    "channel": "phone",
    "customer": CALLER,
    "product": FRIDGE,
    "fault": "no-cooling",
    "description": "冷藏室不制冷",
    "details": {"topic": "x", "reason": "x", "recall": "RC-1"},
}
KINDS: tuple[str, ...] = ("repair", "installation", "commissioning", "maintenance", "training", "consultation")
KINDS += ("return", "exchange", "compensation", "complaint", "recall", "upgrade")
SAID = ("policy", "priority", "cases", "coverage", "repeats")


async def post(intake: RunningService, path: str, body: Any, status: int = 200) -> Any:
    answer = await intake.http.post(path, json=body, headers={"X-Actor": "desk-7"})
    assert answer.status_code == status, answer.text
    return answer.json()


async def open_recall(intake: RunningService, kind: str, model: str) -> str:
    form = {"kind": kind, "title": "x", "why": "x", "remedy": "x", "starts_on": "2026-11-01", "models": [model]}
    number: str = (await post(intake, "/recalls", form, 201))["id"]
    return number


async def agree(intake: RunningService, form: dict[str, Any]) -> dict[str, Any]:
    """Check, save, and compare; what was checked."""
    checked = await post(intake, "/requests/check", form)
    saved = await post(intake, "/requests", form, 201)
    repeated = checked["repeats"] and checked["repeats"]["request"]
    shown = checked | {"repeats": repeated}
    assert {name: shown[name] for name in SAID} == {name: saved[name] for name in SAID}
    promised = {promise["stage"]: promise["deadline"] for promise in checked["promises"]}
    ours = {stage: promised[stage] for stage in promised if stage in STAGES}
    assert ours == {clock["stage"]: clock["deadline"] for clock in saved["clocks"]}
    return dict(checked)


@pytest.mark.parametrize("product", [FRIDGE, LATHE, BIKE], ids=lambda product: product["line"])
async def test_check_and_save_agree_on_every_kind_of_request(intake: RunningService, product: dict[str, Any]) -> None:
    recalls = {kind: await open_recall(intake, kind, product["model"]) for kind in ("recall", "upgrade")}
    for number, kind in enumerate(KINDS):
        phone = "13800138000" if number % 2 else f"1390000{number:04d}"
        form = FORM | {"kind": kind, "product": product, "customer": CALLER | {"phone": phone}}
        form["details"] = FORM["details"] | ({"recall": recalls[kind]} if kind in recalls else {})
        await agree(intake, form)
        await agree(intake, form | {"urgency": 3, "danger": True, "rush": True, "wanted_at": "2027-01-01T03:00:00Z"})
        await agree(intake, form | {"product": product | {"serial": f"N-{number}", "purchased_on": None}})


async def test_a_visit_is_promised_as_dispatch_will_and_nothing_where_nobody_is_sent(intake: RunningService) -> None:
    """ALL-3."""
    at = intake.runtime.clock.now()
    promised = [
        {promise["stage"]: promise["deadline"] for promise in (await agree(intake, FORM | {"kind": kind}))["promises"]}
        for kind in ("repair", "consultation")
    ]
    assert datetime.fromisoformat(promised[0]["dispatch"]) == at + timedelta(minutes=15)
    assert promised[1]
    assert "dispatch" not in promised[1]


async def test_the_registers_line_decides_before_the_form_is_saved_as_well(intake: RunningService) -> None:
    """INT-3, F26: the line of a registered model is the register's, whatever the form says."""
    entered = await intake.http.put("/models/BCD-470", json={"line": "refrigerator", "title": "冰箱"})
    assert entered.status_code == 200, entered.text
    checked = await agree(intake, FORM | {"product": {"serial": "HD-9", "model": "BCD-470", "line": "fridge"}})
    assert (checked["policy"], checked["coverage"]["labour"]) == ("appliance@0", "free")


async def test_what_comes_with_a_new_purchase_pays_before_it_is_saved_as_well(intake: RunningService) -> None:
    """INT-14: the first request about a bike also archives it, and grants its running-in service."""
    checked = await agree(intake, FORM | {"kind": "maintenance", "product": BIKE})
    assert (checked["coverage"]["reason"], checked["coverage"]["labour"]) == ("entitlement", "free")
    again = await agree(intake, FORM | {"kind": "maintenance", "product": BIKE})
    assert again["coverage"]["reason"] != "entitlement", "the test can tell: it is used up by then"


async def test_a_contract_counts_before_the_request_is_saved_as_well(intake: RunningService) -> None:
    """INT-13."""
    owner = (await post(intake, "/requests", FORM | {"product": LATHE}, 201))["customer"]
    services = [{"kind": "maintenance", "count": 1}]
    signed = {"branch": "BJ01", "customer": owner, "serials": ["CNC-1"], "services": services}
    signed |= {"valid_from": "2026-11-01", "valid_until": "2027-10-31", "response": {"resolve": "PT4H"}}
    agreed = await intake.http.put("/contracts/HT-7", json=signed)
    assert agreed.status_code == 200, agreed.text
    uses = []
    for _ in range(2):
        checked = await agree(intake, FORM | {"kind": "maintenance", "product": LATHE})
        uses.append(checked["coverage"]["uses"])
    await agree(intake, FORM | {"product": LATHE})
    assert uses == ["service", None]


async def test_a_repair_that_did_not_hold_counts_before_the_request_is_saved_as_well(
    intake: RunningService, say: dict[str, Callable[..., RepairCompleted]]
) -> None:
    """INT-9."""
    number = (await post(intake, "/requests", FORM, 201))["id"]
    event = say["repaired"](request=number, at=intake.runtime.clock.now())
    catalogue = intake.runtime.service.catalogue

    async def repair(work: Any) -> None:
        await resolve_request(work, event, catalogue)

    await intake.do(repair, inbox=uuid7())
    checked = await agree(intake, FORM)
    assert (checked["repeats"]["request"], checked["repeats"]["technician"], checked["priority"]) == (number, "T-9", 2)


async def test_a_recall_of_the_product_is_told_until_its_case_is_done(intake: RunningService) -> None:
    """INT-4."""
    await post(intake, "/requests", FORM, 201)
    recall = {"kind": "recall", "title": "压缩机", "why": "漏电", "remedy": "更换", "starts_on": "2026-11-01"}
    number = (await post(intake, "/recalls", recall | {"models": ["BCD-258"]}, 201))["id"]
    new = FORM | {"product": FRIDGE | {"serial": "RF-0002"}}
    assert [one["id"] for one in (await agree(intake, FORM))["recalls"]] == [number]
    assert [one["id"] for one in (await agree(intake, new))["recalls"]] == [number]
    assert (await agree(intake, FORM | {"product": LATHE}))["recalls"] == []
    await post(intake, f"/recalls/{number}/cases/RF-0002/done", {"note": "x"})
    assert (await agree(intake, new))["recalls"] == []


async def test_known_and_new_are_told_apart(intake: RunningService) -> None:
    first = await agree(intake, FORM)
    assert (first["customer"], first["product"], first["duplicates"]) == (None, None, [])
    other = FORM | {"customer": CALLER | {"phone": "13900139000"}, "product": FRIDGE | {"model": "BCD-300"}}
    second = await agree(intake, other)
    assert (second["customer"], second["product"]["differs"]) == (None, ["model"])
    assert second["product"]["somebody_elses"]
    assert [one["reasons"] for one in second["duplicates"]] == [["same_product", "same_fault"]]
    third = await agree(intake, FORM | {"product": FRIDGE | {"purchased_on": None}})
    assert (third["customer"]["name"], third["product"]["differs"]) == ("王芳", [])
    assert ["same_person", "same_product", "same_fault"] in [one["reasons"] for one in third["duplicates"]]


async def test_what_could_not_be_saved_cannot_be_checked(intake: RunningService) -> None:
    for wrong, code in (
        ({"branch": "XX99"}, "branch.unknown"),
        ({"product": FRIDGE | {"purchased_on": "2099-01-01"}}, "product.purchased_in_future"),
    ):
        answers = [await post(intake, path, FORM | wrong, 409) for path in ("/requests/check", "/requests")]
        assert [answer["code"] for answer in answers] == [code, code]


async def test_checking_writes_nothing_and_uses_up_no_number(intake: RunningService) -> None:
    async def everything() -> dict[str, Any]:
        names = {kind.COLLECTION for kind in intake.runtime.service.indexes} | {"audit", "outbox", "counters", ANSWERS}
        return {name: await intake.runtime.mongo.rows(name, {}) for name in sorted(names)}

    recalls = {kind: await open_recall(intake, kind, BIKE["model"]) for kind in ("recall", "upgrade")}
    await intake.runtime._cancel("relay", "timers")
    before = await everything()
    for kind in KINDS:
        details = FORM["details"] | ({"recall": recalls[kind]} if kind in recalls else {})
        await post(intake, "/requests/check", FORM | {"kind": kind, "product": BIKE, "details": details})
    assert await everything() == before
    await post(intake, "/requests", FORM, 201)
    assert await everything() != before, "the test can tell"


async def test_int_2_nobody_is_wanted_on_a_day_that_is_over(intake: RunningService) -> None:
    """Neither at registration nor by a correction; earlier on the branch's own day is no mistake."""
    now = intake.runtime.clock.now()
    over = FORM | {"wanted_at": "2020-01-01T09:00:00+08:00"}
    for path in ("/requests/check", "/requests"):
        refused = await post(intake, path, over, 422)
        assert (refused["code"], refused["params"]) == ("request.wanted_in_past", {"wanted": "2020-01-01 09:00"})
    earlier = (now - timedelta(hours=1)).isoformat()
    made = await post(intake, "/requests", FORM | {"wanted_at": earlier}, 201)
    change = {"wanted_at": (now - timedelta(days=2)).isoformat(), "why": "听错了"}
    assert (await intake.http.patch(f"/requests/{made['id']}", json=change)).json()["code"] == "request.wanted_in_past"
