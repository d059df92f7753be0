"""Who is sent (DSP-1, DSP-2, DSP-4) and for when (DSP-3, DSP-5)."""

from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta

import pytest

from aftersales.common.events.dispatch import (
    AssignmentDeferred,
    DispatchSlaBreached,
    DispatchSlaWarned,
    TechnicianAssigned,
)
from aftersales.dispatch.orders.domain.assignment import agree_appointment, assign_technician, choose_technician
from aftersales.dispatch.orders.domain.order import OrderPolicy, WorkOrder, open_order
from aftersales.dispatch.orders.domain.waits import tick_order
from aftersales.dispatch.technicians.domain import Shift, Technician
from aftersales.policy import sla

Maker = Callable[..., Technician]


def test_the_least_loaded_technician_who_has_the_skill_is_sent_dsp_4(
    waiting: WorkOrder, technician: Maker, now: datetime, policy: OrderPolicy
) -> None:
    people = [
        technician("T1", open_orders=("WO-1", "WO-2")),
        technician("T3", open_orders=("WO-3",)),
        technician("T2", open_orders=("WO-4",)),
        technician("T0", skills=("e-bike",)),
    ]
    chosen, (order, events) = assign_technician(waiting, people, now, "dispatch", policy)
    assert chosen
    assert (chosen.id, chosen.open_orders) == ("T2", ("WO-4", order.id))
    assert (order.state, order.technician, order.parts_state) == ("offered", "T2", "pending")
    assert [type(event) for event in events] == [TechnicianAssigned]


@pytest.mark.parametrize(
    ("unfit", "reason"),
    [
        ({"skills": ("e-bike",)}, "no_skill"),
        ({"suspended": True}, "no_licence"),
        ({"licence_until": datetime(2026, 11, 23, 3, 20, tzinfo=UTC)}, "no_licence"),
        ({"shift": Shift(start=18 * 60, end=6 * 60)}, "nobody_on_duty"),
    ],
)
def test_nobody_who_is_unfit_is_sent_dsp_1_dsp_4(  # noqa: PLR0917
    waiting: WorkOrder,
    technician: Maker,
    now: datetime,
    policy: OrderPolicy,
    unfit: dict[str, object],
    reason: str,
) -> None:
    chosen, (order, events) = assign_technician(waiting, [technician(**unfit)], now, "dispatch", policy)
    assert chosen is None
    assert (order.state, order.deferred_for, order.retry_at) == ("waiting", reason, now + policy.retry_after)
    assert order.wake_at == order.retry_at
    assert [(type(event), getattr(event, "reason", "")) for event in events] == [(AssignmentDeferred, reason)]


def test_a_licence_must_outlast_the_appointment_dsp_1(
    waiting: WorkOrder, technician: Maker, now: datetime, policy: OrderPolicy
) -> None:
    end = now + policy.lead + policy.window
    enough = technician(licence_until=end + timedelta(milliseconds=1))
    assert choose_technician(waiting, [technician(licence_until=end)], end - policy.window, end) == (None, "no_licence")
    assert choose_technician(waiting, [enough], end - policy.window, end) == (enough, "")


def test_who_declined_is_not_asked_again(
    waiting: WorkOrder, technician: Maker, now: datetime, policy: OrderPolicy
) -> None:
    order = waiting.but(declined_by=("T1",))
    assert choose_technician(order, [technician("T1")], now, now) == (None, "all_declined")
    chosen, _ = choose_technician(order, [technician("T1"), technician("T2", open_orders=("WO-1",))], now, now)
    assert chosen
    assert chosen.id == "T2"


def test_the_appointment_is_not_before_the_customer_wants_it_dsp_5(
    waiting: WorkOrder, technician: Maker, now: datetime, policy: OrderPolicy
) -> None:
    _, (soon, _) = assign_technician(waiting, [technician()], now, "dispatch", policy)
    assert (soon.appointment_start, soon.appointment_end) == (
        now + policy.lead,
        now + policy.lead + policy.window,
    )
    tomorrow = now + timedelta(days=1)
    _, (later, _) = assign_technician(waiting.but(wanted_at=tomorrow), [technician()], now, "dispatch", policy)
    assert later.appointment_start == tomorrow


def test_duty_is_asked_for_the_appointment_and_not_for_the_moment_of_the_call(
    waiting: WorkOrder, technician: Maker, now: datetime, policy: OrderPolicy
) -> None:
    at_night = technician(shift=Shift(start=22 * 60, end=6 * 60))
    midnight = datetime(2026, 11, 23, 16, tzinfo=UTC)
    assert assign_technician(waiting.but(wanted_at=midnight), [at_night], now, "dispatch", policy)[0]
    assert not assign_technician(waiting, [at_night], now, "dispatch", policy)[0]


