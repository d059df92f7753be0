"""Words of clerks, sheets and partners, through the whole service (ALL-1, INT-2, INT-3, INT-4, INT-7, INT-9)."""
# ruff: noqa: RUF001 (full width is meant)

from typing import Any

import pytest
from intake import staff
from intake.shop import event, publish

from aftersales.engine import UnitOfWork
from aftersales.intake.archive.domain.card import CardEntry
from aftersales.intake.archive.domain.product import Product
from aftersales.intake.requests.domain.request import ServiceRequest
from aftersales.testing import eventually
from aftersales.testing.system import RunningService

CALLER = {"name": "甲", "phone": "13900000041", "address": "长安街 1 号"}


async def register(intake: RunningService, product: dict[str, Any], **form: Any) -> Any:
    said = {"branch": "BJ01", "channel": "phone", "customer": CALLER, "product": product, "fault": "不制冷"}
    return await staff.say(intake, "POST", "/requests", status=201, **said | form)


@pytest.mark.parametrize("line", ["冰箱", "fridge", "Refrigerator", "電冰箱"])
async def test_a_clerks_word_for_the_line_gets_the_policy_and_the_bill_of_the_line(
    intake: RunningService, line: str
) -> None:
    """ALL-1, INT-6: a `fridge` was charged by quotation, under another policy."""
    request = await register(intake, {"serial": "W-1", "line": line})
    assert (request["product"]["line"], request["policy"], request["unclear"]) == ("refrigerator", "appliance@0", [])
    assert (request["coverage"]["parts"], request["fault"], request["policy_is_general"]) == (
        "free",
        "no-cooling",
        False,
    )


async def test_an_unknown_line_is_kept_and_shown_to_somebody(intake: RunningService) -> None:
    """ALL-1: never a silent default; the product waits in quarantine until somebody says what it is."""
    request = await register(intake, {"serial": "W-2", "line": "海尔冰箱"})
    assert request["unclear"] == [{"what": "line", "word": "海尔冰箱", "suggestions": ["refrigerator"]}]
    assert (request["policy_is_general"], request["fault"]) == (True, "no-cooling")
    checked = await staff.say(
        intake,
        "POST",
        "/requests/check",
        branch="BJ01",
        channel="phone",
        customer=CALLER,
        product={"line": "海尔冰箱"},
        fault="water leek",
    )
    assert [term["word"] for term in checked["unclear"]] == ["海尔冰箱", "water leek"]
    held = (await intake.http.get("/products?quarantined=true")).json()["items"]
    assert [(one["quarantine"], one["unclear"]["word"]) for one in held] == [("line_unknown", "海尔冰箱")]
    (word,) = (await intake.http.get("/unclear-words")).json()
    assert (word["word"], word["requests"], word["newest"]) == ("海尔冰箱", 1, request["id"])
    listed = (await intake.http.get("/requests", params={"unclear": "line"})).json()["items"]
    assert [one["id"] for one in listed] == [request["id"]]
    settled = await staff.say(intake, "POST", "/products/W-2/settle", line="电冰箱", why="电话确认")
    assert (settled["line"], settled["status"], settled["unclear"]) == ("refrigerator", "in_use", None)


async def test_a_known_product_keeps_its_line_whatever_a_caller_calls_it(intake: RunningService) -> None:
    """INT-3."""
    await register(intake, {"serial": "W-3", "line": "refrigerator"})
    request = await register(intake, {"serial": "w-3", "line": "冷冰冰的柜"})
    assert (request["product"]["line"], [one["word"] for one in request["unclear"]]) == ("refrigerator", ["冷冰冰的柜"])
    assert (await intake.get(Product, "W-3")).status == "in_use"


async def test_a_synonym_that_headquarters_adds_holds_for_the_next_call(intake: RunningService) -> None:
    """ALL-1."""
    entry = next(one for one in (await intake.http.get("/catalogues/lines")).json()["entries"] if one["code"] == "lift")
    del entry["code"]
    entry["synonyms"].append("观光梯")
    await staff.say(intake, "PUT", "/catalogues/lines/lift", **entry)
    request = await register(intake, {"line": "观光梯"}, fault="困人")
    assert (request["product"]["line"], request["fault"], request["policy"]) == ("lift", "people-trapped", "property@0")
    matched = (await intake.http.get("/catalogues/lines/match", params={"word": "观光梯"})).json()
    assert (matched["code"], matched["names"]["zh-Hans"]) == ("lift", "电梯")


