"""Customers see the true state of their own request and complaint (INT-11)."""

from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from aftersales.common.events.dispatch import (
    DispatchDueChanged,
    TechnicianArrived,
    TechnicianDeparted,
    WorkPaused,
    WorkResumed,
)
from aftersales.intake.public.domain.own import read_case_number, request_step, short_name
from aftersales.intake.requests.domain.due import DueElsewhere
from aftersales.intake.requests.domain.request import ServiceRequest
from aftersales.testing import ManualClock, eventually
from aftersales.testing.system import RunningService

FORM: dict[str, Any] = {
    "branch": "BJ01",
    "channel": "phone",
    "customer": {"name": "王芳", "phone": "13800138000", "address": "朝阳区建国路 1 号"},
    "product": {"serial": "RF-0001", "model": "BCD-258", "line": "refrigerator"},
    "fault": "not_cooling",
}
COMPLAINT: dict[str, Any] = {"name": "王芳", "phone": "138 0013 8000", "text": "师傅迟到了两个小时"}
TECHNICIAN = {"name": "马志强", "phone": "13900139000", "branch": "BJ01", "roles": ["technician"]}


async def see(intake: RunningService, path: str, locale: str = "en", tail: str = "8000") -> dict[str, Any]:
    answer = await intake.http.get(
        f"/public/{path}", params={"phone_tail": tail}, headers={"Accept-Language": locale, "X-Actor": "nobody"}
    )
    assert answer.status_code == 200, answer.text
    shown: dict[str, Any] = answer.json()
    return shown


async def reach(intake: RunningService, number: str, step: str) -> Any:
    """What the customer sees as soon as the request has reached this step."""

    async def reached() -> Any:
        found = await see(intake, f"requests/{number}")
        return found if found["step"] == step else None

    return await eventually(reached)


async def test_int_11_the_customer_sees_who_comes_when_and_how_far_they_are(
    intake: RunningService, clock: ManualClock, say: Any
) -> None:
    """F17: it said "registered" while the technician was in the house. The branch's clock is eight hours ahead."""
    assert (await intake.http.put("/people/T-9", json=TECHNICIAN)).status_code == 200
    number = (await intake.http.post("/requests", json=FORM)).json()["id"]
    start = clock.now() + timedelta(hours=1)
    window = {"appointment_start": start, "appointment_end": start + timedelta(hours=2)}
    assigned = say["assigned"](1, request=number, at=clock.now()).model_copy(update=window)
    about = {"request": number, "order": assigned.order, "branch": "BJ01", "visit": 1}
    due = DispatchDueChanged(
        subject=assigned.order,
        request=number,
        branch="BJ01",
        stage="arrival",
        due_at=start + timedelta(hours=2),
        at_risk_at=None,
        revision=1,
    )
    await intake.deliver(due)
    await intake.deliver(assigned)

    planned = await reach(intake, number, "planned")
    assert planned["appointment_start"] == "2026-11-23T10:00:00+08:00"
    assert planned["appointment_words"] == "Mon 23 Nov, 10:00–12:00"  # noqa: RUF001
    assert (planned["technician_words"], planned["promised_words"]) == ("马, our technician", "Mon 23 Nov, 12:00")
    assert planned["stage_words"] == "The technician's visit"
    chinese = await see(intake, f"requests/{number}", "zh-CN")
    assert (chinese["state_words"], chinese["technician_words"]) == ("已安排上门", "马师傅")
    assert chinese["appointment_words"] == "11月23日（周一）10:00–12:00"  # noqa: RUF001
    await intake.deliver(TechnicianDeparted(**about, at=start, technician="T-9"))
    assert (await reach(intake, number, "on_the_way"))["state_words"] == "The technician is on the way"
    await intake.deliver(TechnicianArrived(**about, at=start + timedelta(minutes=20), technician="T-9", on_time=True))
    assert (await reach(intake, number, "arrived"))["state_words"] == "The technician is at your place"
    await intake.deliver(say["short"](1, 1, request=number, at=start + timedelta(minutes=40)))
    waiting = await reach(intake, number, "waiting_part")
    assert (waiting["state_words"], waiting["appointment_words"]) == ("Waiting for a part", None)
    assert "马志强" not in str(waiting) + str(planned)
    clock.advance(hours=4)
    assert (await see(intake, f"requests/{number}"))["promised_words"] == "Mon 23 Nov, 12:00 (it is past; we are sorry)"
    await intake.deliver(say["repaired"](1, request=number))
    assert (await reach(intake, number, "repaired"))["technician_words"] is None


async def test_int_11_a_visit_that_was_broken_off_is_not_at_your_place(
    intake: RunningService, clock: ManualClock, say: Any
) -> None:
    number = (await intake.http.post("/requests", json=FORM)).json()["id"]
    assigned = say["assigned"](1, request=number, at=clock.now())
    await intake.deliver(assigned)
    about = {"request": number, "order": assigned.order, "branch": "BJ01", "visit": 1}
    start = clock.now() + timedelta(hours=1)
    await intake.deliver(TechnicianArrived(**about, at=start, technician="T-9", on_time=True))
    await reach(intake, number, "arrived")
    left, back = start + timedelta(minutes=10), start + timedelta(hours=22)
    await intake.deliver(WorkPaused(**about, at=left, reason="interrupted", owner="us", until=back))
    away = await reach(intake, number, "interrupted")
    assert away["state_words"] == "The work is interrupted; the technician will come back"
    assert away["appointment_start"] == back.astimezone(ZoneInfo("Asia/Shanghai")).isoformat()
    assert (await see(intake, f"requests/{number}", "zh-CN"))["state_words"] == "工作暂停，服务人员会再来继续"  # noqa: RUF001
    await intake.deliver(WorkPaused(**about, at=left, reason="waiting_approval", owner="us"))
    await intake.deliver(WorkResumed(**about, at=back, reason="interrupted", since=left))
    assert (await reach(intake, number, "arrived"))["appointment_words"] is None


