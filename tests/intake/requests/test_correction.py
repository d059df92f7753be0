"""Requests that are corrected, and what follows from that (INT-2, ALL-4)."""

from typing import Any

import pytest
from intake import staff
from intake.conftest import dissatisfied, repaired

from aftersales.common.events.dispatch import CorrectionHeldUp
from aftersales.common.events.intake import ProductRef, RequestCorrected
from aftersales.intake.agreements.domain.entitlement import Entitlement
from aftersales.intake.archive.domain.product import Product
from aftersales.intake.requests.domain.request import ServiceRequest
from aftersales.testing import eventually
from aftersales.testing.system import RunningService, RunningSystem

FORM: dict[str, Any] = {
    "branch": "BJ01",
    "channel": "phone",
    "customer": {"name": "王芳", "phone": "13900000041", "address": "长安街 1 号"},
    "product": {"serial": "WM-41", "model": "XQG-1", "line": "washing-machine", "purchased_on": "2026-05-01"},
    "fault": "noisy",
    "description": "洗衣机响",
}


async def register(intake: RunningService, **form: Any) -> Any:
    return await staff.say(intake, "POST", "/requests", status=201, **FORM | form)


async def correct(intake: RunningService, number: str, *, status: int = 200, **said: Any) -> Any:
    return await staff.say(intake, "PATCH", f"/requests/{number}", status=status, by="desk-8", why="听错了", **said)


def deadlines(request: Any) -> dict[str, str]:
    return {clock["stage"]: clock["deadline"] for clock in request["clocks"] if clock["outcome"] == "open"}


async def test_a_corrected_request_is_what_it_would_be_if_it_had_been_right_at_once(
    intake: RunningService, clock: Any
) -> None:
    """INT-2: coverage, priority, cases, policy and clocks, by the same rules as at registration."""
    wrong = await register(intake)
    right: dict[str, Any] = {
        "product": {"serial": "EB-41", "model": "E1", "line": "e-bike", "purchased_on": "2025-01-01"},
        "description": "电池冒烟",
        "kind": "repair",
        "wanted_at": "2027-01-01T02:00:00Z",
        "channel": "web",
    }
    expected = await register(intake, **right, fault="no-power")
    clock.advance(minutes=7)
    request = await correct(intake, wrong["id"], fault="no-power", **right)
    for name in (
        *("kind", "channel", "fault", "description", "wanted_at", "product", "danger", "danger_words"),
        *("cases", "priority", "policy", "coverage.parts", "coverage.reason", "stage", "due_at"),
    ):
        head, _, tail = name.partition(".")
        one, other = (found[head][tail] if tail else found[head] for found in (request, expected))
        assert one == other, name
    assert deadlines(request) == deadlines(expected)
    assert (request["policy"], wrong["policy"]) == ("e-bike@0", "appliance@0")
    assert request["coverage"]["at"] != request["coverage_history"][0]["at"]
    assert (request["id"], request["registered_at"]) == (wrong["id"], wrong["registered_at"])


async def test_a_correction_says_who_changed_what_and_why(intake: RunningService, heard: Any) -> None:
    """ALL-5: before and after; other services learn the names of the fields, and no personal data (ALL-6)."""
    request = await register(intake)
    changed = await correct(intake, request["id"], address="朝阳路 2 号", caller="王先生", fault=None)
    (correction,) = changed["corrections"]
    assert (correction["by"], correction["why"], correction["held_up"]) == ("desk-8", "听错了", None)
    assert {one["field"]: (one["before"], one["after"]) for one in correction["changes"]} == {
        "address": ("长安街 1 号", "朝阳路 2 号"),
        "caller": ("王芳", "王先生"),
        "fault": ("noise", "unspecified"),
    }
    customer = (await intake.http.get(f"/customers/{request['customer']}")).json()
    assert (customer["name"], customer["aliases"]) == ("王芳", ["王先生"])
    (event,) = await heard(RequestCorrected)
    assert set(event.changed) == {"address", "caller", "fault"}
    assert "朝阳路" not in event.model_dump_json()
    assert "王先生" not in event.model_dump_json()


async def test_what_says_the_same_changes_nothing(intake: RunningService, heard: Any) -> None:
    request = await register(intake)
    product = {name: FORM["product"][name] for name in ("serial", "model", "line")}
    same = await correct(
        intake, request["id"], kind="repair", fault="noisy", description="洗衣机响", product=product, branch="BJ01"
    )
    assert same == request
    assert not await heard(RequestCorrected)


