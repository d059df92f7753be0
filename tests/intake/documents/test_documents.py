"""Request forms and warranty cards: printed, numbered, copied, handed over (INT-17, INT-6, ALL-2)."""

import asyncio
import re
from collections.abc import Callable
from typing import Any
from urllib.parse import unquote

import pytest
from intake.printed import FORM, read_paper
from intake.samples import JPEG, png

from aftersales.intake.documents.domain.document import DocumentLogo
from aftersales.testing import ManualClock
from aftersales.testing.system import RunningService

IDENTITY = {
    "name": {"zh-Hans": "晨光家电服务", "en": "Chenguang Appliance Service"},
    "header": {"zh-Hans": "用心服务每一家"},
    "phone": "400-555-0100",
    "website": "https://service.example.com",
}


async def test_int_17_the_request_form_is_printed_in_the_readers_language_with_a_number_of_its_own(
    intake: RunningService, desk: Callable[..., Any]
) -> None:
    request = await desk("/requests", FORM)
    chinese = await desk(f"/requests/{request['id']}/form", {"language": "zh-Hans"})
    english = await desk(f"/requests/{request['id']}/form")

    assert (chinese["kind"], chinese["language"], chinese["edition"], chinese["issued_by"]) == (
        *("request_form", "zh-Hans", 1),
        "desk-7",
    )
    assert chinese["id"].startswith("RF-")
    assert chinese["id"] != english["id"]
    said = await read_paper(intake, chinese)
    for words in ("顾客服务需求表", chinese["id"], request["id"], "王芳", "+8613800138000", "朝阳区建国路1号"):
        assert words in said
    for words in ("冰箱", "RF-0001", "2026-01-31", "不制冷", "冷藏室不制冷<b>#急</b>", "配件费免费", "顾客签名"):
        assert words in said
    said = await read_paper(intake, english)
    for words in (
        "ServiceRequestForm",
        english["id"],
        "王芳",
        "Refrigerator",
        "PartsFreeofcharge",
        "Customer:signature",
    ):
        assert words in said

    name = unquote((await intake.http.get(f"/documents/{chinese['id']}/pdf")).headers["Content-Disposition"])
    assert name == f"inline; filename*=UTF-8''顾客服务需求表 {chinese['id']}.pdf"
    by_header = await intake.http.post(f"/requests/{request['id']}/form", headers={"Accept-Language": "zh-HK"})
    assert by_header.json()["language"] == "zh-Hant"


async def test_int_17_a_second_printing_is_a_copy_and_a_change_is_a_new_edition(
    intake: RunningService, desk: Callable[..., Any]
) -> None:
    request = await desk("/requests", FORM)
    form = f"/requests/{request['id']}/form"
    first = await desk(form, {"language": "zh-Hans"})
    assert "副本" not in await read_paper(intake, first)
    copy = await desk(form, {"language": "zh-Hans"})
    assert (copy["id"], copy["printings"], copy["edition"]) == (first["id"], 2, 1)
    assert "副本1" in await read_paper(intake, copy)

    corrected = {"description": "冷冻室不制冷", "why": "听错了"}
    assert (await intake.http.patch(f"/requests/{request['id']}", json=corrected)).status_code == 200
    second = await desk(form, {"language": "zh-Hans"})
    assert second["id"] != first["id"]
    assert (second["edition"], second["replaces"], second["printings"]) == (2, first["id"], 1)
    said = await read_paper(intake, second)
    assert "冷冻室不制冷" in said
    assert f"代替{first['id']}" in said
    old = (await intake.http.get(f"/documents/{first['id']}")).json()
    assert old["replaced_by"] == second["id"]
    said = await read_paper(intake, old)
    assert "冷藏室不制冷" in said
    assert f"已由新版代替{second['id']}" in said

    listed = await intake.http.get("/documents", params={"request": request["id"]})
    assert [one["id"] for one in listed.json()["items"]] == sorted((first["id"], second["id"]), reverse=True)


