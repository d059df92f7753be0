"""One screen of data for a call, and the commonest job in two calls (INT-2, INT-3)."""

from typing import Any, get_args

import pytest
from intake import staff

from aftersales.common.terms import Terms
from aftersales.intake.catalogues.domain import Glossary
from aftersales.intake.requests.domain.request import RequestState
from aftersales.intake.requests.domain.words import words_of_reader
from aftersales.intake.vocabulary import KINDS, Channel
from aftersales.testing.system import RunningService, RunningSystem

FORM: dict[str, Any] = {
    "branch": "BJ01",
    "channel": "phone",
    "customer": {"name": "欧阳娜", "phone": "13900008061", "address": "朝阳区建国路 8 号"},
    "product": {"serial": "WM-8061", "model": "XQG-1", "line": "washing-machine", "purchased_on": "2026-05-01"},
    "fault": "noisy",
    "description": "洗衣机响",
}


async def register(intake: RunningService, *, status: int = 201, **form: Any) -> Any:
    return await staff.say(intake, "POST", "/requests", status=status, **FORM | form)


async def look_up(intake: RunningService, q: str, language: str = "zh-CN") -> Any:
    answer = await intake.http.get("/lookup", params={"q": q}, headers={"Accept-Language": language})
    assert answer.status_code == 200, answer.text
    return answer.json()


async def test_whatever_the_caller_says_finds_the_whole_screen(intake: RunningService) -> None:
    """INT-3: the tail or whole of a phone, a serial number or its end, a request's number or its end, a name."""
    request = await register(intake)
    number = request["id"]
    for q in ("8061", "13900008061", "WM-8061", "wm-8061", number, number.lower(), number[-4:], "欧阳娜", "ouyangna"):
        found = await look_up(intake, q)
        assert [item["customer"]["id"] for item in found["items"]] == [request["customer"]], q
        assert found["more"] is False
    assert (await look_up(intake, "13999999999"))["items"] == []
    for q in ("", " ", "。"):
        assert (await intake.http.get("/lookup", params={"q": q})).status_code == 422


async def test_the_screen_says_who_calls_who_would_pay_and_what_is_promised(intake: RunningService, clock: Any) -> None:
    """INT-2, INT-6, ALL-3: in the reader's words, and in the branch's time beside UTC."""
    earlier = await register(intake, kind="consultation", description="怎么清洗")
    await staff.say(intake, "POST", f"/requests/{earlier['id']}/cancel", reason="x")
    request = await register(intake, wanted_at="2026-12-01T02:00:00Z")
    (item,) = (await look_up(intake, "8061"))["items"]
    assert (item["customer"]["name"], item["customer"]["known_as"]) == ("欧阳娜", "C")
    (product,) = item["products"]
    assert (product["serial"], product["warranty"], product["warranty_until"]) == ("WM-8061", "in", "2027-04-30")
    assert (product["parts"], product["labour"]) == ("free", "free")
    assert product["open_cases"] == [request["id"]], "a new request about it is likely a duplicate"
    (case,) = item["open_cases"]
    assert (case["kind_words"], case["state_words"]) == ("维修", "已登记")
    assert (case["line_words"], case["fault_words"]) == ("洗衣机", "噪音")
    assert (case["wanted_at"], case["wanted_local"]) == ("2026-12-01T02:00:00Z", "2026-12-01T10:00:00+08:00")
    assert case["registered_local"] == "2026-11-23T09:00:00+08:00"
    (promise,) = case["promises"]
    assert (promise["stage"], promise["words"]) == ("review", "当日审阅")
    assert (promise["due_at"], promise["due_local"]) == ("2026-11-23T15:59:00Z", "2026-11-23T23:59:00+08:00")
    assert [one["request"] for one in item["last_cases"]] == [request["id"], earlier["id"]]
    await staff.say(intake, "POST", case["contacts"], status=201, channel="phone", said="怎么还没来")
    for language, words in (("en", "Repair"), ("zh-TW", "維修")):
        (item,) = (await look_up(intake, "8061", language))["items"]
        assert item["open_cases"][0]["kind_words"] == words
    assert "months" not in product["why"], "Chinese words for a Chinese reader"


