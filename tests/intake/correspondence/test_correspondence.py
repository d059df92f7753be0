"""All that was written to us and by us, by month and year, customer or product line (INT-16)."""

import csv
import io
from datetime import UTC, datetime
from typing import Any

import pytest
from intake import staff
from intake.samples import PDF

from aftersales.intake.correspondence.domain import span_of_period
from aftersales.testing import ManualClock, eventually
from aftersales.testing.system import RunningService

FANG: dict[str, Any] = {"name": "王芳", "phone": "13800138000", "address": "朝阳区建国路 1 号"}
REQUEST: dict[str, Any] = {
    "branch": "BJ01",
    "channel": "email",
    "customer": FANG,
    "product": {"serial": "RF-0001", "model": "BCD-258", "line": "refrigerator"},
    "fault": "no-cooling",
    "description": "冷藏室不制冷",
}
LETTER: dict[str, Any] = {"direction": "in", "channel": "letter", "subject": "关于延长保修期的函", "text": "压缩机"}


async def file(intake: RunningService, status: int = 201, **said: Any) -> Any:
    return await staff.say(intake, "POST", "/correspondence", status=status, **LETTER | said)


async def listed(intake: RunningService, **asked: Any) -> list[tuple[str, str]]:
    return [(one["source"], one["id"]) for one in await staff.items(intake, "/correspondence", **asked)]


@pytest.mark.parametrize(
    ("period", "first", "last"),
    [
        ("2026", datetime(2025, 12, 31, 16, tzinfo=UTC), datetime(2026, 12, 31, 16, tzinfo=UTC)),
        ("2026-11", datetime(2026, 10, 31, 16, tzinfo=UTC), datetime(2026, 11, 30, 16, tzinfo=UTC)),
        ("2026-12", datetime(2026, 11, 30, 16, tzinfo=UTC), datetime(2026, 12, 31, 16, tzinfo=UTC)),
    ],
)
def test_a_month_and_a_year_are_those_of_the_branch(period: str, first: datetime, last: datetime) -> None:
    """INT-16."""
    assert span_of_period(period, "Asia/Shanghai") == (first, last)


async def test_what_is_stored_elsewhere_is_listed_beside_what_has_no_other_home(
    intake: RunningService, clock: ManualClock
) -> None:
    """INT-16: an e-mail that became a request, a second one about it, a message to the customer and a letter."""
    request = await staff.say(intake, "POST", "/requests", status=201, **REQUEST)
    clock.advance(hours=1)
    path = f"/requests/{request['id']}"
    await staff.say(intake, "POST", f"{path}/contacts", status=201, channel="email", said="还没有人来")
    await staff.say(intake, "POST", f"{path}/contacts", status=201, channel="phone", said="电话催问")
    clock.advance(hours=1)
    await staff.say(intake, "POST", f"{path}/replies", channel="email", text="明天上午上门")
    clock.advance(hours=1)
    scan = await intake.http.post(f"/customers/{request['customer']}/files", params={"name": "来函.pdf"}, content=PDF)
    letter = await file(intake, request=request["id"], files=[scan.json()["id"]])
    assert (letter["customer"], letter["serial"], letter["line"]) == (request["customer"], "RF-0001", "refrigerator")
    clock.advance(hours=1)
    sent = await file(intake, direction="out", channel="email", subject="Re: warranty", customer=request["customer"])
    answer = await intake.http.get(
        "/correspondence", params={"period": "2026-11", "branch": "BJ01"}, headers={"Accept-Language": "zh-CN"}
    )
    entries = answer.json()["items"]
    assert [(one["source"], one["direction"], one["id"]) for one in entries] == [
        ("record", "out", sent["id"]),
        ("record", "in", letter["id"]),
        ("reply", "out", request["id"]),
        ("contact", "in", request["id"]),
        ("request", "in", request["id"]),
    ]
    assert [one["subject"] for one in entries] == [
        "Re: warranty",
        LETTER["subject"],
        "明天上午上门",
        "还没有人来",
        REQUEST["description"],
    ]
    assert {one["customer_name"] for one in entries} == {"王芳"}
    assert [one["name"] for one in entries[1]["files"]] == ["来函.pdf"]
    assert (entries[4]["channel_words"], entries[4]["line_words"], entries[4]["local"][-6:]) == (
        "电子邮件",
        "冰箱",
        "+08:00",
    )
    assert await listed(intake, period="2026-10") == []


