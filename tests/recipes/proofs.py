"""For each recipe a test that is put into the copy, beside those of intake."""

_FORM = """\
FORM = {"branch": "BJ01", "channel": "chat", "fault": "no-cooling", "customer": {
    "name": "王芳", "phone": "13800138000", "address": "建国路 1 号"}}

def form(serial, **more):
    return FORM | {"product": {"serial": serial, "model": "BCD-258", "line": "refrigerator"}} | more

"""
FIELD = (
    _FORM
    + """\
async def test_it_is_kept(intake):
    answer = await intake.http.post("/requests", json=form("RF-1", colour="红"))
    assert answer.status_code == 201, answer.text
    shown = await intake.http.get(f"/requests/{answer.json()['id']}")
    assert shown.json()["colour"] == "红"
"""
)
FILTER = (
    _FORM
    + """\
from aftersales.common.events.intake import RequestRegistered

async def test_it_is_published_and_listed(intake, heard):
    for serial, colour in (("RF-1", "红"), ("RF-2", "蓝")):
        answer = await intake.http.post("/requests", json=form(serial, colour=colour))
        assert answer.status_code == 201, answer.text
    found = (await intake.http.get("/requests", params={"colour": "蓝"})).json()["items"]
    assert [item["product"]["serial"] for item in found] == ["RF-2"]
    assert [event.colour for event in await heard(RequestRegistered)] == ["红", "蓝"]
"""
)
STATE = """\
from datetime import UTC, datetime

from aftersales.intake.recalls.domain import RecallCase, RecallForm, count_move, open_recall, take_step

NOW = datetime(2026, 11, 22, tzinfo=UTC)

def test_a_case_reaches_it_and_is_counted():
    case = RecallCase(id="RC|RF", branch="b", recall="RC", product="RF", model="m", customer="c", state="told")
    assert take_step(case, "scrapped", "", "x", NOW).state == "scrapped"
    form = {"kind": "recall", "title": "x", "why": "x", "remedy": "x", "models": ["m"], "starts_on": "2026-11-22"}
    recall = open_recall("RC", RecallForm.model_validate(form), NOW)[0].but(counts={"told": 20}, cursor=None)
    after, _ = count_move(recall.but(counts={"told": 19, "done": 1}), "told", "scrapped", NOW)
    assert (after.counts["scrapped"], after.total) == (1, 20)
    _, (event,) = count_move(after, "told", "done", NOW)
    assert event.counts.scrapped == 1
"""
EVENT = (
    _FORM
    + """\
from contracts.generate import main

from aftersales.common.events.intake import RequestPainted

async def test_it_is_published(intake, heard):
    assert (await intake.http.post("/requests", json=form("RF-1"))).status_code == 201
    assert len(await heard(RequestPainted)) == 1

def test_its_schema_and_pages_are_written():
    assert main([]) == 0
    assert main(["--check"]) == 0
"""
)
STAGE = """\
from aftersales.intake.requests.domain.registration import Taken, register_request
from aftersales.intake.requests.domain.request import Ground

def test_a_policy_can_start_its_clock(form, archive, ground, now):
    stages = ground.policy.stages | {"estimate": ground.policy.stages["review"]}
    policy = ground.policy.model_copy(update={"stages": stages})
    taken = Taken("desk-7", now)
    request, _ = register_request("SR-261122-7K3F", form(), archive, taken, Ground(ground.branch, policy))
    assert "estimate" in {clock.stage for clock in request.clocks}
"""