@pytest.mark.parametrize("language", ["en", "zh-Hans", "zh-Hant"])
def test_every_kind_state_and_channel_has_words(language: str) -> None:
    """INT-3, INT-15: a caller with an order of an online shop could not be looked up at all."""
    words = words_of_reader(language, Glossary(*(Terms(()) for _ in Glossary._fields)))
    for said in (
        [words.kind(kind) for kind in KINDS],
        [words.state(state) for state in get_args(RequestState)],
        [words.channel(channel) for channel in get_args(Channel)],
    ):
        assert len({*said}) == len(said)
    assert words.fault("unspecified") != "unspecified"


async def test_the_cover_is_that_of_a_request_made_now(intake: RunningService) -> None:
    """INT-6, INT-13: contracts count, as they do when the request is made."""
    request = await register(intake)
    terms = {
        "customer": request["customer"],
        "branch": "BJ01",
        "serials": ["WM-8061"],
        "valid_from": "2026-01-01",
        "valid_until": "2028-01-01",
        "covers": {"travel": "free"},
    }
    answer = await intake.http.post("/contracts", json=terms)
    assert answer.status_code == 201, answer.text
    (item,) = (await look_up(intake, "8061"))["items"]
    made = await register(intake, fault="leaking")
    for name in ("parts", "labour", "travel"):
        assert item["products"][0][name] == made["coverage"][name]
    assert item["products"][0]["why"] == made["coverage"]["why"]["zh-Hans"]


async def test_the_commonest_job_takes_two_calls_and_nothing_known_is_typed_again(
    built: RunningSystem, intake: RunningService
) -> None:
    """INT-2: a known caller, the same product: six calls before, and the whole form twice."""
    first = await register(intake)
    (item,) = (await look_up(intake, "8061"))["items"]
    form = {
        "branch": item["customer"]["branch"],
        "channel": "phone",
        "customer": {"id": item["customer"]["id"]},
        "product": {"serial": item["products"][0]["serial"]},
        "fault": "leaking",
    }
    request = await staff.say(intake, "POST", "/requests", status=201, **form)
    for name in ("customer", "caller", "address", "product"):
        assert request[name] == first[name], name
    seen = await staff.say(intake, "POST", "/requests/check", **form)
    assert seen["customer"] == {"id": first["customer"], "name": "欧阳娜", "customer_class": "C", "differs": []}
    assert {one["request"] for one in seen["duplicates"]} == {request["id"]}


async def test_somebody_else_may_call_for_a_known_customer(intake: RunningService) -> None:
    """INT-3: the name is kept as an alias and on the request."""
    first = await register(intake)
    husband = {"id": first["customer"], "name": "王先生", "address": "朝阳区建国路 9 号"}
    request = await register(intake, customer=husband)
    assert (request["customer"], request["caller"]) == (first["customer"], "王先生")
    assert request["address"] == "朝阳区建国路 9 号"
    assert (await intake.http.get(f"/customers/{first['customer']}")).json()["aliases"] == ["王先生"]


@pytest.mark.parametrize(
    ("customer", "status", "code", "fields"),
    [
        ({"name": "甲"}, 422, "input.malformed", ["body.customer.phone"]),
        ({"phone": "13900000001"}, 422, "input.malformed", ["body.customer.name"]),
        ({}, 422, "input.malformed", ["body.customer.name", "body.customer.phone"]),
        ({"id": "00000000-0000-0000-0000-000000000000"}, 404, "customers.unknown", None),
        (
            {"id": "00000000-0000-0000-0000-000000000000", "phone": "13900000001"},
            422,
            "input.malformed",
            ["body.customer"],
        ),
    ],
)
async def test_a_caller_is_named_in_one_of_two_ways(
    intake: RunningService, customer: dict[str, str], status: int, code: str, fields: list[str] | None
) -> None:
    answer = await intake.http.post("/requests", json=FORM | {"customer": customer})
    assert (answer.status_code, answer.json()["code"]) == (status, code), answer.text
    assert fields is None or [error["field"] for error in answer.json()["params"]["errors"]] == fields


async def test_a_very_common_name_says_that_there_are_more(intake: RunningService) -> None:
    for number in range(7):
        caller = {"name": f"王{'甲乙丙丁戊己庚'[number]}", "phone": f"1390001700{number}", "address": "x"}
        await register(intake, customer=caller, product={"serial": f"Q-{number}", "line": "freezer"})
    found = await look_up(intake, "王")
    assert (len(found["items"]), found["more"]) == (5, True)