async def test_a_catalogue_is_saved_whole_only_on_the_version_that_was_read(intake: RunningService) -> None:
    """ALL-1."""
    read = await intake.http.get("/catalogues/reasons")
    entries = {"entries": [*read.json()["entries"], {"code": "training", "names": {"zh-Hans": "培训"}}]}
    saved = await intake.http.put("/catalogues/reasons", json=entries, headers={"If-Match": read.headers["etag"]})
    again = await intake.http.put("/catalogues/reasons", json=entries, headers={"If-Match": read.headers["etag"]})
    assert (saved.status_code, again.status_code) == (200, 412)
    twice = {"entries": [*entries["entries"], {"code": "other2", "names": {"zh-Hans": "培 训"}}]}
    refused = await intake.http.put("/catalogues/reasons", json=twice)
    assert (refused.status_code, refused.json()["code"]) == (422, "catalogue.word_twice")
    assert "培 训" in refused.json()["detail"]


async def test_a_repeat_is_found_however_the_fault_is_written(intake: RunningService) -> None:
    """INT-9: the desk wrote `no-cooling`, the classification `not_cooling`, and the repeat was missed."""
    first = await register(intake, {"serial": "W-4", "line": "冰箱"}, fault="no-cooling")
    entry = CardEntry(
        request=first["id"],
        visit=1,
        at=first["registered_at"],
        fault="not_cooling",
        cause="worn",
        solution="x",
        technician="T-1",
    )
    await intake.do(_add_to_card, "W-4", entry)
    second = await register(intake, {"serial": "W-4"}, fault="Not Cooling")
    assert (second["repeats"], second["fault"]) == (first["id"], "no-cooling")
    similar = (await intake.http.get(f"/requests/{second['id']}/similar")).json()
    assert [one["request"] for one in similar] == [first["id"]]
    listed = (await intake.http.get("/requests", params={"repeated": True})).json()["items"]
    assert [one["id"] for one in listed] == [second["id"]]


async def _add_to_card(work: UnitOfWork, serial: str, entry: CardEntry) -> None:
    work.put((await work.require(Product, serial)).but(warranty_card=(entry,)))


async def test_a_model_is_found_by_its_other_words_and_a_recall_in_any_case(intake: RunningService) -> None:
    """INT-3, INT-4: `rfx-1` found none of eight products, and `b2` only the one that was typed so."""
    await staff.say(intake, "PUT", "/models/RFX-1", line="冰箱", title="双门冰箱 470 升", synonyms=["BCD-470WDPG(白)"])
    for serial, model, batch in ("A-1", "rfx 1", "b2"), ("A-2", "BCD-470WDPG（白）", "B2"), ("A-3", "ＲＦＸ－１", "B3"):
        product = {"serial": serial, "model": model, "line": "fridge", "batch": batch}
        request = await register(intake, product)
        assert (request["product"]["model"], request["product"]["line"]) == ("RFX-1", "refrigerator")
    for wanted, found in (({"models": ["rfx-1"]}, 3), ({"batches": ["b2"]}, 2), ({"models": ["双门冰箱 470 升"]}, 3)):
        form: dict[str, Any] = {"kind": "recall", "title": "封", "why": "x", "remedy": "换", "starts_on": "2026-11-01"}
        number = (await staff.say(intake, "POST", "/recalls", status=201, **form | wanted))["id"]

        async def searched(number: str = number) -> dict[str, Any] | None:
            shown: dict[str, Any] = (await intake.http.get(f"/recalls/{number}")).json()
            return shown if shown["searched"] else None

        assert (await eventually(searched))["total"] == found


async def test_a_model_of_no_known_line_is_refused_with_suggestions(intake: RunningService) -> None:
    """ALL-1: what headquarters enters is corrected at once."""
    refused = await intake.http.put("/models/X-1", json={"line": "refrigerater", "title": "x"})
    assert (refused.status_code, refused.json()["code"]) == (422, "catalogue.word_unknown")
    assert "refrigerator" in refused.json()["detail"]


