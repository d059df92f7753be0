"""Boards, and lists as files, on a real MongoDB."""

import csv
import io
from datetime import timedelta
from typing import Any

from intake import staff
from intake.many import NOW, due, request, store
from python_calamine import CalamineWorkbook

from aftersales.intake.requests.api.boards import counting_pipeline
from aftersales.testing.system import RunningService


async def test_a_board_counts_from_an_index_alone(intake: RunningService) -> None:
    """ALL-3: no request is read for it, however many there are."""
    await store(intake, *(request(n, **due(n % 7)) for n in range(50)))
    database: Any = intake.runtime.mongo._db
    pipeline = {"aggregate": "requests", "pipeline": counting_pipeline("BJ01", NOW), "cursor": {}}
    plan = await database.command("explain", pipeline, verbosity="executionStats")
    figures = plan.get("executionStats") or plan["stages"][0]["$cursor"]["executionStats"]
    assert (figures["totalDocsExamined"], figures["totalKeysExamined"]) == (0, 50)


async def test_a_board_shows_what_is_open_by_stage_and_owner(intake: RunningService, clock: Any) -> None:
    """ALL-3."""
    assert clock.now() == NOW
    await store(
        intake,
        request(1, owner="desk-1", **due(-1, "reply")),
        request(2, owner="desk-1", **due(0.5, "reply")),
        request(3, owner="desk-2", **due(5, "visit")),
        request(4, owner="desk-2", **due(None, "visit")),
        request(5, owner="desk-2"),
        request(6, branch="SH01", **due(-1)),
        request(7, state="closed", open=False),
    )
    board = (await intake.http.get("/boards/branch/BJ01")).json()
    none = {"on_track": 0, "at_risk": 0, "overdue": 0, "paused": 0}
    assert board["stages"] == {
        "-": none | {"on_track": 1},
        "reply": none | {"overdue": 1, "at_risk": 1},
        "visit": none | {"on_track": 1, "paused": 1},
    }
    assert board["owners"] == {
        "desk-1": none | {"overdue": 1, "at_risk": 1},
        "desk-2": none | {"on_track": 2, "paused": 1},
    }
    assert (board["open"], board["oldest"]["id"]) == (5, "SR-261122-0001")
    assert board["next_due_at"] == "2026-11-23T00:00:00Z"
    assert (await intake.http.get("/boards/branch/XX99")).json()["code"] == "branches.unknown"


async def test_a_branch_with_nothing_open_has_an_empty_board(intake: RunningService) -> None:
    board = (await intake.http.get("/boards/branch/BJ01")).json()
    assert (board["open"], board["stages"], board["owners"]) == (0, {}, {})
    assert (board["oldest"], board["next_due_at"]) == (None, None)


async def test_a_list_is_exported_in_the_readers_language_with_nothing_that_runs(intake: RunningService) -> None:
    """Words instead of codes, and times of the branch; by default no name, phone or address (ALL-6)."""
    await store(intake, request(1, description="=1+1", **due(2, "arrival")), request(2, branch="SH01"))
    params: dict[str, Any] = {"branch": "BJ01"}
    answer = await intake.http.get("/requests/export", params=params, headers={"Accept-Language": "zh-TW"})
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    (line,) = _lines(answer)
    assert (line["服務單號"], line["故障描述"]) == ("SR-261122-0001", "'=1+1")
    assert (line["到期時間"], line["時區"]) == ("2026-11-23 11:00:00", "Asia/Shanghai")
    said = {"狀態": "已登記", "類型": "維修", "管道": "電話", "產品線": "冰箱", "故障": "不製冷", "負責人": "desk-7"}
    assert said.items() <= line.items()
    assert "建国路" not in answer.text


async def test_an_export_for_people_who_need_it_has_the_customer(intake: RunningService) -> None:
    """ALL-6: only if it is asked for; times are those of each branch."""
    await staff.say(intake, "PUT", "/branches/UR01", **staff.PLACE | {"name": "Ürümqi", "zone": "Asia/Urumqi"})
    owner = await staff.say(intake, "POST", "/customers", status=201, branch="BJ01", name="王芳", phone="13800138001")
    await store(intake, request(1, customer=owner["id"], **due(2)), request(2, branch="UR01", customer=owner["id"]))
    both = {line["Number"]: line for line in _lines(await intake.http.get("/requests/export?with_customer=true"))}
    assert {(line["Customer"], line["Phone"]) for line in both.values()} == {("王芳", "'+8613800138001")}
    there = both["SR-261122-0002"]
    assert (there["Branch"], there["Registered"], there["Time zone"]) == (
        "Ürümqi",
        "2026-11-23 07:02:00",
        "Asia/Urumqi",
    )