async def test_null_takes_away_what_may_be_missing_and_nothing_else(intake: RunningService) -> None:
    request = await register(intake, wanted_at="2027-01-04T02:00:00Z", problem_class="usage", rush=True)
    assert request["cases"] == ["rush"]
    bare = await correct(
        intake, request["id"], wanted_at=None, problem_class=None, address=None, product={"serial": None}, rush=False
    )
    assert (bare["wanted_at"], bare["problem_class"], bare["cases"]) == (None, None, [])
    assert bare["address"] == "长安街 1 号", "the archive's"
    assert bare["product"] == {"serial": request["id"].replace("SR", "PR"), "model": "XQG-1", "line": "washing-machine"}
    for name in ("kind", "channel", "branch", "caller", "phone", "product", "description"):
        assert await correct(intake, request["id"], status=422, **{name: None}) == "input.malformed", name


@pytest.mark.parametrize(
    ("said", "code"),
    [
        ({"kind": "return"}, "request.reason_missing"),
        ({"fault": None, "description": ""}, "request.description_missing"),
        ({"branch": "XX99"}, "branch.unknown"),
        ({"kind": "recall", "details": {"recall": "随便写"}}, "recall.not_of_product"),
    ],
)
async def test_a_corrected_form_must_be_as_complete_as_a_new_one(
    intake: RunningService, said: dict[str, Any], code: str
) -> None:
    """INT-2."""
    request = await register(intake)
    assert (
        await correct(intake, request["id"], status=409 if "." in code and "missing" not in code else 422, **said)
        == code
    )
    assert (await intake.http.get(f"/requests/{request['id']}")).json() == request


async def test_a_question_that_becomes_a_repair_needs_a_line_and_an_address(intake: RunningService) -> None:
    """INT-2."""
    bare = {"customer": {"name": "甲", "phone": "13900000042"}, "product": {}, "kind": "consultation", "fault": None}
    request = await register(intake, **bare)
    assert await correct(intake, request["id"], status=422, kind="repair") == "request.line_missing"
    line = {"line": "freezer"}
    assert await correct(intake, request["id"], status=422, kind="repair", product=line) == "request.address_missing"
    made = await correct(intake, request["id"], kind="repair", product=line, address="长安街 3 号")
    assert (made["kind"], made["fault"], made["product"]["line"]) == ("repair", "unspecified", "freezer")
    assert made["product"]["serial"] == request["product"]["serial"]


async def test_an_ended_request_is_not_corrected_and_a_resolved_one_keeps_its_visit(
    built: RunningSystem, intake: RunningService
) -> None:
    """The card of the right product gets the repair (INT-3)."""
    request = await register(intake)
    await intake.deliver(repaired(request=request["id"], product=ProductRef(**request["product"])))
    await built.quiet()
    assert await correct(intake, request["id"], status=409, kind="maintenance") == "request.already_resolved"
    await correct(intake, request["id"], product={"serial": "WM-42"})
    right = await intake.get(Product, "WM-42")
    assert [entry.request for entry in right.warranty_card] == [request["id"]]
    assert not await intake.find(Product, _id="WM-41")
    assert (right.model, right.line) == ("XQG-1", "washing-machine")
    await intake.deliver(dissatisfied(request=request["id"]))
    await built.quiet()
    await staff.say(intake, "POST", f"/requests/{request['id']}/cancel", reason="x")
    assert await correct(intake, request["id"], status=409, fault="x") == "request.not_correctable"


async def test_another_phone_makes_it_the_request_of_another_customer(intake: RunningService) -> None:
    """INT-3: a digit that was misheard; the class of the right customer decides the priority."""
    other = {"name": "李雷", "phone": "13900000049", "address": "x", "branch": "BJ01", "customer_class": "A"}
    known = await staff.say(intake, "POST", "/customers", status=201, **other)
    request = await register(intake)
    moved = await correct(intake, request["id"], phone="139 0000 0049", caller="李雷")
    assert (moved["customer"], moved["importance_class"]) == (known["id"], "A")
    assert moved["priority"] < request["priority"]


async def test_what_was_said_of_the_product_goes_along_to_the_right_number(intake: RunningService) -> None:
    """INT-2, INT-6: a serial number that was misheard; the day of purchase was said once, and still decides."""
    request = await register(intake)
    moved = await correct(intake, request["id"], product={"serial": "WM-44"})
    for name in ("warranty", "purchased_on", "warranty_until"):
        assert moved["coverage"]["inputs"][name] == request["coverage"]["inputs"][name], name
    assert moved["coverage"]["parts"] == "free"
    known = {"name": "李雷", "phone": "13900000048", "address": "x", "branch": "BJ01"}
    product = {"serial": "WM-45", "model": "XQG-9", "line": "washing-machine", "purchased_on": "2020-01-01"}
    await staff.say(intake, "POST", "/customers", status=201, **known, products=[product])
    other = await correct(intake, request["id"], product={"serial": "WM-45"})
    assert (other["product"]["model"], other["coverage"]["inputs"]["warranty"]) == ("XQG-9", "out"), "the archive's"


