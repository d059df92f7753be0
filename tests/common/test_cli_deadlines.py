"""`aftersales sla explain`, as a desk runs it, on real services: why a deadline is when it is (ALL-3)."""

import pytest
from common.cli_house import NOBODY, ROWS, open_house

from aftersales.common.policy.presets import texts
from aftersales.common.testing import ManualClock, eventually
from aftersales.dispatch.domain.order import WorkOrder

FORM = {
    "branch": "SH01",
    "channel": "phone",
    "customer": {"name": "王芳", "phone": "13800138000", "address": "南京路 1 号"},
    "product": {"serial": "RF-1", "model": "BCD-258", "line": "refrigerator"},
    "fault": "not_cooling",
}


@pytest.fixture(scope="module")
async def aftersales(urls):
    async with open_house(urls, ManualClock(), ROWS[:2]) as program:
        place = {"name": "上海", "zone": "Asia/Shanghai", "location": {"lat": 31.23, "lon": 121.45}}
        await program.house.intake.http.put("/branches/SH01", json=place)
        yield program


async def test_a_desk_is_told_how_the_deadlines_of_a_request_came_about(aftersales):
    number = (await aftersales.house.intake.http.post("/requests", json=FORM)).json()["id"]
    order = number.replace("SR", "WO")

    async def opened():
        return await aftersales.house.dispatch.get(WorkOrder, order)

    await eventually(opened)
    told = await aftersales("sla", "explain", order.lower(), "--json")
    shown = await aftersales("--lang", "zh-Hans", "sla", "explain", order)

    assert told.code == 0, told.err
    (deadline,) = told.json
    assert deadline["document"] == order
    lines = deadline["explanation"]["lines"]
    assert [line["kind"] for line in lines] == ["counted"]
    assert lines[-1]["end"] == deadline["explanation"]["clock"]["deadline"] == "2026-11-23T01:15:00Z"
    assert "派工" in shown.out
    assert "截止 2026-11-23 09:15:00" in shown.out

    apart = await aftersales("--url", f"feedback={NOBODY}", "sla", "explain", number, "--json")
    assert apart.code == 2
    assert [one["document"] for one in apart.json] == [number, order], "a silent service does not hide the others"
    assert "feedback does not answer" in apart.err


@pytest.mark.parametrize(("number", "code"), [("WO-261122-0000", 1), ("fridge", 2)])
async def test_a_number_that_leads_nowhere_is_said_in_words(aftersales, number, code):
    done = await aftersales("sla", "explain", number)
    assert done.code == code
    assert number.upper() in done.err
    assert done.out == ""


async def test_all_1_a_branch_that_nobody_knows_is_named_and_one_of_a_draft_is_not(aftersales, tmp_path):
    draft = tmp_path / "draft.yaml"
    draft.write_text(texts()["property"].replace("lines: [", "branches: [sh-02], lines: ["), "utf-8")
    unknown = await aftersales("policy", "explain", "--branch", "nope")
    known = await aftersales("policy", "explain", "--branch", "SH01", "--json")
    planned = await aftersales("policy", "explain", "--branch", "sh-02", "--file", draft)

    assert (unknown.code, unknown.out) == (1, "")
    assert "There is no branch nope." in unknown.err
    assert (known.code, known.json["name"]) == (0, "enterprise")
    assert planned.code == 0
