"""The technician's steps (DSP-5, DSP-7, DSP-10)."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from pydantic import ValidationError

from aftersales.common.events.dispatch import (
    AssignmentDeclined,
    DispatchSlaBreached,
    PartNeeded,
    RepairCompleted,
    TechnicianArrived,
)
from aftersales.dispatch.orders.domain.order import OrderPolicy, WorkOrder
from aftersales.dispatch.orders.domain.report import ServiceReport
from aftersales.dispatch.visits import domain as visit
from aftersales.dispatch.visits.domain import Decline, Diagnose, NeedPart
from aftersales.values.errors import DomainError

STATES = (
    *("waiting", "offered", "accepted", "on_the_way", "arrived"),
    *("diagnosed", "waiting_for_parts", "completed", "cancelled"),
)
STEPS: dict[str, tuple[str, ...]] = {
    "accept": ("offered",),
    "decline": ("offered", "accepted"),
    "depart": ("accepted",),
    "arrive": ("on_the_way",),
    "diagnose": ("arrived", "diagnosed"),
    "need_part": ("arrived", "diagnosed", "waiting_for_parts"),
    "complete": ("arrived", "diagnosed", "waiting_for_parts"),
}


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("step", STEPS)
def test_a_step_is_refused_in_every_state_but_its_own_dsp_7(  # noqa: PLR0917 (a step, a state, and what the rules take)
    step: str, state: str, offered: WorkOrder, report: ServiceReport, now: datetime, policy: OrderPolicy
) -> None:
    order = offered.but(state=state)
    take: dict[str, Callable[[], object]] = {
        "accept": lambda: visit.accept_visit(order, now, "T1", policy),
        "decline": lambda: visit.decline_visit(order, Decline(reason="ill"), now, "T1"),
        "depart": lambda: visit.depart_for_visit(order, now, "T1"),
        "arrive": lambda: visit.arrive_at_visit(order, now, "T1", policy),
        "diagnose": lambda: visit.record_diagnosis(order, Diagnose(cause="worn"), now, "T1", policy),
        "need_part": lambda: visit.request_part(order, NeedPart(part="FAN-1"), now),
        "complete": lambda: visit.complete_visit(order, report, now, "T1", policy),
    }
    if state in STEPS[step]:
        take[step]()
        return
    with pytest.raises(DomainError) as refusal:
        take[step]()
    assert refusal.value.code == "order.wrong_state"
    assert refusal.value.params == {"order": order.id, "state": state, "wanted": ", ".join(STEPS[step])}


def test_each_state_is_kept_with_its_time_and_who_brought_it_about_dsp_7(completed: WorkOrder, now: datetime) -> None:
    assert [(step.state, step.at - now, step.by) for step in completed.history] == [
        ("waiting", timedelta(0), "intake"),
        ("offered", timedelta(0), "dispatch"),
        ("accepted", timedelta(0), "T1"),
        ("on_the_way", timedelta(0), "T1"),
        ("arrived", timedelta(minutes=30), "T1"),
        ("completed", timedelta(hours=1), "T1"),
    ]


def test_who_declines_has_the_order_no_more(offered: WorkOrder, now: datetime) -> None:
    order, events = visit.decline_visit(offered, Decline(reason="ill"), now, "T1")
    assert (order.state, order.technician, order.declined_by) == ("waiting", None, ("T1",))
    assert order.appointment_end == offered.appointment_end, "the customer still expects somebody"
    assert [(type(event), getattr(event, "reason", "")) for event in events] == [(AssignmentDeclined, "ill")]


@pytest.mark.parametrize(("minutes", "outcome"), [(79, "met"), (80, "met"), (81, "breached")])
def test_who_arrives_within_the_window_is_on_time_dsp_3(
    on_the_way: WorkOrder, now: datetime, minutes: int, outcome: str, policy: OrderPolicy
) -> None:
    order, events = visit.arrive_at_visit(on_the_way, now + timedelta(minutes=minutes), "T1", policy)
    arrival = order.clocks[-1]
    assert (arrival.key, arrival.outcome, order.wake_at) == ("arrival-1", outcome, None)
    assert isinstance(events[0], TechnicianArrived)
    assert events[0].on_time == (outcome == "met")
    assert any(isinstance(event, DispatchSlaBreached) for event in events) == (outcome == "breached")


def test_a_part_that_the_fault_did_not_name_is_asked_for_inv_13(arrived: WorkOrder, now: datetime) -> None:
    order, (event,) = visit.request_part(arrived, NeedPart(part="FAN-1", quantity=2), now)
    assert (order.state, order.parts_state) == ("arrived", "pending")
    assert isinstance(event, PartNeeded)
    assert (event.part, event.quantity, event.visit) == ("FAN-1", 2, 1)


def test_an_order_closes_with_a_complete_report_dsp_10(
    arrived: WorkOrder, report: ServiceReport, now: datetime, policy: OrderPolicy
) -> None:
    order, (event,) = visit.complete_visit(arrived, report, now, "T1", policy)
    assert (order.state, order.report, order.cause, order.wake_at) == ("completed", report, report.cause, None)
    assert isinstance(event, RepairCompleted)
    assert event.model_dump()["parts_used"] == ({"part": "COMP-1", "quantity": 1},)
    assert (event.technician, event.cause) == ("T1", "compressor worn")


def test_an_order_does_not_close_without_a_test_dsp_10(
    arrived: WorkOrder, report: ServiceReport, now: datetime, policy: OrderPolicy
) -> None:
    with pytest.raises(DomainError) as refusal:
        visit.complete_visit(arrived, report.model_copy(update={"tested": False}), now, "T1", policy)
    assert refusal.value.code == "report.not_tested"


@pytest.mark.parametrize("missing", ["cause", "solution", "tested", "signed_by"])
@pytest.mark.parametrize("empty", [True, False])
def test_a_report_without_its_mandatory_fields_is_none_dsp_10(report: ServiceReport, missing: str, empty: bool) -> None:
    fields = report.model_dump(mode="json")
    ServiceReport.model_validate(fields)
    if empty:
        fields[missing] = " "
    else:
        del fields[missing]
    with pytest.raises(ValidationError):
        ServiceReport.model_validate(fields)