async def test_rows_are_read_without_looking_anything_up(intake: RunningService) -> None:
    """INT-2: words, names and local times; the filters and pages of the list."""
    owner = await staff.say(intake, "POST", "/customers", status=201, branch="BJ01", name="王芳", phone="13800138001")
    await staff.staff(intake)
    await store(intake, *(request(n, customer=owner["id"], **due(n, "arrival")) for n in (1, 2)))
    page = (await intake.http.get("/requests/rows?open=true&limit=1")).json()
    (row,) = page["items"]
    said = {"kind_words": "Repair", "line_words": "Refrigerator", "owner_name": "钱一", "customer_name": "王芳"}
    assert said.items() <= row.items()
    assert row["registered_local"] == "2026-11-23T09:01:00+08:00"
    after = (await intake.http.get("/requests/rows", params={"open": True, "cursor": page["next"]})).json()
    assert [row["request"] for row in after["items"]] == ["SR-261122-0002"]


async def test_one_row_is_what_a_clerk_tells_the_customer(intake: RunningService) -> None:
    """INT-2, INT-6: payer and reason, promises in words and at the branch's local time, in the reader's language."""
    await staff.staff(intake)
    path = f"/requests/{await staff.register(intake)}/row"
    for language, kind, why, promises in (
        ("zh-Hans", "维修", "冰箱免费维修承诺", ["当日审阅"]),
        ("en", "Repair", "Refrigerator repairs are never charged", ["review"]),
    ):
        row = (await intake.http.get(path, headers={"accept-language": language})).json()
        assert (row["kind_words"], row["cover"]["why"]) == (kind, why)
        assert row["cover"]["labour"] == "free"
        assert [promise["words"] for promise in row["promises"]] == promises
        assert all(promise["due_local"].endswith("+08:00") for promise in row["promises"])
    assert (await intake.http.get("/requests/SR-261122-ZZZZ/row")).status_code == 404
    washer = {"serial": "WM-0001", "line": "washing-machine", "purchased_on": "2015-01-01"}
    rush = await staff.register(intake, product=washer, fault="no-spin", rush=True)
    row = (await intake.http.get(f"/requests/{rush}/row", headers={"accept-language": "en"})).json()
    assert row["cover"]["surcharges"] == ["Rush work: labour and travel cost 30 % more"]


def _lines(answer: Any) -> list[dict[str, str]]:
    titles, *lines = csv.reader(io.StringIO(answer.content.decode("utf-8-sig"), newline=""))
    return [dict(zip(titles, line, strict=True)) for line in lines]


async def test_an_export_holds_every_request_once_whatever_the_format(intake: RunningService) -> None:
    await store(intake, *(request(n, **due(n % 3)) for n in range(1100)))
    for format in ("csv", "xlsx"):
        answer = await intake.http.get("/requests/export", params={"open": True, "format": format})
        assert answer.headers["content-disposition"] == f'attachment; filename="requests.{format}"'
        if format == "csv":
            lines: list[Any] = list(csv.reader(io.StringIO(answer.content.decode("utf-8-sig"), newline="")))
        else:
            lines = CalamineWorkbook.from_filelike(io.BytesIO(answer.content)).get_sheet_by_index(0).to_python()
        assert lines[0][0] == "Number"
        assert sorted(line[0] for line in lines[1:]) == [f"SR-261122-{n:04d}" for n in range(1100)]


async def test_too_much_for_one_file_is_refused_with_what_to_do(intake: RunningService) -> None:
    settings: Any = intake.runtime.service.settings
    assert settings.export_most == 100_000
    settings.export_most = 3
    await store(intake, *(request(n) for n in range(4)))
    refused = await intake.http.get("/requests/export")
    assert (refused.status_code, refused.json()["code"], refused.json()["params"]) == (
        409,
        "export.too_many",
        {"most": 3},
    )
    assert "registered_from" in refused.json()["detail"]
    narrower = {"registered_from": (NOW + timedelta(minutes=1)).isoformat()}
    assert (await intake.http.get("/requests/export", params=narrower)).status_code == 200
