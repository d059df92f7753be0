"""Intake's own clocks as a whole: by HTTP, events and timers, to Prometheus and to the people told (ALL-3, INT-8)."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from aftersales.intake.office.domain.digest import Digest
from aftersales.intake.requests.domain.request import ServiceRequest
from aftersales.testing import ManualClock, eventually
from aftersales.testing.system import RunningService, RunningSystem

Say = dict[str, Callable[..., Any]]
FORM: dict[str, Any] = {
    "branch": "BJ01",
    "channel": "phone",
    "customer": {"name": "王芳", "phone": "13800138000", "address": "朝阳区建国路 1 号"},
    "product": {"serial": "SV-0001", "model": "X1", "line": "server"},
    "fault": "no-power",
}
SHIRT = {"product": {"serial": "AP-0001", "model": "S", "line": "apparel"}, "kind": "consultation"}
HOUR = timedelta(hours=1)


async def _post(intake: RunningService, path: str, body: Any, status: int = 200) -> dict[str, Any]:
    answer = await intake.http.post(path, json=body, headers={"X-Actor": "desk-7"})
    assert answer.status_code == status, answer.text
    said: dict[str, Any] = answer.json()
    return said


async def _register(intake: RunningService, **changes: Any) -> str:
    return str((await _post(intake, "/requests", FORM | {"description": "x"} | changes, 201))["id"])


def _clock(request: dict[str, Any], stage: str) -> dict[str, Any]:
    found: list[dict[str, Any]] = [clock for clock in request["clocks"] if clock["stage"] == stage]
    return found[-1]


async def _clocks(intake: RunningService, number: str) -> dict[str, Any]:
    request: ServiceRequest = await intake.get(ServiceRequest, number)
    return {clock.key: clock for clock in request.clocks}


async def test_int_8_the_desk_answers_and_is_told_by_when(intake: RunningService, clock: ManualClock) -> None:
    number = await _register(intake, **SHIRT)
    clock.advance(minutes=1)
    referred = await _post(
        intake, f"/requests/{number}/replies", {"channel": "chat", "text": "我查一下", "refer": True}
    )
    announced = datetime.fromisoformat(referred["answers"][0]["answer_by"])
    review = (f"/requests/{number}/review", {"remark": "齐全"})
    refused = await intake.http.post(review[0], json=review[1], headers={"x-actor": "desk-7"})
    assert (refused.status_code, refused.json()["code"]) == (409, "request.review_by_registrar")
    answer = await intake.http.post(review[0], json=review[1], headers={"x-actor": "desk-8"})
    reviewed = answer.json()
    closed = await _post(intake, f"/requests/{number}/replies", {"channel": "chat", "text": "可换", "final": True})

    assert referred["policy"] == "e-commerce@0"
    assert _clock(referred, "first_reply")["outcome"] == "met"
    assert announced == clock.now() + 24 * HOUR
    assert (_clock(reviewed, "review")["outcome"], reviewed["reviewed_by"]) == ("met", "desk-8")
    assert (closed["state"], {one["outcome"] for one in closed["clocks"]}) == ("closed", {"met"})
    for path, body, code in (
        ("replies", {"channel": "chat", "text": "还有"}, "request.already_closed"),
        ("review", {}, "request.already_reviewed"),
        ("priority", {"urgency": 3, "why": "急"}, "request.already_closed"),
    ):
        assert (await _post(intake, f"/requests/{number}/{path}", body, 409))["code"] == code
    visit = await _register(intake)
    final = {"channel": "phone", "text": "好", "final": True}
    assert (await _post(intake, f"/requests/{visit}/replies", final, 409))["code"] == "request.needs_a_visit"
    await _post(intake, f"/requests/{visit}/replies", final | {"refer": True}, 422)


async def test_int_8_a_key_customer_is_answered_within_twelve_hours(intake: RunningService) -> None:
    key = FORM["customer"] | {"phone": "13800138001", "branch": "BJ01", "vip": {"team": "team-1"}}
    await _post(intake, "/customers", key, 201)
    for phone, policy, hours in (("13800138001", "enterprise-12h@0", 12), ("13800138002", "enterprise@0", 24)):
        number = await _register(intake, customer=FORM["customer"] | {"phone": phone})
        request = await intake.get(ServiceRequest, number)
        first = (await _clocks(intake, number))["first_reply-1"]
        assert request.policy == policy
        assert first.deadline == request.registered_at + hours * HOUR


async def test_dispatch_and_inventory_move_the_clocks_of_the_request(
    built: RunningSystem, intake: RunningService, clock: ManualClock, say: Say
) -> None:
    """INT-8: somebody is sent; ALL-3, INV-13: waiting for a part does not count; each event comes twice."""
    number = await _register(intake)
    began = clock.now()
    for hours, word, *version in ((1, "accepted"), (1, "short", 3), (48, "reserved", 4), (0, "short", 2)):
        at = clock.advance(hours=hours)
        for _ in range(2):
            await intake.deliver(say[word](1, *version, request=number, at=at), id=f"{word}-{version}")
        await built.quiet()
    clocks = await _clocks(intake, number)

    assert clocks["resolve-1"].deadline == began + 24 * HOUR + 2 * 24 * HOUR
    assert [(pause.since, pause.until) for pause in clocks["resolve-1"].pauses] == [
        (began + 2 * HOUR, began + 50 * HOUR)
    ]
    assert (clocks["confirm-1"].outcome, clocks["confirm-1"].ended_at) == ("met", began + HOUR)


async def test_all_3_what_is_at_risk_or_late_is_seen_by_prometheus_and_told_to_its_owner(
    built: RunningSystem, intake: RunningService, clock: ManualClock
) -> None:
    number = await _register(intake)
    clock.advance(hours=12)

    async def told() -> Any:
        page = (await intake.http.get("/digests", params={"owner": "desk-7"})).json()["items"]
        return page[0] if page and page[0]["warned"] == 6 and page[0]["breached"] == 1 else None

    digest = await eventually(told)
    await built.quiet()
    assert {(item["stage"], item["kind"]) for item in digest["items"]} == {
        ("confirm", "breached"),
        ("first_reply", "warned"),
        ("resolve", "warned"),
        ("review", "warned"),
    }
    assert {item["request"] for item in digest["items"]} == {number}
    assert {one.owner for one in await intake.find(Digest) if "@" in one.owner} == {
        "owner@BJ01",
        "supervisor@BJ01",
        "centre@BJ01",
        "headquarters@BJ01",
    }
    lines = set((await intake.metrics()).splitlines())
    for line in (
        'aftersales_sla_open_items{branch="BJ01",stage="confirm",state="overdue"} 1.0',
        'aftersales_sla_open_items{branch="BJ01",stage="resolve",state="on_track"} 1.0',
        'aftersales_sla_deadlines_total{branch="BJ01",outcome="breached",stage="confirm"} 1.0',
    ):
        assert line in lines, line


async def test_int_2_a_small_shop_reviews_its_own_forms_where_the_policy_allows_it(intake: RunningService) -> None:
    number = await _register(intake, product={"serial": "FZ-9", "model": "BD-1", "line": "freezer"}, kind="repair")
    reviewed = await _post(intake, f"/requests/{number}/review", {})
    assert (reviewed["policy"], reviewed["registered_by"], reviewed["reviewed_by"]) == (
        "appliance@0",
        "desk-7",
        "desk-7",
    )