async def test_danger_in_corrected_words_counts_and_what_a_person_decided_stays(intake: RunningService) -> None:
    """INT-5."""
    request = await register(intake)
    raised = await correct(intake, request["id"], description="洗衣机漏电打人")
    assert (raised["danger"], raised["danger_words"], raised["priority"]) == (True, ["漏电"], 1)
    denied: dict[str, Any] = {"urgency": 2, "danger": False, "why": "客户确认"}
    await staff.say(intake, "POST", f"/requests/{request['id']}/priority", **denied)
    kept = await correct(intake, request["id"], description="洗衣机漏电打人 两次")
    assert (kept["danger"], kept["danger_words"]) == (False, [])
    again = await correct(intake, request["id"], description="洗衣机漏电打人 还冒烟")
    assert again["danger_words"] == ["冒烟"]


async def test_a_stale_reader_may_not_correct(intake: RunningService) -> None:
    request = await register(intake)
    body = {"why": "x", "fault": "leaking"}
    answer = await intake.http.patch(f"/requests/{request['id']}", json=body, headers={"If-Match": '"999"'})
    assert (answer.status_code, answer.json()["code"]) == (412, "version.changed")


async def test_a_visit_under_way_is_noted_at_the_correction(built: RunningSystem, intake: RunningService) -> None:
    """INT-2: the desk sees that the technician must be told by telephone."""
    request = await register(intake)
    changed = await correct(intake, request["id"], address="朝阳路 2 号")
    number, at = request["id"], changed["corrections"][0]["at"]
    about = {"request": number, "order": "WO-1", "branch": "BJ01", "visit": 1, "at": at}
    await intake.deliver(CorrectionHeldUp(**about, state="on_the_way", number=1))

    async def noted() -> bool:
        return (await intake.get(ServiceRequest, number)).corrections[0].held_up == "on_the_way"

    await eventually(noted)


async def test_a_product_archived_with_the_wrong_caller_follows_the_corrected_one(intake: RunningService) -> None:
    """INT-2: with the phone number corrected, the product and what came with it belong to the right customer."""
    bike = {"serial": "EB-50", "line": "e-bike", "purchased_on": "2026-11-20"}
    request = await register(intake, product=FORM["product"] | bike)
    corrected = await correct(intake, request["id"], phone="13900000042", caller="赵先生")
    assert corrected["customer"] != request["customer"]
    product = await intake.get(Product, "EB-50")
    assert product.customer == corrected["customer"]
    for id in product.entitled:
        assert (await intake.get(Entitlement, id)).customer == corrected["customer"]
    assert product.entitled


async def test_a_product_that_others_spoke_of_stays_where_it_is(intake: RunningService) -> None:
    """INT-2: a second request about it shows that it is there, whoever made the first."""
    request = await register(intake, product=FORM["product"] | {"serial": "WM-51"})
    await register(intake, product=FORM["product"] | {"serial": "WM-51"}, description="漏水")
    await correct(intake, request["id"], phone="13900000043", caller="赵先生")
    await correct(intake, request["id"], product={"serial": "WM-52"})
    assert (await intake.get(Product, "WM-51")).customer == request["customer"]


async def test_a_misheard_serial_number_leaves_no_product_behind(intake: RunningService) -> None:
    """INT-2: the product that nothing but the wrong form created is taken back, with its case in a recall."""
    recall = await staff.say(
        intake,
        "POST",
        "/recalls",
        status=201,
        kind="recall",
        title="电机",
        why="过热",
        remedy="更换",
        safety=True,
        starts_on="2026-01-01",
        serials=["WM-53"],
    )
    request = await register(intake, product=FORM["product"] | {"serial": "WM-53"})
    assert await intake.find(Product, _id="WM-53")
    corrected = await correct(intake, request["id"], product={"serial": "WM-58"})
    assert corrected["product"]["serial"] == "WM-58"
    assert (await intake.get(Product, "WM-58")).model == "XQG-1"
    assert not await intake.find(Product, _id="WM-53")
    after = (await intake.http.get(f"/recalls/{recall['id']}")).json()
    assert after["counts"].get("found", 0) == 0
    assert (await intake.http.get(f"/recalls/{recall['id']}/cases")).json()["items"] == []
