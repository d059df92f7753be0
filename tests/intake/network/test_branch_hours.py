"""When a branch is open, and why it is not, by HTTP (ALL-2, ALL-3)."""

from typing import Any

from aftersales.testing.system import RunningService

PLACE: dict[str, Any] = {"name": "北京", "zone": "Asia/Shanghai", "location": {"lat": 39.9, "lon": 116.4}}
HOURS: dict[str, Any] = {
    "week": ["09:00-18:00"] * 5 + ["", ""],
    "holidays": "CN",
    "days": [{"day": "2026-10-08", "why": "盘点"}],
}
WEEK = {"from": "2026-10-06T17:00:00+08:00", "to": "2026-10-10T10:00:00+08:00"}


async def _spans(intake: RunningService) -> list[tuple[str, str, bool, str, str]]:
    answer = await intake.http.get("/branches/BJ01/hours", params=WEEK)
    assert answer.status_code == 200, answer.text
    fields = ("start", "end", "open", "why", "detail")
    assert all(span["decree_known"] for span in answer.json())
    return [tuple(span[field] for field in fields) for span in answer.json()]


async def test_all_3_the_hours_of_a_branch_are_told_with_the_reasons(intake: RunningService) -> None:
    assert await _spans(intake) == [("2026-10-06T09:00:00Z", "2026-10-10T02:00:00Z", True, "open", "")]
    answer = await intake.http.put("/branches/BJ01", json=PLACE | {"hours": HOURS})
    assert answer.status_code == 200, answer.text
    assert await _spans(intake) == [
        ("2026-10-06T09:00:00Z", "2026-10-06T16:00:00Z", False, "holiday", "休息日（由 2026-09-20 调休）"),  # noqa: RUF001
        ("2026-10-06T16:00:00Z", "2026-10-07T16:00:00Z", False, "holiday", "休息日（由 2026-10-10 调休）"),  # noqa: RUF001
        ("2026-10-07T16:00:00Z", "2026-10-08T16:00:00Z", False, "special", "盘点"),
        ("2026-10-08T16:00:00Z", "2026-10-09T01:00:00Z", False, "closed", ""),
        ("2026-10-09T01:00:00Z", "2026-10-09T10:00:00Z", True, "open", ""),
        ("2026-10-09T10:00:00Z", "2026-10-10T01:00:00Z", False, "closed", ""),
        ("2026-10-10T01:00:00Z", "2026-10-10T02:00:00Z", True, "makeup", "2026-10-07"),
    ]


async def test_hours_that_are_wrong_are_named_in_the_readers_language(intake: RunningService) -> None:
    for wrong, code, words in (
        ({"week": ["9-18"] * 7}, "calendar.hours_malformed", "营业时间"),
        ({"holidays": "XX"}, "calendar.holidays_unknown", "公共假日"),
        ({"days": HOURS["days"] * 2}, "calendar.day_twice", "同一日期"),
        ({"week": ["09:00-18:00"] * 6}, "field.too_short", "至少需要 7 项"),
    ):
        form = PLACE | {"hours": HOURS | wrong}
        answer = await intake.http.put("/branches/BJ01", json=form, headers={"Accept-Language": "zh-CN"})
        assert answer.status_code == 422
        error, *_ = answer.json()["params"]["errors"]
        assert error["code"] == code
        assert error["field"].startswith("body.hours.")
        assert words in error["problem"]


async def test_a_stretch_that_cannot_be_told_is_refused(intake: RunningService) -> None:
    for branch, since, until, status, code in (
        ("BJ01", "2026-10-02T00:00:00Z", "2026-10-01T00:00:00Z", 422, "calendar.range_malformed"),
        ("BJ01", "2026-10-01T00:00:00Z", "2026-10-01T00:00:00Z", 422, "calendar.range_malformed"),
        ("BJ01", "2026-01-01T00:00:00Z", "2026-04-03T00:00:01Z", 422, "calendar.range_malformed"),
        ("BJ01", "9999-10-01T00:00:00Z", "9999-10-02T00:00:00Z", 422, "calendar.out_of_range"),
        ("XX99", "2026-10-01T00:00:00Z", "2026-10-02T00:00:00Z", 404, "branches.unknown"),
    ):
        answer = await intake.http.get(f"/branches/{branch}/hours", params={"from": since, "to": until})
        assert (answer.status_code, answer.json()["code"]) == (status, code)