async def test_int_17_clerks_who_print_at_once_get_one_number(intake: RunningService, desk: Callable[..., Any]) -> None:
    request = await desk("/requests", FORM)
    printed = await asyncio.gather(*(desk(f"/requests/{request['id']}/form") for _ in range(5)))
    assert {one["id"] for one in printed} == {printed[0]["id"]}
    assert sorted(one["printings"] for one in printed) == [1, 2, 3, 4, 5]


async def test_int_17_a_repeated_command_prints_once_and_one_about_an_older_request_is_refused(
    intake: RunningService, desk: Callable[..., Any]
) -> None:
    request = await desk("/requests", FORM)
    form = f"/requests/{request['id']}/form"
    same = [(await intake.http.post(form, headers={"Idempotency-Key": "once"})).json() for _ in range(2)]
    assert same[0] == same[1]
    assert same[0]["printings"] == 1
    stale = await intake.http.post(form, headers={"If-Match": '"7"'})
    assert (stale.status_code, stale.json()["code"]) == (412, "version.changed")


async def test_int_17_documents_of_a_merged_customer_are_listed_at_the_surviving_one(
    intake: RunningService, desk: Callable[..., Any]
) -> None:
    request = await desk("/requests", FORM)
    document = await desk(f"/requests/{request['id']}/form")
    other = await desk("/customers", FORM["customer"] | {"phone": "13900139000", "branch": "BJ01"})
    await desk(f"/customers/{other['id']}/merge", {"other": request["customer"], "why": "same person"})
    for customer in (other["id"], request["customer"]):
        listed = await intake.http.get("/documents", params={"customer": customer})
        assert [one["id"] for one in listed.json()["items"]] == [document["id"]]


async def test_int_17_the_hand_over_is_recorded_once_with_who_how_and_the_signed_scan(
    intake: RunningService, desk: Callable[..., Any], clock: ManualClock
) -> None:
    request = await desk("/requests", FORM)
    document = await desk(f"/requests/{request['id']}/form")
    scan = await intake.http.post(f"/customers/{request['customer']}/files", params={"name": "a.jpg"}, content=JPEG)
    given = {"to": "王芳", "how": "paper", "signed": True, "file": scan.json()["id"], "at": clock.now().isoformat()}
    path = f"/documents/{document['id']}/handed-over"
    for _ in range(2):
        done = await desk(path, given)
    (record,) = done["handed_over"]
    assert (record["by"], record["to"], record["how"], record["signed"], record["file"]) == (
        *("desk-7", "王芳", "paper", True),
        scan.json()["id"],
    )
    listed = await intake.http.get("/documents", params={"serial": "RF-0001", "kind": "request_form"})
    assert [one["handed_over"] for one in listed.json()["items"]] == [[record]]
    trail = (await intake.http.get(f"/audit/documents/{document['id']}")).json()["items"]
    assert [(one["who"], one["why"]) for one in trail] == [("desk-7", "print_form"), ("desk-7", "hand_over_document")]


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ({"at": "2999-01-01T00:00:00Z"}, "document.handed_over_in_future"),
        ({"at": "2000-01-01T00:00:00Z"}, "document.handed_over_before"),
        ({"file": "0190b5e2-7c3a-7def-8123-456789abcdef"}, "document.scan_unsigned"),
        ({"signed": True, "file": "0190b5e2-7c3a-7def-8123-456789abcdef"}, "customer_files.unknown"),
        ({"how": "pigeon"}, "input.malformed"),
    ],
)
async def test_int_17_an_impossible_hand_over_is_refused(
    intake: RunningService, desk: Callable[..., Any], given: dict[str, Any], code: str
) -> None:
    request = await desk("/requests", FORM)
    document = await desk(f"/requests/{request['id']}/form")
    refused = await intake.http.post(f"/documents/{document['id']}/handed-over", json={"to": "王芳"} | given)
    assert refused.json()["code"] == code


