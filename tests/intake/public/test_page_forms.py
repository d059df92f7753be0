"""The public page answers its own forms without JavaScript, with the same answers and limits as the API (INT-11)."""

import re
from html import unescape
from typing import Any

from aftersales.common.mongo import Mongo
from aftersales.intake.public.api.page import page_texts
from aftersales.intake.public.domain.complaint import PublicComplaint
from aftersales.testing import ManualClock
from aftersales.testing.system import RunningService

FORM: dict[str, Any] = {
    "branch": "BJ01",
    "channel": "phone",
    "customer": {"name": "王芳", "phone": "13800138000", "address": "朝阳区建国路 1 号"},
    "product": {"serial": "RF-0001", "model": "BCD-258", "line": "refrigerator"},
    "fault": "not_cooling",
}
COMPLAINT = {
    "do": "complain",
    "kind": "service",
    "text": "迟到",
    "name": "王芳",
    "phone": "138 0013 8000",
    "branch": "",
}


async def look(intake: RunningService, number: str, tail: str, lang: str = "en") -> Any:
    typed = {"do": "look", "number": number, "phone_tail": tail}
    return await intake.http.post("/public/", params={"lang": lang}, data=typed)


def said(answer: Any) -> list[str]:
    return [unescape(text) for text in re.findall(r'role="status">([^<]*)<', answer.text)]


def rows(answer: Any) -> dict[str, str]:
    return dict(re.findall(r"<dt>([^<]*)</dt><dd>([^<]*)</dd>", answer.text))


async def test_int_11_a_request_and_a_complaint_are_looked_up_with_a_plain_form(intake: RunningService) -> None:
    number = (await intake.http.post("/requests", json=FORM)).json()["id"]
    found = await look(intake, number.lower().replace("-", " "), "138 0013 8000", "zh-Hans")
    assert (found.status_code, found.headers["cache-control"]) == (200, "no-store")
    assert rows(found) == {
        "单号": number,
        "状态": "已登记，正在安排人员",  # noqa: RUF001
        "登记日期": "2026-11-23",
        "服务网点": "北京",
    }
    received = await intake.http.post("/public/", params={"lang": "en"}, data=COMPLAINT | {"number": number})
    assert received.status_code == 200
    (told,) = said(received)
    complaint = told.rpartition(" ")[2]
    assert (await intake.get(PublicComplaint, complaint)).request == number
    assert "迟到" not in received.text, "the form is empty again"
    assert rows(await look(intake, complaint, "8000"))["State"] == "Received"


async def test_int_11_a_wrong_number_and_a_wrong_phone_get_the_same_page(intake: RunningService) -> None:
    number = (await intake.http.post("/requests", json=FORM)).json()["id"]
    pages = [await look(intake, wrong, tail) for wrong, tail in ((number, "8001"), ("SR-261123-ZZZZ", "8000"))]
    assert {answer.status_code for answer in pages} == {404}
    api = await intake.http.get(f"/public/requests/{number}", params={"phone_tail": "8001"})
    assert [said(answer) for answer in pages] == [[api.json()["detail"]]] * 2
    assert number in pages[0].text, "what was typed stays"


async def test_int_11_the_form_and_the_api_share_one_throttle(intake: RunningService) -> None:
    for tail in range(5):
        await intake.http.get("/public/requests/SR-261123-ZZZZ", params={"phone_tail": f"{tail:04}"})
        await look(intake, "SR-261123-ZZZZ", f"{tail:04}")
    refused = await look(intake, "SR-261123-ZZZZ", "8000")
    assert (refused.status_code, refused.headers["retry-after"]) == (429, "360")
    assert "whole phone" in said(refused)[0]
    statuses = [(await intake.http.post("/public/", data=COMPLAINT)).status_code for _ in range(6)]
    assert statuses == [200] * 5 + [429]


async def test_int_11_the_form_says_in_words_what_is_wrong_and_keeps_what_was_typed(intake: RunningService) -> None:
    for lang in ("zh-Hans", "zh-Hant", "en"):
        short = await look(intake, "SR-261123-ZZZZ", "80", lang)
        assert (short.status_code, said(short)) == (422, [page_texts(lang)["tail_wrong"]])
        wrong = await intake.http.post("/public/", params={"lang": lang}, data=COMPLAINT | {"phone": "110-xx"})
        assert wrong.status_code == 422
        assert said(wrong)[0].startswith(page_texts(lang)["phone"])
        assert "迟到" in wrong.text
    unknown = await intake.http.post("/public/", data=COMPLAINT | {"branch": "XX99"})
    assert unknown.status_code == 409
    assert await intake.find(PublicComplaint) == []


async def test_the_complaint_phones_and_the_price_list_are_shown(intake: RunningService, clock: ManualClock) -> None:
    """INT-11."""
    none = dict.fromkeys(("company", "website", "service_phone", "complaint_phone")) | {"price_list": "/public/prices"}
    branch = {"code": "BJ01", "name": "北京", "complaint_phone": None, "phone": None, "address": None}
    assert (await intake.http.get("/public/info")).json() == none | {"branches": [branch]}
    settings: Any = intake.runtime.service.settings
    clock.advance(seconds=60)
    settings.complaint_phone, settings.complaint_phones = "400-800-1234", {"BJ01": "010-6500 1234"}
    settings.price_list, settings.service_phone = "https://prices.example.org/", "400-800-5678"
    shown = (await intake.http.get("/public/info")).json()
    assert shown["service_phone"] == "400-800-5678"
    assert (shown["complaint_phone"], shown["price_list"]) == ("400-800-1234", "https://prices.example.org/")
    assert shown["branches"] == [branch | {"complaint_phone": "010-6500 1234"}]


async def test_a_body_that_is_no_form_gets_the_page(intake: RunningService) -> None:
    for body in (b"\xff\xfe", b"&".join(b"a%d=1" % n for n in range(30)), b""):
        answer = await intake.http.post("/public/", content=body)
        assert (answer.status_code, len(said(answer))) == (422, 1)


async def test_int_11_without_its_database_the_page_still_shows_the_phone_and_says_so(intake: RunningService) -> None:
    settings, runtime = intake.runtime.service.settings, intake.runtime
    settings.service_phone = "400-800-5678"  # type: ignore[attr-defined]
    there, runtime.mongo = runtime.mongo, Mongo("mongodb://127.0.0.1:1/?replicaSet=rs0", "nowhere")
    try:
        answer = await look(intake, "SR-261123-ZZZZ", "8000")
    finally:
        gone, runtime.mongo = runtime.mongo, there
        await gone.close()
    assert (answer.status_code, answer.headers["content-type"]) == (503, "text/html; charset=utf-8")
    assert "400-800-5678" in answer.text
    assert said(answer)