async def test_entries_are_found_by_line_customer_and_words(intake: RunningService) -> None:
    """INT-16."""
    request = await staff.say(intake, "POST", "/requests", status=201, **REQUEST)
    path = f"/requests/{request['id']}"
    await staff.say(intake, "POST", f"{path}/contacts", status=201, channel="email", said="还没有人来")
    letter = await file(intake, request=request["id"], reference="天成函 18 号")
    by_line = {"period": "2026", "line": "refrigerator", "direction": "in"}
    assert {source for source, _ in await listed(intake, **by_line)} == {"record", "contact", "request"}
    assert await listed(intake, customer=request["customer"], q="天成函") == [("record", letter["id"])]
    assert await listed(intake, customer=request["customer"], q="还没") == [("contact", request["id"])]
    assert await listed(intake, period="2026", line="lift") == []
    assert await listed(intake, period="2026", q="(.*") == [], "a text is no pattern"


async def test_a_message_to_a_customer_is_in_the_archive_in_its_words_once_it_was_sent(intake: RunningService) -> None:
    """INT-16, INT-10: by the line of its request, too."""
    await staff.staff(intake)
    number, waiting = await staff.register(intake), {"branch": "BJ01", "state": "to_send"}
    await staff.say(intake, "POST", f"/requests/{number}/escalate", reason="x", proposal="更换")
    (message,) = await eventually(lambda: staff.items(intake, "/messages", **waiting))
    about = {"period": "2026", "direction": "out", "line": "refrigerator"}
    assert await listed(intake, **about) == []
    while message["channel"] == "phone":
        await staff.say(intake, "POST", f"/messages/{message['id']}/failed", channel="phone", why="无人接听")
        (message,) = await eventually(lambda: staff.items(intake, "/messages", **waiting))
    await staff.say(intake, "POST", f"/messages/{message['id']}/sent", channel=message["channel"])
    (entry,) = await staff.items(intake, "/correspondence", **about)
    assert (entry["source"], entry["id"], entry["request"]) == ("message", message["id"], number)
    assert number in entry["subject"] or "王芳" in entry["subject"]


async def test_pages_leave_nothing_out_and_show_nothing_twice(intake: RunningService) -> None:
    """INT-16: although all came at the same time, from several collections."""
    for _ in range(3):
        await file(intake, branch="BJ01")
        await staff.say(intake, "POST", "/requests", status=201, **REQUEST)
    seen: list[str] = []
    cursor: dict[str, str] = {}
    for _ in range(6):
        page = await staff.ask(intake, "/correspondence", period="2026-11", limit=2, **cursor)
        seen += [one["id"] for one in page["items"]]
        if page["next"] is None:
            break
        cursor = {"cursor": page["next"]}
    assert len(seen) == len(set(seen)) == 6


async def test_what_cannot_be_filed_is_refused_with_the_reason(intake: RunningService) -> None:
    """INT-16."""
    request = await staff.say(intake, "POST", "/requests", status=201, **REQUEST)
    other = {"name": "李雷", "phone": "13900139000", "address": "x", "branch": "BJ01"}
    lei = await staff.say(intake, "POST", "/customers", status=201, **other)
    scan = await intake.http.post(f"/customers/{request['customer']}/files", params={"name": "a.pdf"}, content=PDF)
    mine = {"files": [scan.json()["id"]]}
    assert await file(intake, status=422) == "correspondence.branch_missing"
    assert await file(intake, status=422, branch="BJ01", **mine) == "correspondence.files_of_nobody"
    assert await file(intake, status=409, customer=lei["id"], **mine) == "file.of_another_customer"
    of_another = await file(intake, status=409, customer=lei["id"], request=request["id"])
    assert of_another == "correspondence.request_of_another"
    assert await file(intake, status=409, branch="BJ01", at="2027-01-01T00:00:00Z") == "correspondence.in_future"
    assert await file(intake, status=422, branch="BJ01", line="flying carpet") == "catalogue.word_unknown"
    assert (await file(intake, branch="BJ01", line="冰箱", text=" ", reference=""))["line"] == "refrigerator"
    wide = await intake.http.get("/correspondence", headers={"Accept-Language": "zh-CN"})
    assert (wide.status_code, wide.json()["code"]) == (422, "correspondence.too_wide")
    assert (await intake.http.get("/correspondence", params={"period": "2026-13"})).status_code == 422


async def test_the_file_has_words_and_local_times_and_names_only_if_asked(intake: RunningService) -> None:
    """INT-16, ALL-6; and no cell is a formula."""
    request = await staff.say(intake, "POST", "/requests", status=201, **REQUEST)
    await file(intake, customer=request["customer"], subject="=1+1")

    async def export(**more: Any) -> list[dict[str, str]]:
        answer = await intake.http.get(
            "/correspondence/export", params={"period": "2026"} | more, headers={"Accept-Language": "zh-CN"}
        )
        assert answer.status_code == 200, answer.text
        return list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"))))

    rows = await export()
    assert {row["主题"] for row in rows} == {"'=1+1", REQUEST["description"]}
    assert [row["服务单号"] for row in rows if row["主题"] == REQUEST["description"]] == [request["id"]]
    assert "王芳" not in str(rows)
    assert {row["客户"] for row in await export(with_customer=True)} == {"王芳"}