async def test_int_17_the_form_of_a_general_question_names_no_product(
    intake: RunningService, desk: Callable[..., Any]
) -> None:
    question = FORM | {"kind": "consultation", "product": {}, "fault": None, "description": "春节营业吗"}
    said = await read_paper(intake, await desk(f"/requests/{(await desk('/requests', question))['id']}/form"))
    assert "春节营业吗" in said
    for words in ("Serialnumber", "Fault", "Labour"):
        assert words not in said


async def test_int_17_a_cancelled_request_is_stamped_and_a_duplicate_leads_to_the_one_that_goes_on(
    intake: RunningService, desk: Callable[..., Any]
) -> None:
    first, second = await desk("/requests", FORM), await desk("/requests", FORM)
    await desk(f"/requests/{second['id']}/duplicate-of", {"of": first["id"], "reason": "重复"})
    refused = await intake.http.post(f"/requests/{second['id']}/form")
    assert (refused.status_code, refused.json()["code"]) == (409, "document.of_duplicate")
    assert refused.json()["params"]["of"] == first["id"]

    await desk(f"/requests/{first['id']}/cancel", {"reason": "客户不修了"})
    assert "顾客服务需求表已撤销" in await read_paper(
        intake, await desk(f"/requests/{first['id']}/form", {"language": "zh-Hans"})
    )


async def test_all_2_every_document_shows_the_company_and_an_old_one_keeps_its_logo(
    intake: RunningService, desk: Callable[..., Any]
) -> None:
    assert (await intake.http.put("/identity", json=IDENTITY)).status_code == 200
    branch = {"name": "北京", "zone": "Asia/Shanghai", "location": {"lat": 39.9, "lon": 116.4}}
    await intake.http.put("/branches/BJ01", json=branch | {"address": "建国路 88 号", "phone": "010 6500 1234"})
    await intake.http.put("/identity/logo", content=png(40))
    request = await desk("/requests", FORM)
    first = await desk(f"/requests/{request['id']}/form", {"language": "zh-Hans"})
    said = await read_paper(intake, first)
    for words in ("晨光家电服务", "用心服务每一家", "400-555-0100", "https://service.example.com", "建国路88号"):
        assert words in said
    original = (await intake.http.get(f"/documents/{first['id']}/pdf")).content

    await intake.http.put("/identity/logo", content=png(41))
    second = await desk(f"/requests/{request['id']}/form", {"language": "zh-Hans"})
    assert (second["edition"], second["replaces"]) == (2, first["id"]), "another logo is another page"
    assert len(await intake.find(DocumentLogo)) == 2
    again = (await intake.http.get(f"/documents/{first['id']}/pdf")).content
    newer = (await intake.http.get(f"/documents/{second['id']}/pdf")).content
    assert (_widths(original), _widths(again), _widths(newer)) == ([40], [40], [41])


def _widths(pdf: bytes) -> list[int]:
    """Return the widths of the pictures in the file."""
    return [int(width) for width in re.findall(rb"/Width (\d+)", pdf)]


async def test_int_17_the_qr_code_leads_to_the_public_page_with_the_number_filled_in(
    intake: RunningService, desk: Callable[..., Any]
) -> None:
    intake.runtime.service.settings.public_url = "https://service.example/public/"  # type: ignore[attr-defined]
    request = await desk("/requests", FORM)
    document = await desk(f"/requests/{request['id']}/form", {"language": "zh-Hant"})
    link = f"https://service.example/public/?lang=zh-Hant&number={request['id']}"
    assert document["paper"]["link"] == link
    assert "掃碼查看進度" in await read_paper(intake, document)
    page = await intake.http.get("/public/", params={"lang": "zh-Hant", "number": request["id"]})
    assert f'value="{request["id"]}"' in page.text
