"""Other times and waits, as the customer and the technician agree on them (ALL-3, DSP-5, DSP-7, DSP-8)."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from pydantic import ValidationError

from aftersales.common.events import SlaMark
from aftersales.common.events.dispatch import AppointmentMoved, CustomerNotReached, WorkPaused, WorkResumed
from aftersales.common.events.intake import RequestRegistered
from aftersales.dispatch.changes import domain as changes
from aftersales.dispatch.changes.domain import MoveAppointment, NotReached, PauseWork, ResumeWork, TakeUnit
from aftersales.dispatch.orders.domain import assignment
from aftersales.dispatch.orders.domain.order import OrderPolicy, WorkOrder, open_order
from aftersales.dispatch.orders.domain.report import ServiceReport
from aftersales.dispatch.orders.domain.waits import tick_order
from aftersales.dispatch.technicians.domain import Technician
from aftersales.dispatch.visits import domain as visit
from aftersales.policy.calendars import Calendar
from aftersales.policy.presets import load_presets
from aftersales.policy.sla import SlaClock
from aftersales.testing import eventually
from aftersales.testing.system import RunningSystem
from aftersales.values.errors import DomainError

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def _under(policy: OrderPolicy, name: str) -> OrderPolicy:
    service = next(preset for preset in load_presets() if preset.name == name)
    return policy.model_copy(update={"service": service})


def _sent(registered: RequestRegistered, technician: Technician, policy: OrderPolicy, **said: Any) -> WorkOrder:
    event = registered.model_copy(update={"calendar": Calendar(zone="Asia/Shanghai"), **said})
    order, _ = open_order("WO-261123-0001", event, event.registered_at, "intake", policy)
    return assignment.assign_technician(order, [technician], event.registered_at, "dispatch", policy)[1][0]


def _clock(order: WorkOrder, stage: str) -> SlaClock:
    return next(clock for clock in order.clocks if clock.stage == stage)


def _local(text: str) -> datetime:
    return datetime.fromisoformat(f"{text}+08:00")


@pytest.fixture
def house(policy: OrderPolicy) -> OrderPolicy:
    return _under(policy, "property")


@pytest.mark.parametrize(
    ("wanted", "until"),
    [
        ("2026-11-24T10:00", "2026-11-24T23:59"),  # the next day
        ("2026-11-23T15:00", "2026-11-23T23:59"),  # the same day
        ("2026-12-01T00:30", "2026-12-01T23:59"),
    ],
)
def test_dsp_8_the_same_day_ends_on_the_day_that_the_customer_wanted(
    registered: RequestRegistered, technician: Any, house: OrderPolicy, wanted: str, until: str
) -> None:
    """F10: before, a visit agreed for tomorrow was late today."""
    event = registered.model_copy(update={"calendar": Calendar(zone="Asia/Shanghai"), "wanted_at": _local(wanted)})
    waiting, _ = open_order("WO-261123-0001", event, event.registered_at, "intake", house)
    assert _clock(waiting, "arrival").deadline == _local(wanted) + timedelta(minutes=20), "even before anybody is sent"
    order = _sent(registered, technician(), house, wanted_at=_local(wanted))
    assert _clock(order, "repair").deadline == _local(until)


def test_dsp_8_another_day_at_the_customers_wish_moves_every_promise(
    registered: RequestRegistered, technician: Any, house: OrderPolicy, now: datetime
) -> None:
    order = _sent(registered, technician(), house)
    form = MoveAppointment(start=_local("2026-11-25T09:00"), asked_by="customer", why="不在家")
    moved, (told,) = changes.rebook_visit(order, form, now + timedelta(minutes=5), "T1", house)
    assert isinstance(told, AppointmentMoved)
    assert (told.asked_by, told.appointment_start) == ("customer", form.start)
    assert _clock(moved, "repair").deadline == _local("2026-11-25T23:59")
    assert _clock(moved, "arrival").deadline == form.start + house.window
    assert [event.mark for event in tick_order(moved, now + DAY)[1] if isinstance(event, SlaMark)] == ["50%"]


def test_dsp_5_a_customer_who_names_another_day_is_no_longer_waited_for(
    registered: RequestRegistered, technician: Any, house: OrderPolicy, now: datetime
) -> None:
    """Nobody was at home: the promise stood still until the technician was there, and was in no list."""
    absent = PauseWork(reason="waiting_customer", why="敲门无人")
    waiting, _ = changes.pause_work(_sent(registered, technician(), house), absent, now, "T1")
    form = MoveAppointment(start=now + DAY, asked_by="customer", why="明天在家")
    moved, events = changes.rebook_visit(waiting, form, now + HOUR, "T1", house)
    assert (moved.waits, _clock(moved, "arrival").deadline) == ((), form.start + house.window)
    assert [type(event) for event in events] == [WorkResumed, AppointmentMoved]


def test_dsp_5_at_our_wish_the_day_stays_and_the_second_time_must_be_kept(
    registered: RequestRegistered, technician: Any, policy: OrderPolicy, now: datetime
) -> None:
    """`appointments.moves` of the presets is one."""
    shop = _under(policy, "appliance")
    order = _sent(registered, technician(), shop)
    first = MoveAppointment(start=now + 3 * HOUR, asked_by="us", why="堵车")
    once, _ = changes.rebook_visit(order, first, now, "T1", shop)
    assert _clock(once, "arrival").deadline == first.start + shop.window
    second = MoveAppointment(start=now + 6 * HOUR, asked_by="us", why="堵车")
    twice, _ = changes.rebook_visit(once, second, now, "T1", shop)
    assert (twice.appointment_start, twice.moved_by_us) == (second.start, 2)
    assert _clock(twice, "arrival").deadline == first.start + shop.window, "the promise of the second time stays"
    house = _under(policy, "property")
    late, _ = changes.rebook_visit(_sent(registered, technician(), house), first, now, "T1", house)
    assert _clock(late, "repair").deadline == _local("2026-11-23T23:59")


@pytest.fixture
def field(policy: OrderPolicy) -> OrderPolicy:
    return _under(policy, "agri-machinery")


@pytest.fixture
def working(registered: RequestRegistered, technician: Any, field: OrderPolicy, now: datetime) -> WorkOrder:
    """A technician who arrived after ten minutes, with half an hour for a common fault."""
    order = _sent(registered, technician(), field)
    order = visit.depart_for_visit(visit.accept_visit(order, now, "T1", field)[0], now, "T1")[0]
    return visit.arrive_at_visit(order, now + timedelta(minutes=10), "T1", field)[0]


def test_all_3_a_meal_break_pauses_the_work_and_ends_by_itself(working: WorkOrder, now: datetime) -> None:
    lunch = now + timedelta(minutes=20)
    form = PauseWork(reason="meal_break", until=lunch + HOUR)
    eating, (told,) = changes.pause_work(working, form, lunch, "T1")
    assert isinstance(told, WorkPaused)
    assert _clock(eating, "repair").deadline is None
    assert eating.wake_at == lunch + HOUR
    back, events = tick_order(eating, lunch + HOUR + timedelta(minutes=3))
    assert [event.since for event in events if isinstance(event, WorkResumed)] == [lunch]
    assert _clock(back, "repair").deadline == now + timedelta(minutes=10 + 30 + 60)
    assert back.waits == ()


@pytest.mark.parametrize("reason", ["waiting_customer", "waiting_approval", "interrupted"])
def test_all_3_other_waits_pause_until_somebody_goes_on(working: WorkOrder, now: datetime, reason: str) -> None:
    at = now + timedelta(minutes=20)
    form = PauseWork.model_validate({"reason": reason, "until": at + DAY, "customer_agreed": True, "why": "取件"})
    waiting, _ = changes.pause_work(working, form, at, "T1")
    with pytest.raises(DomainError, match=r"order\.waits_already"):
        changes.pause_work(waiting, form, at, "T1")
    resumed, (told,) = changes.resume_work(waiting, ResumeWork.model_validate({"reason": reason}), at + 2 * HOUR)
    assert isinstance(told, WorkResumed)
    assert _clock(resumed, "repair").deadline == now + timedelta(minutes=40) + 2 * HOUR
    with pytest.raises(DomainError, match=r"order\.waits_not"):
        changes.resume_work(resumed, ResumeWork.model_validate({"reason": reason}), at)


def test_dsp_7_an_interruption_needs_a_return_time_and_the_customers_consent(
    working: WorkOrder, offered: WorkOrder, now: datetime
) -> None:
    for said, code in (
        ({"reason": "meal_break"}, "return_time_missing"),
        ({"reason": "interrupted", "until": now + HOUR}, "consent_missing"),
    ):
        with pytest.raises(ValidationError, match=code):
            PauseWork.model_validate(said)
    meal = PauseWork(reason="meal_break", until=now + HOUR)
    with pytest.raises(DomainError, match=r"order\.no_wait"):
        changes.pause_work(offered, meal, now, "T1")
    with pytest.raises(DomainError, match=r"order\.return_past"):
        changes.pause_work(working, meal, now + 2 * HOUR, "T1")


def test_dsp_17_a_quotation_is_waited_for_from_the_diagnosis_to_the_acceptance(
    working: WorkOrder, report: ServiceReport, field: OrderPolicy, now: datetime
) -> None:
    at = now + timedelta(minutes=20)
    quoted = working.but(quotation="needed")
    waiting, events = visit.record_diagnosis(quoted, visit.Diagnose(cause="轴承"), at, "T1", field)
    assert [event.reason for event in events if isinstance(event, WorkPaused)] == ["waiting_approval"]
    assert _clock(waiting, "repair").deadline is None
    done, events = visit.complete_visit(waiting.but(quotation="accepted"), report, at + DAY, "T1", field)
    assert [event.reason for event in events if isinstance(event, WorkResumed)] == ["waiting_approval"]
    assert _clock(done, "repair").outcome == "met"
    assert done.waits == ()


def test_dsp_8_a_major_fault_has_two_hours_once_the_technician_says_so(
    working: WorkOrder, field: OrderPolicy, now: datetime
) -> None:
    """F9: before, it was late after half an hour."""
    start = now + timedelta(minutes=10)
    assert _clock(working, "repair").deadline == start + timedelta(minutes=30)
    major, _ = visit.record_diagnosis(working, visit.Diagnose(cause="曲轴", major=True), start, "T1", field)
    assert _clock(major, "repair").deadline == start + 2 * HOUR
    common, _ = visit.record_diagnosis(major, visit.Diagnose(cause="皮带"), start, "T1", field)
    assert _clock(common, "repair").deadline == start + timedelta(minutes=30)


def test_dsp_3_a_far_place_has_an_hour(
    registered: RequestRegistered, technician: Any, field: OrderPolicy, now: datetime
) -> None:
    order = _sent(registered, technician(), field, cases=("far",))
    assert _clock(order, "arrival").deadline == now + HOUR


def test_dsp_9_a_product_taken_to_the_workshop_is_back_at_the_promised_time(
    working: WorkOrder, field: OrderPolicy, now: datetime
) -> None:
    form = TakeUnit(promised_at=now + 3 * DAY)
    taken, _ = changes.take_unit(working, form, now + HOUR, field)
    assert _clock(taken, "workshop").deadline == now + 3 * DAY
    with pytest.raises(DomainError, match=r"order\.unit_not_to_take"):
        changes.take_unit(taken, form, now + HOUR, field)
    back, _ = changes.return_unit(taken, now + 2 * DAY, field)
    assert _clock(back, "workshop").outcome == "met"
    with pytest.raises(DomainError, match=r"order\.unit_not_taken"):
        changes.return_unit(back, now + 2 * DAY, field)
    again, _ = changes.take_unit(back, TakeUnit(promised_at=now + 5 * DAY), now + 3 * DAY, field)
    late, _ = changes.return_unit(again, now + 6 * DAY, field)
    assert [clock.outcome for clock in late.clocks if clock.stage == "workshop"] == ["met", "breached"]


def test_a_customer_who_was_not_reached_is_reported(offered: WorkOrder, now: datetime) -> None:
    """DSP-5."""
    _, (told,) = changes.report_not_reached(offered, NotReached(), now, "T1")
    assert isinstance(told, CustomerNotReached)
    assert (told.request, told.technician) == (offered.request, "T1")


def test_dsp_5_nobody_opens_to_the_technician_and_the_promise_waits_for_the_customer(
    registered: RequestRegistered, technician: Any, house: OrderPolicy, now: datetime
) -> None:
    """The arrival was counted as late, although the technician had stood before the door."""
    shut = NotReached(channel="on_site", why="敲门无人")
    waiting, events = changes.report_not_reached(_sent(registered, technician(), house), shut, now, "T1")
    assert [type(event) for event in events] == [CustomerNotReached, WorkPaused]
    assert (waiting.waits[0].reason, _clock(waiting, "arrival").paused) == ("waiting_customer", True)
    again, (told,) = changes.report_not_reached(waiting, shut, now + HOUR, "T1")
    assert (again.waits, type(told)) == (waiting.waits, CustomerNotReached)


async def test_dsp_5_steps_over_http(running: RunningSystem, registered: RequestRegistered, now: datetime) -> None:
    dispatch = running.dispatch
    particulars = {
        "name": "王师傅",
        "branch": "SH01",
        "skills": ["refrigerator"],
        "licence_until": "2027-11-23T00:00:00Z",
    }
    made = await dispatch.http.put("/technicians/T1", json=particulars)
    assert made.status_code == 200, made.text
    await dispatch.deliver(registered)
    number = registered.request.replace("SR", "WO")

    async def opened() -> Any:
        return await dispatch.get(WorkOrder, number)

    await eventually(opened)
    order = f"/orders/{number}"
    told = await dispatch.http.post(f"{order}/not-reached", json={"channel": "phone", "why": "无人接听"})
    assert told.status_code == 200, told.text
    when = {"start": (now + DAY).isoformat(), "asked_by": "customer", "why": "明天才在家"}
    moved = await dispatch.http.post(f"{order}/move", json=when)
    assert moved.json()["wanted_at"] == "2026-11-24T02:00:00Z", moved.text
    wait = await dispatch.http.post(f"{order}/pause", json={"reason": "waiting_customer"})
    assert [one["reason"] for one in wait.json()["waits"]] == ["waiting_customer"]
    early = await dispatch.http.post(f"{order}/pause", json={"reason": "meal_break"}, headers={"Accept-Language": "zh"})
    assert "恢复时间" in early.json()["params"]["errors"][0]["problem"]
    resumed = await dispatch.http.post(f"{order}/resume", json={"reason": "waiting_customer"})
    assert resumed.json()["waits"] == []
