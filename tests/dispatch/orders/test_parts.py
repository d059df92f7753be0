"""What missing and found parts do to the appointment (INV-13, DSP-5)."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest

from aftersales.common.events.dispatch import AppointmentMoved
from aftersales.common.events.inventory import PartReserved, PartShort
from aftersales.dispatch.orders.domain import assignment, parts
from aftersales.dispatch.orders.domain.order import OrderPolicy, WorkOrder
from aftersales.dispatch.technicians.domain import Technician
from aftersales.dispatch.visits import domain as visit
from aftersales.dispatch.visits.domain import Decline, NeedPart
from aftersales.values.errors import NotYet


@pytest.mark.parametrize("state", ["offered", "accepted", "on_the_way"])
def test_an_appointment_that_is_ahead_moves_when_parts_are_missing_inv_13(
    offered: WorkOrder, short_news: PartShort, now: datetime, policy: OrderPolicy, state: str
) -> None:
    order, (event,) = parts.record_shortage(offered.but(state=state), short_news, now, "inventory", policy)
    assert (order.state, order.parts_state) == (state, "short")
    assert order.appointment_start == now + policy.lead + policy.shortage_delay
    assert isinstance(event, AppointmentMoved)
    assert (event.appointment_end, event.reason) == (order.appointment_end, "parts_short")  # DSP-21
    assert order.clocks[-1].deadline == order.appointment_end
    assert order.wake_at == order.clocks[-1].warn_at


def test_it_moves_once_however_often_parts_are_missing(
    offered: WorkOrder, slip_news: Callable[..., Any], now: datetime, policy: OrderPolicy
) -> None:
    order, _ = parts.record_shortage(offered, slip_news(PartShort, 1), now, "inventory", policy)
    again, events = parts.record_shortage(order, slip_news(PartShort, 2), now, "inventory", policy)
    assert (again.appointment_start, again.slip_version, events) == (order.appointment_start, 2, ())


@pytest.mark.parametrize("state", ["arrived", "diagnosed"])
def test_who_is_on_site_waits_for_parts_and_comes_again_when_they_are_found(
    arrived: WorkOrder, short_news: PartShort, reserved_news: PartReserved, policy: OrderPolicy, state: str
) -> None:
    tomorrow = short_news.at + timedelta(days=1)
    order, events = parts.record_shortage(arrived.but(state=state), short_news, short_news.at, "inventory", policy)
    assert (order.state, order.parts_state, events) == ("waiting_for_parts", "short", ())
    order, (event,) = parts.record_reservation(order, reserved_news, tomorrow, "inventory", policy)
    assert (order.state, order.parts_state) == ("accepted", "reserved")
    assert order.appointment_start == tomorrow + policy.lead
    assert isinstance(event, AppointmentMoved)


def test_the_second_time_is_a_promise_of_its_own_that_must_be_kept_dsp_5(
    arrived: WorkOrder, short_news: PartShort, reserved_news: PartReserved, now: datetime, policy: OrderPolicy
) -> None:
    order, _ = parts.record_shortage(arrived, short_news, now, "inventory", policy)
    order, _ = parts.record_reservation(order, reserved_news, now, "inventory", policy)
    assert [(clock.key, clock.outcome) for clock in order.clocks] == [
        ("dispatch-1", "met"),
        ("arrival-1", "met"),
        ("arrival-1-2", "open"),
    ]
    order, _ = visit.depart_for_visit(order, now, "T1")
    order, _ = visit.arrive_at_visit(order, now + timedelta(days=1), "T1", policy)
    assert order.clocks[-1].outcome == "breached"


def test_a_visit_that_was_held_up_gets_a_new_time_when_its_parts_are_found(
    accepted: WorkOrder, short_news: PartShort, reserved_news: PartReserved, now: datetime, policy: OrderPolicy
) -> None:
    order, _ = parts.record_shortage(accepted, short_news, now, "inventory", policy)
    order, (event,) = parts.record_reservation(order, reserved_news, now, "inventory", policy)
    assert (order.state, order.appointment_start) == ("accepted", now + policy.lead)
    assert isinstance(event, AppointmentMoved)


def test_a_visit_whose_parts_were_there_at_once_keeps_its_time(
    accepted: WorkOrder, reserved_news: PartReserved, now: datetime, policy: OrderPolicy
) -> None:
    order, events = parts.record_reservation(accepted, reserved_news, now + timedelta(minutes=5), "inventory", policy)
    assert (order.parts_state, order.appointment_start, events) == ("reserved", accepted.appointment_start, ())


def test_a_new_time_is_not_before_the_customer_wants_it(
    accepted: WorkOrder, short_news: PartShort, reserved_news: PartReserved, now: datetime, policy: OrderPolicy
) -> None:
    wanted = now + timedelta(days=3)
    order, _ = parts.record_shortage(accepted.but(wanted_at=wanted), short_news, now, "inventory", policy)
    order, _ = parts.record_reservation(order, reserved_news, now, "inventory", policy)
    assert order.appointment_start == wanted


def test_the_second_of_two_parts_is_named_while_the_first_is_waited_for(
    arrived: WorkOrder, slip_news: Callable[..., Any], now: datetime, policy: OrderPolicy
) -> None:
    order, _ = parts.record_shortage(arrived, slip_news(PartShort, 1), now, "inventory", policy)
    order, _ = visit.request_part(order, NeedPart(part="FAN-1"), now)
    assert (order.state, order.parts_state) == ("waiting_for_parts", "pending")
    order, _ = parts.record_reservation(order, slip_news(PartReserved, 2), now, "inventory", policy)
    assert (order.state, order.parts_state) == ("accepted", "reserved")


def test_older_news_is_told_by_the_slips_version(
    accepted: WorkOrder, slip_news: Callable[..., Any], now: datetime, policy: OrderPolicy
) -> None:
    order, _ = parts.record_reservation(accepted, slip_news(PartReserved, 2), now, "inventory", policy)
    assert parts.is_old(order, slip_news(PartShort, 1))
    assert parts.is_old(order, slip_news(PartReserved, 2))
    assert not parts.is_old(order, slip_news(PartShort, 3))
    assert not parts.is_old(order, slip_news(PartShort, 0)), "a producer that does not say is believed"


def test_news_of_another_visit_waits_or_is_old(
    accepted: WorkOrder, completed: WorkOrder, slip_news: Callable[..., Any]
) -> None:
    with pytest.raises(NotYet):
        parts.is_old(accepted, slip_news(PartShort, 1, visit=2))
    assert parts.is_old(accepted.but(visit=2), slip_news(PartShort, 9, visit=1))
    assert parts.is_old(completed, slip_news(PartShort, 9))
    assert parts.is_old(accepted.but(state="cancelled"), slip_news(PartShort, 9, visit=2))


def test_it_does_not_matter_whether_parts_are_missing_before_or_after_somebody_else_is_sent(
    offered: WorkOrder, technician: Callable[..., Technician], short_news: PartShort, now: datetime, policy: OrderPolicy
) -> None:
    """Declined and missing, in both orders: the same technician, the same time, the same clocks."""

    def other_sent(order: WorkOrder) -> WorkOrder:
        order, _ = visit.decline_visit(order, Decline(reason="ill"), now, "T1")
        return assignment.assign_technician(order, [technician("T2")], now, "dispatch", policy)[1][0]

    def missing(order: WorkOrder) -> WorkOrder:
        return parts.record_shortage(order, short_news, now, "inventory", policy)[0]

    assert other_sent(missing(offered)) == missing(other_sent(offered))
