"""Steps of the desk, and promises that the customer can move (ALL-3, INT-1, INT-8, DSP-8, FBK-3, FBK-4)."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from pydantic import ValidationError

from aftersales.common.events.dispatch import AppointmentMoved, WorkPaused, WorkResumed
from aftersales.common.events.intake import RequestAnswered
from aftersales.intake.requests.domain import progress, steps
from aftersales.intake.requests.domain.answers import Reply, Reprioritise, record_reply, reprioritise_request
from aftersales.intake.requests.domain.form import RegisterRequest
from aftersales.intake.requests.domain.registration import Archive, Taken, register_request
from aftersales.intake.requests.domain.request import Ground, ServiceRequest, tick_request
from aftersales.intake.requests.domain.steps import RecordStep
from aftersales.policy.presets import load_presets
from aftersales.policy.sla import SlaClock
from aftersales.testing import ManualClock
from aftersales.testing.system import RunningService
from aftersales.values.errors import DomainError, NotYet

NOW = datetime(2026, 11, 22, 4, 0, tzinfo=UTC)
"""Noon in Beijing, a Sunday."""
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
Take = Callable[..., ServiceRequest]
Under = Callable[[str], Ground]
Place = tuple[Archive, Ground]


def _clock(request: ServiceRequest, stage: str) -> SlaClock:
    return [clock for clock in request.clocks if clock.stage == stage][-1]


def _step(request: ServiceRequest, step: str, at: datetime, ground: Ground, **said: Any) -> ServiceRequest:
    form = RecordStep.model_validate({"step": step, **said})
    return steps.record_step(request, form, "desk-7", at, ground)[0]


def _local(text: str) -> datetime:
    return datetime.fromisoformat(f"{text}+08:00")


def test_int_1_a_customer_who_was_not_reached_is_tried_again_by_the_next_day(take: Take, under: Under) -> None:
    request = _step(take("appliance"), "customer_not_reached", NOW, under("appliance"), note="无人接听")
    assert _clock(request, "contact_again").deadline == _local("2026-11-23T23:59")
    again = _step(request, "customer_not_reached", NOW + 5 * HOUR, under("appliance"))
    assert _clock(again, "contact_again").deadline == _local("2026-11-23T23:59"), "the first deadline stays"
    said = Reply(channel="phone", text="明天上门")
    reached, _ = record_reply(again, said, "desk-7", NOW + 6 * HOUR, under("appliance"))
    assert _clock(reached, "contact_again").outcome == "met"
    third = _step(reached, "customer_not_reached", NOW + DAY, under("appliance"))
    assert _clock(third, "contact_again").deadline == _local("2026-11-24T23:59")
    assert [step.step for step in third.steps] == ["customer_not_reached"] * 3
    assert "contact_again" not in {mark.stage for mark in tick_request(reached, NOW + 3 * DAY)[1]}  # type: ignore[attr-defined]


@pytest.mark.parametrize("kind", ["complaint", "return", "exchange", "compensation"])
@pytest.mark.parametrize("channel", ["phone", "letter", "suggestion_box", "walk_in"])
def test_fbk_3_a_complaint_is_answered_in_a_day_and_verified_in_three_working_days(
    take: Take, under: Under, kind: str, channel: str
) -> None:
    """The weekend of the branch does not count: from Sunday, three working days are until Wednesday."""
    ground = under("enterprise")
    request = take("enterprise", kind=kind, channel=channel, details={"reason": "坏了"})
    assert _clock(request, "complaint_answer").deadline == NOW + DAY
    assert _clock(request, "complaint_verify").deadline == _local("2026-11-25T23:59")
    said = Reply(channel="phone", text="已受理", promised_by=NOW + 2 * DAY)
    answered, _ = record_reply(request, said, "desk-7", NOW + HOUR, ground)
    assert _clock(answered, "complaint_answer").outcome == "met"
    verified = _step(answered, "complaint_verified", NOW + 2 * HOUR, ground, note="属实")
    assert _clock(verified, "complaint_verify").outcome == "met"


def test_fbk_3_a_question_that_must_be_checked_is_no_answer_to_a_complaint(take: Take, under: Under) -> None:
    request = take("e-commerce", kind="complaint")
    told, _ = record_reply(
        request, Reply(channel="chat", text="查一下", refer=True), "d", NOW + HOUR, under("e-commerce")
    )
    assert _clock(told, "complaint_answer").ended_at is None


def test_fbk_3_a_serious_complaint_is_followed_up_every_half_hour(take: Take, under: Under) -> None:
    ground = under("e-commerce")
    request = _step(take("e-commerce", kind="complaint"), "complaint_marked_serious", NOW, ground)
    for half in range(1, 4):
        assert _clock(request, "complaint_followup").deadline == NOW + half * HOUR / 2
        request = _step(request, "complaint_followed_up", NOW + half * HOUR / 2, ground)
    ends = [clock.outcome for clock in request.clocks if clock.stage == "complaint_followup"]
    assert ends == ["met", "met", "met", "open"]


def test_fbk_3_a_promised_timetable_is_a_clock(take: Take, under: Under) -> None:
    ground = under("property")
    request = _step(take("property", kind="complaint"), "timetable_promised", NOW, ground, until=NOW + 5 * DAY)
    assert _clock(request, "complaint_timetable").deadline == NOW + 5 * DAY
    promised = RecordStep(step="timetable_promised", until=NOW + DAY)
    _, (told,) = steps.record_step(take("property", kind="complaint"), promised, "desk-7", NOW, ground)
    assert isinstance(told, RequestAnswered)
    assert told.answer_by == NOW + DAY, "the customer is told the time"
    assert _clock(_step(request, "complaint_resolved", NOW + DAY, ground), "complaint_timetable").outcome == "met"
    with pytest.raises(DomainError, match=r"request\.promise_past"):
        _step(request, "timetable_promised", NOW + DAY, ground, until=NOW)
    for said in ({"step": "timetable_promised"}, {"step": "refund_paid", "until": NOW}):
        with pytest.raises(ValidationError, match="promised_time_misplaced"):
            RecordStep.model_validate(said)


PRESETS = [policy.name for policy in load_presets()]


@pytest.mark.parametrize("name", PRESETS)
def test_int_18_an_answer_to_a_complaint_carries_a_promised_time_that_is_kept_or_broken(
    take: Take, under: Under, name: str
) -> None:
    ground, request = under(name), take(name, kind="complaint")
    with pytest.raises(DomainError, match=r"complaint\.promise_missing"):
        record_reply(request, Reply(channel="phone", text="已受理"), "desk-7", NOW, ground)
    said = Reply(channel="phone", text="三天内给您解决", promised_by=NOW + 3 * DAY)
    answered, (told,) = record_reply(request, said, "desk-7", NOW, ground)
    assert isinstance(told, RequestAnswered)
    assert (_clock(answered, "complaint_timetable").deadline, told.answer_by) == (NOW + 3 * DAY, NOW + 3 * DAY)
    again, _ = record_reply(answered, Reply(channel="phone", text="还在处理"), "desk-7", NOW + DAY, ground)
    kept = _step(again, "complaint_resolved", NOW + 2 * DAY, ground)
    assert _clock(kept, "complaint_timetable").outcome == "met"
    late = _step(again, "complaint_resolved", NOW + 4 * DAY, ground)
    assert _clock(late, "complaint_timetable").outcome == "breached"


def test_int_18_each_promise_is_a_clock_and_a_settled_complaint_keeps_it(take: Take, under: Under) -> None:
    ground, request = under("property"), take("property", kind="complaint")
    for days in (1, 3):
        said = Reply(channel="phone", text="给您解决", promised_by=NOW + days * DAY)
        request, _ = record_reply(request, said, "desk-7", NOW, ground)
    settled, _ = record_reply(request, Reply(channel="phone", text="已解决", final=True), "d", NOW + 2 * DAY, ground)
    ends = [clock.outcome for clock in settled.clocks if clock.stage == "complaint_timetable"]
    assert ends == ["breached", "met"]
    done, _ = record_reply(
        take("property", kind="complaint"), Reply(channel="phone", text="好了", final=True), "d", NOW, ground
    )
    assert done.state == "closed", "an answer that settles the complaint promises nothing"
    with pytest.raises(DomainError, match=r"request\.step_misplaced"):
        record_reply(take("property"), Reply(channel="phone", text="x", promised_by=NOW + DAY), "d", NOW, ground)
    with pytest.raises(DomainError, match=r"request\.promise_past"):
        record_reply(request, Reply(channel="phone", text="x", promised_by=NOW), "d", NOW, ground)
    with pytest.raises(ValidationError, match="promise_superfluous"):
        Reply(channel="phone", text="x", promised_by=NOW, final=True)


def test_fbk_4_a_refund_is_paid_within_two_working_days_of_the_inspection(take: Take, under: Under) -> None:
    ground = under("e-commerce")
    request = _step(take("e-commerce", kind="return", details={"reason": "七天"}), "goods_inspected", NOW, ground)
    assert _clock(request, "refund").deadline == _local("2026-11-24T23:59")
    assert _clock(_step(request, "refund_paid", NOW + DAY, ground), "refund").outcome == "met"
    with pytest.raises(DomainError, match=r"request\.step_misplaced"):
        _step(take("e-commerce"), "goods_inspected", NOW, ground)


def test_fbk_4_a_parcel_in_trouble_is_answered_in_five_minutes_and_solved_in_two_days(take: Take, under: Under) -> None:
    ground = under("e-commerce")
    request = _step(take("e-commerce", kind="complaint"), "parcel_problem_reported", NOW, ground)
    assert _clock(request, "logistics_reply").deadline == NOW + timedelta(minutes=5)
    assert _clock(request, "logistics").deadline == NOW + 2 * DAY
    told = _step(request, "parcel_problem_answered", NOW + timedelta(minutes=4), ground)
    assert _clock(told, "logistics_reply").outcome == "met"
    assert _clock(_step(told, "parcel_problem_solved", NOW + DAY, ground), "logistics").outcome == "met"


def _moved(by: str, start: datetime) -> AppointmentMoved:
    about = {"order": "WO-261122-7K3F", "request": "SR-261122-7K3F", "branch": "BJ01", "visit": 1, "at": NOW + HOUR}
    return AppointmentMoved(**about, appointment_start=start, appointment_end=start + HOUR, reason="x", asked_by=by)


def test_int_8_handled_within_a_day_begins_at_the_time_that_the_customer_wanted(take: Take, company: Ground) -> None:
    """F10: 24 h from registration were missed for sure if the customer wanted the day after tomorrow."""
    assert _clock(take("enterprise"), "resolve").deadline == NOW + DAY
    wanted = take("enterprise", wanted_at=NOW + 2 * DAY)
    assert _clock(wanted, "resolve").deadline == NOW + 3 * DAY
    later, _ = progress.follow_move(take("enterprise"), _moved("customer", NOW + 4 * DAY), company)
    assert _clock(later, "resolve").deadline == NOW + 5 * DAY
    ours, _ = progress.follow_move(take("enterprise"), _moved("us", NOW + 4 * DAY), company)
    assert _clock(ours, "resolve").deadline == NOW + DAY


def test_all_3_a_wait_of_the_work_pauses_the_resolution_in_any_order_of_arrival(take: Take) -> None:
    about = {"order": "WO-261122-7K3F", "request": "SR-261122-7K3F", "branch": "BJ01", "visit": 1}
    paused = WorkPaused(**about, at=NOW + HOUR, reason="waiting_customer", owner="customer")
    resumed = WorkResumed(**about, at=NOW + 3 * HOUR, reason="waiting_customer", since=NOW + HOUR)
    request = take("enterprise")
    with pytest.raises(NotYet):
        progress.record_wait(request, resumed)
    waiting, _ = progress.record_wait(request, paused)
    assert _clock(waiting, "resolve").deadline is None
    again, _ = progress.record_wait(progress.record_wait(waiting, resumed)[0], paused)
    assert _clock(again, "resolve").deadline == NOW + DAY + 2 * HOUR


@pytest.mark.parametrize(
    ("said", "address", "found"),
    [
        ({}, "朝阳区建国路 1 号", ()),
        ({}, "延庆区八达岭镇", ("far",)),
        ({"far": True}, "朝阳区", ("far",)),
        ({"far": False, "major": True}, "延庆区", ("major",)),
    ],
)
def test_dsp_3_a_far_place_and_a_major_fault_can_be_said_and_found(
    form: Callable[..., RegisterRequest], place: Place, said: dict[str, bool], address: str, found: tuple[str, ...]
) -> None:
    """F9."""
    archive, ground = place
    there = replace(ground, branch=ground.branch.but(far_districts=("延庆", "密云")))
    caller = {"name": "王芳", "phone": "13800138000", "address": address}
    request, _ = register_request("SR-261122-7K3F", form(customer=caller, **said), archive, Taken("d", NOW), there)
    assert request.cases == found


@pytest.fixture
def place(archive: Archive, ground: Ground) -> Place:
    return archive, ground


def test_dsp_8_the_desk_says_later_that_a_fault_is_major(take: Take, under: Under) -> None:
    ground = under("agri-machinery")
    request = take("agri-machinery", far=True)
    changed, (event,) = reprioritise_request(request, Reprioritise(urgency=2, major=True, why="曲轴"), "d", NOW, ground)
    assert changed.cases == event.cases == ("far", "major")  # type: ignore[attr-defined]
    near, _ = reprioritise_request(changed, Reprioritise(urgency=2, far=False, why="就在镇上"), "d", NOW, ground)
    assert near.cases == ("major",)


async def test_int_1_a_step_over_http(intake: RunningService, clock: ManualClock) -> None:
    form = {"branch": "BJ01", "channel": "phone", "kind": "complaint", "description": "态度差"}
    made = await intake.http.post("/requests", json=form | {"customer": {"name": "王芳", "phone": "13800138000"}})
    number = made.json()["id"]
    answer = await intake.http.post(f"/requests/{number}/steps", json={"step": "complaint_verified", "note": "属实"})
    assert answer.status_code == 200, answer.text
    ended = {one["stage"]: one["outcome"] for one in answer.json()["clocks"]}
    assert ended["complaint_verify"] == "met"
    wrong = await intake.http.post(f"/requests/{number}/steps", json={"step": "timetable_promised"})
    assert wrong.json()["params"]["errors"][0]["code"] == "request.promised_time_misplaced"
