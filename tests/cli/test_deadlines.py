"""`aftersales sla explain`, as a desk runs it, on real services: why a deadline is when it is (ALL-3)."""

import pytest
from cli.system import NOBODY, ROWS, open_system

from aftersales.dispatch.orders.domain.order import WorkOrder
from aftersales.policy.presets import load_presets, preset_texts
from aftersales.testing import ManualClock, eventually

FORM = {
    "branch": "SH01",
    "channel": "phone",
    "customer": {"name": "王芳", "phone": "13800138000", "address": "南京路 1 号"},
    "product": {"serial": "RF-1", "model": "BCD-258", "line": "refrigerator"},
    "fault": "no-cooling",
}


@pytest.fixture(scope="module")
async def aftersales(urls):
    async with open_system(urls, ManualClock(), ROWS[:2]) as program:
        place = {"name": "上海", "zone": "Asia/Shanghai", "location": {"lat": 31.23, "lon": 121.45}}
        await program.system.intake.http.put("/branches/SH01", json=place)
        yield program


async def test_a_desk_is_told_how_the_deadlines_of_a_request_came_about(aftersales):
    number = (await aftersales.system.intake.http.post("/requests", json=FORM)).json()["id"]
    order = number.replace("SR", "WO")

    async def opened():
        return await aftersales.system.dispatch.get(WorkOrder, order)

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


def by_office_hours():
    """A policy of the branch: somebody is sent within eight of its hours, in danger within two round the clock."""
    appliance = next(policy for policy in load_presets() if policy.name == "appliance")
    policy = appliance.model_dump(mode="json", exclude={"version"})
    danger = {"emergency": {"target": "PT2H", "calendar": "always"}}
    policy["stages"]["dispatch"] |= {"target": "PT8H", "calendar": "branch", "cases": danger}
    return policy | {"name": "sh-02", "scope": {"branches": ["SH02"]}}


async def test_a_desk_is_told_by_which_hours_the_time_before_a_change_counted(aftersales):
    """INT-5: danger in the lunch break, on a branch of its own."""
    intake = aftersales.system.intake.http
    hours = {"week": ["08:00-09:00 13:00-18:00"] * 7}
    place = {"name": "上海二店", "zone": "Asia/Shanghai", "location": {"lat": 31.2, "lon": 121.4}, "hours": hours}
    await intake.put("/branches/SH02", json=place)
    assert (await intake.post("/policies", json=by_office_hours())).status_code == 201
    number = (await intake.post("/requests", json=FORM | {"branch": "SH02"})).json()["id"]
    order = number.replace("SR", "WO")
    danger = {"urgency": 1, "danger": True, "why": "漏电 smoke"}
    await intake.post(f"/requests/{number}/priority", json=danger, headers={"X-Actor": "desk-7"})

    async def changed():
        found = await aftersales.system.dispatch.get(WorkOrder, order)
        return found and found.clocks[0].retargets

    await eventually(changed)
    shown = await aftersales("--lang", "zh-Hans", "sla", "explain", order)
    assert "由 desk-7 改按另一工作时间计算" in shown.out, shown.out
    assert "原时限为 8:00:00" in shown.out
    assert "截止 2026-11-23 11:00:00" in shown.out


async def test_all_7_the_deadline_of_a_shift_handover_is_explained(aftersales):
    intake = aftersales.system.intake.http
    await intake.post("/requests", json=FORM)
    await intake.put("/people/night-1", json={"name": "夜班", "branch": "SH01", "roles": ["duty_officer"]})
    shift = {"branch": "SH01", "shift": "白班", "from_person": "day-1", "to_person": "night-1"}
    made = await intake.post("/handovers", json=shift | {"ends_at": "2026-11-23T01:00:00Z"})
    assert made.status_code == 201, made.text
    shown = await aftersales("--lang", "zh-Hans", "sla", "explain", made.json()["id"])
    assert "截止 2026-11-23 12:00:00" in shown.out, shown.err


@pytest.mark.parametrize(("number", "code"), [("WO-261122-0000", 1), ("fridge", 2)])
async def test_a_number_that_leads_nowhere_is_said_in_words(aftersales, number, code):
    done = await aftersales("sla", "explain", number)
    assert done.code == code
    assert number.upper() in done.err
    assert done.out == ""


async def test_all_1_a_branch_that_nobody_knows_is_named_and_one_of_a_draft_is_not(aftersales, tmp_path):
    draft = tmp_path / "draft.yaml"
    draft.write_text(preset_texts()["property"].replace("lines: [", "branches: [sh-02], lines: ["), "utf-8")
    unknown = await aftersales("policy", "explain", "--branch", "nope")
    known = await aftersales("policy", "explain", "--branch", "SH01", "--json")
    planned = await aftersales("policy", "explain", "--branch", "sh-02", "--file", draft)

    assert (unknown.code, unknown.out) == (1, "")
    assert "There is no branch nope." in unknown.err
    assert (known.code, known.json["name"]) == (0, "enterprise")
    assert planned.code == 0