async def test_int_11_a_technician_whom_intake_does_not_know_is_called_by_the_role(
    intake: RunningService, clock: ManualClock, say: Any
) -> None:
    number = (await intake.http.post("/requests", json=FORM)).json()["id"]
    await intake.deliver(say["assigned"](1, request=number, at=clock.now()))

    async def who() -> Any:
        return (await see(intake, f"requests/{number}", "zh-TW"))["technician_words"]

    assert await eventually(who) == "維修師傅"


async def test_int_11_a_complaint_is_looked_up_like_a_request(intake: RunningService, clock: ManualClock) -> None:
    """The page gives its number out, and did not know it."""
    number = (await intake.http.post("/public/complaints", json=COMPLAINT)).json()["number"]

    async def promised() -> Any:
        return (await see(intake, f"complaints/{number}"))["promised_by"]

    assert await eventually(promised) == "2026-11-24T09:00:00+08:00"
    shown = await see(intake, f"complaints/{number.lower()}", "zh-CN", "13800138000")
    assert shown == {
        "number": number,
        "step": "received",
        "state_words": "已收到，等待处理",  # noqa: RUF001
        "stage": "complaint_answer",
        "stage_words": "答复您的投诉",
        "promised_by": "2026-11-24T09:00:00+08:00",
        "promised_words": "11月24日（周二）09:00",  # noqa: RUF001
        "solution_promised": None,
        "solution_promised_words": None,
        "registered_on": "2026-11-23",
        "branch": "总部",
    }
    await intake.http.post(f"/complaints/{number}/take")
    assert (await see(intake, f"complaints/{number}"))["state_words"] == "Being looked into"
    await intake.http.post(
        f"/complaints/{number}/answer",
        json={"channel": "phone", "text": "已致歉", "promised_by": "2026-12-03T18:00:00+08:00"},
    )
    answered = await see(intake, f"complaints/{number}")
    assert (answered["step"], answered["stage"]) == ("answered", "complaint_verify")
    assert "已致歉" not in str(answered)


async def test_int_11_a_wrong_complaint_number_and_a_wrong_phone_are_answered_alike(intake: RunningService) -> None:
    number = (await intake.http.post("/public/complaints", json=COMPLAINT | {"website": "x"})).json()["number"]
    for wrong, tail in ((number, "8001"), ("CP-261123-ZZZZ", "8000"), ("x", "8000")):
        answer = await intake.http.get(f"/public/complaints/{wrong}", params={"phone_tail": tail})
        said = {name: answer.json()[name] for name in ("status", "code", "params")}
        assert said == {"status": 404, "code": "public.request_unknown", "params": {}}
    assert (await see(intake, f"complaints/{number}"))["step"] == "received", "not told that it looks machine-made"
    for guess in range(10):
        await intake.http.get(f"/public/complaints/{number}", params={"phone_tail": f"{guess:04}"})
    refused = await intake.http.get(f"/public/complaints/{number}", params={"phone_tail": "8000"})
    assert (refused.status_code, refused.json()["code"]) == (429, "public.whole_phone")


def test_int_11_each_state_of_a_request_has_its_own_step(registered: ServiceRequest) -> None:
    there = DueElsewhere(service="dispatch", subject="W", revision=1, stage="workshop", due_at=None, at_risk_at=None)
    for changes, step in (
        ({}, "registered"),
        ({"kind": "consultation"}, "taken_up"),
        ({"due_elsewhere": (there,)}, "workshop"),
        ({"state": "resolved"}, "repaired"),
        ({"state": "resolved", "kind": "consultation"}, "resolved"),
        ({"state": "reopened", "visit": 2}, "reopened"),
        ({"state": "closed"}, "closed"),
        ({"state": "cancelled"}, "cancelled"),
        ({"state": "cancelled", "duplicate_of": "SR-261122-0000"}, "merged"),
    ):
        assert request_step(registered.but(**changes)) == step


@pytest.mark.parametrize(
    "typed",
    ["SR-261122-7K3F", " sr-261122-7k3f ", "sr 261122 7k3f", "SR2611227K3F", "ＳＲ－２６１１２２－７Ｋ３Ｆ"],  # noqa: RUF001
)
def test_a_number_is_read_however_it_is_typed(typed: str) -> None:
    assert read_case_number(typed) == "SR-261122-7K3F"


def test_int_11_strangers_learn_no_whole_name() -> None:
    names = {"马志强": "马", "欧阳明": "欧阳", "歐陽明": "歐陽", "Maria Lopez": "Maria", " ": "", "": ""}
    assert {name: short_name(name) for name in names} == names