def test_the_dispatch_clock_runs_from_the_report_so_that_a_late_event_shows_dsp_2(
    registered: object, technician: Maker, now: datetime, policy: OrderPolicy
) -> None:
    late = now + timedelta(minutes=16)
    order, _ = open_order("WO-261123-0001", registered, late, "intake", policy)  # type: ignore[arg-type]
    assert order.clocks[0].started_at == now
    _, (sent, events) = assign_technician(order, [technician()], late, "dispatch", policy)
    assert sent.clocks[0].outcome == "breached"
    assert [type(event) for event in events] == [TechnicianAssigned, DispatchSlaWarned, DispatchSlaBreached]


def test_somebody_sent_in_time_meets_dsp_2_and_starts_the_promise_to_come_dsp_3(offered: WorkOrder) -> None:
    dispatch, arrival = offered.clocks
    assert (dispatch.key, dispatch.outcome) == ("dispatch-1", "met")
    assert (arrival.key, arrival.stage, arrival.deadline) == ("arrival-1", "arrival", offered.appointment_end)
    assert offered.wake_at == arrival.warn_at


def test_a_waiting_order_warns_once_and_breaches_once_all_3(waiting: WorkOrder, now: datetime) -> None:
    fired = []
    order = waiting
    for minute in range(31):
        order, events = tick_order(order, now + timedelta(minutes=minute))
        fired += [(minute, type(event)) for event in events]
    assert fired == [(12, DispatchSlaWarned), (15, DispatchSlaBreached)]
    assert order.wake_at is None


Chooser = Callable[[list[Technician]], Technician | None]


def _overloaded(choice: Chooser, people: Iterable[Technician]) -> bool:
    """Whether somebody fit was less loaded than who was chosen."""
    fit = [someone for someone in people if not someone.suspended]
    chosen = choice(list(people))
    return bool(fit) and (chosen is None or len(chosen.open_orders) > min(len(one.open_orders) for one in fit))


def test_work_is_fair_and_a_choice_of_the_first_at_hand_would_show_dsp_4(
    waiting: WorkOrder, technician: Maker, now: datetime
) -> None:
    """Over a hundred orders no one fit is ever passed over; the broken variant takes the first."""

    def fair(people: list[Technician]) -> Technician | None:
        return choose_technician(waiting, people, now, now)[0]

    def broken(people: list[Technician]) -> Technician | None:
        return next((one for one in people if not one.suspended), None)

    def wrong(choice: Chooser) -> int:
        people = {code: technician(code, suspended=code == "T0") for code in ("T0", "T1", "T2", "T3")}
        found = 0
        for number in range(100):
            found += _overloaded(choice, people.values())
            chosen = choice(list(people.values()))
            assert chosen
            people[chosen.id] = chosen.take(f"WO-{number}")
        return found

    assert wrong(fair) == 0
    assert wrong(broken) > 0


def test_a_second_assignment_moves_the_promise_that_still_runs(
    offered: WorkOrder, technician: Maker, now: datetime, policy: OrderPolicy
) -> None:
    later = now + timedelta(minutes=10)
    _, (again, _) = assign_technician(offered, [technician("T2")], later, "dispatch", policy)
    assert [clock.key for clock in again.clocks] == ["dispatch-1", "arrival-1"]
    assert sla.find_clock(again.clocks, "arrival-1").deadline == again.appointment_end  # type: ignore[union-attr]


def test_the_second_promise_moves_with_the_appointment_after_the_first_was_broken_dsp_5(
    offered: WorkOrder, now: datetime, policy: OrderPolicy
) -> None:
    late, _ = tick_order(offered, now + timedelta(hours=3))
    first = agree_appointment(late, now + timedelta(hours=4), now + timedelta(hours=3), policy)
    moved = agree_appointment(first, now + timedelta(hours=6), now + timedelta(hours=3), policy)
    assert [clock.key for clock in moved.clocks] == ["dispatch-1", "arrival-1", "arrival-1-2"]
    assert [clock.outcome for clock in moved.clocks] == ["met", "breached", "open"]
    assert moved.clocks[-1].deadline == moved.appointment_end == now + timedelta(hours=7)


def test_a_contracts_arrival_stands_when_the_appointment_moves_unless_the_customer_wants_another_time_int_13(
    waiting: WorkOrder, technician: Maker, now: datetime, policy: OrderPolicy
) -> None:
    """Also where the policy has no such stage."""
    bare = policy.model_copy(update={"service": policy.service.model_copy(update={"stages": {}})})
    for figures in (policy, bare):
        theirs = waiting.but(contract="CT-1", response={"arrival": timedelta(minutes=30)})
        _, (sent, _) = assign_technician(theirs, [technician()], now, "dispatch", figures)
        later = now + timedelta(hours=5)
        moved = agree_appointment(sent, later, now, figures)
        assert moved.clocks[-1].deadline == now + timedelta(minutes=30)
        assert moved.clocks[-1].terms.policy == "CT-1"
        wanted = agree_appointment(sent.but(wanted_at=later), later, now, figures)
        assert wanted.clocks[-1].deadline == wanted.appointment_end