async def test_a_request_is_handed_over_for_a_reason_in_words(intake: RunningService) -> None:
    """INT-7."""
    await staff.staff(intake)
    number = await staff.register(intake)
    offered = await staff.say(intake, "POST", f"/requests/{number}/handover", by="desk-7", to="desk-8", reason="下班")
    assert offered["offer"]["reason"] == "off_duty"


async def test_a_cause_is_stated_in_the_desks_words(intake: RunningService) -> None:
    """INT-6."""
    request = await register(intake, {"line": "洗衣机"})
    decided = await staff.say(intake, "POST", f"/requests/{request['id']}/coverage", cause="使用不当")
    assert decided["coverage"]["inputs"]["cause"] == "misuse"


async def test_a_sheet_and_a_partner_use_their_own_words_too(intake: RunningService) -> None:
    """INT-12, ALL-1: a partner's event needs no serial number, no model and no code."""
    form = {
        "branch": "BJ01",
        "channel": "web",
        "customer": CALLER,
        "product": {"line": "Fridge"},
        "fault": "Not cooling",
    }
    other = form | {"product": {"line": "Kühlschrank"}}
    batch: dict[str, Any] = {"rows": [{"key": "a", "form": form}, {"key": "b", "form": other}]}
    rows = (await staff.say(intake, "POST", "/imports/requests", **batch))["rows"]
    known, unknown = [await intake.get(ServiceRequest, row["id"]) for row in rows]
    assert known
    assert unknown
    assert (known.product.line, known.fault, [one.word for one in unknown.unclear]) == (
        "refrigerator",
        "no-cooling",
        ["Kühlschrank"],
    )
    said = {
        "customer_name": "乙",
        "phone": "13900000042",
        "address": "x",
        "branch": "BJ01",
        "line": "电瓶车",
        "danger": False,
        "description": "刹不住 要加急",
        "rush": True,
    }
    await publish(intake, event(intake, "w-1", "partner.service_request.v1", said))
    (request,) = await eventually(lambda: intake.find(ServiceRequest, channel="partner"))
    assert (request.product.line, request.policy, request.danger, "rush" in request.cases or not request.cases) == (
        "e-bike",
        "e-bike@0",
        False,
        True,
    )
    assert request.product.serial.startswith("PR-")


async def test_a_word_that_is_cleared_up_corrects_the_requests_that_have_it(intake: RunningService) -> None:
    """ALL-1, INT-6: the bill and the clocks of a refrigerator, also for those who called before."""
    word: dict[str, Any] = {"what": "line", "word": "海尔大冰冰", "code": "refrigerator"}
    numbers = [(await register(intake, {"line": "海尔大冰冰"}))["id"] for _ in range(2)]
    missing = await intake.http.put("/unclear-words", json=word | {"code": "nothing"})
    assert (missing.status_code, missing.json()["code"]) == (404, "catalogue.entry_unknown")
    done = await staff.say(intake, "PUT", "/unclear-words", by="hq-1", **word)
    assert done == {"requests": sorted(numbers), "more": False}
    for number in numbers:
        request = (await intake.http.get(f"/requests/{number}")).json()
        assert (request["product"]["line"], request["policy"], request["unclear"]) == (
            "refrigerator",
            "appliance@0",
            [],
        )
        assert (request["coverage"]["parts"], request["corrections"][0]["by"]) == ("free", "hq-1")
        assert (await intake.get(Product, request["product"]["serial"])).status == "in_use"
    assert (await intake.http.get("/unclear-words")).json() == []
    assert (await register(intake, {"line": "海尔大冰冰"}))["unclear"] == []
    again = await staff.say(intake, "PUT", "/unclear-words", by="hq-1", **word)
    assert again == {"requests": [], "more": False}


async def test_a_fault_that_is_cleared_up_counts_as_the_fault_it_is(intake: RunningService) -> None:
    """INT-9."""
    number = (await register(intake, {"line": "洗衣机"}, fault="甩起来像拖拉机"))["id"]
    word: dict[str, Any] = {"what": "fault", "word": "甩起来像拖拉机", "code": "noise"}
    await staff.say(intake, "PUT", "/unclear-words", **word)
    request = (await intake.http.get(f"/requests/{number}")).json()
    assert (request["fault"], request["unclear"]) == ("noise", [])
