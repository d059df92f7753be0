"""How an order begins, ends, and begins again (DSP-2, DSP-7)."""

from datetime import datetime, timedelta

import pytest

from aftersales.common.events.dispatch import OrderCancelled, OrderCreated
from aftersales.common.events.intake import RequestCancelled, RequestRegistered, RequestReopened, RequestReprioritised
from aftersales.dispatch.orders.domain.correction import reprioritise_order
from aftersales.dispatch.orders.domain.order import (
    OrderPolicy,
    WorkOrder,
    cancel_order,
    open_order,
    reopen_order,
)
from aftersales.values.errors import NotYet

STATES = ("waiting", "offered", "accepted", "on_the_way", "arrived", "diagnosed", "waiting_for_parts")


def test_a_request_becomes_one_order_with_its_own_number(
    registered: RequestRegistered, now: datetime, policy: OrderPolicy
) -> None:
    order, (event,) = open_order("WO-261123-0001", registered, now, "intake", policy)
    assert (order.request, order.branch, order.visit, order.state) == (registered.request, "SH01", 1, "waiting")
    assert isinstance(event, OrderCreated)
    assert (event.order, event.fault, event.priority) == (order.id, "no-cooling", 2)


@pytest.mark.parametrize("state", STATES)
def test_a_cancelled_order_waits_for_nothing(
    offered: WorkOrder, cancelled: RequestCancelled, now: datetime, state: str
) -> None:
    order, (event,) = cancel_order(offered.but(state=state, retry_at=now), cancelled, now, "intake")
    assert (order.state, order.technician, order.parts_state, order.wake_at) == ("cancelled", None, "none", None)
    assert [clock.outcome for clock in order.clocks] == ["met", "waived"]
    assert isinstance(event, OrderCancelled)
    assert (event.visit, event.reason) == (1, "it works again")


def test_a_completed_visit_cannot_be_undone(completed: WorkOrder, cancelled: RequestCancelled, now: datetime) -> None:
    order, events = cancel_order(completed, cancelled, now, "intake")
    assert (order.state, events) == ("completed", ())


def test_a_dissatisfied_customer_gets_another_visit_dsp_7(
    completed: WorkOrder, reopened: RequestReopened, now: datetime, policy: OrderPolicy
) -> None:
    order, events = reopen_order(completed, reopened, now, "intake", policy)
    assert (order.state, order.visit, order.technician, order.report) == ("waiting", 2, None, None)
    assert (order.appointment_start, order.parts_state, order.slip_version) == (None, "none", 0)
    assert order.clocks[-1].key == "dispatch-2"
    assert order.clocks[-1].deadline == reopened.reopened_at + timedelta(minutes=15)
    assert events == ()


@pytest.mark.parametrize("state", STATES)
def test_another_visit_waits_for_the_end_of_the_one_before(
    offered: WorkOrder, reopened: RequestReopened, policy: OrderPolicy, state: str
) -> None:
    with pytest.raises(NotYet):
        reopen_order(offered.but(state=state), reopened, reopened.reopened_at, "intake", policy)


def test_targets_of_a_contract_hold_for_every_visit_int_13(
    registered: RequestRegistered, reopened: RequestReopened, completed: WorkOrder, now: datetime, policy: OrderPolicy
) -> None:
    said = {"contract": "HT-7", "response": {"dispatch": timedelta(minutes=5)}}
    order, _ = open_order("WO-261123-0001", registered.model_copy(update=said), now, "intake", policy)
    (clock,) = order.clocks
    assert (clock.deadline, clock.terms.policy) == (now + timedelta(minutes=5), "HT-7")
    again, _ = reopen_order(completed.but(**said), reopened, now, "intake", policy)
    assert again.clocks[-1].deadline == reopened.reopened_at + timedelta(minutes=5)


def test_what_becomes_more_pressing_gets_other_targets_and_old_news_changes_nothing_int_5(
    registered: RequestRegistered, now: datetime, policy: OrderPolicy
) -> None:
    order, _ = open_order("WO-261123-0001", registered, now, "intake", policy)
    stage = policy.service.stages["dispatch"].model_copy(update={"by_priority": {"1": timedelta(minutes=5)}})
    stages = policy.service.stages | {"dispatch": stage}
    policy = policy.model_copy(update={"service": policy.service.model_copy(update={"stages": stages})})
    told = RequestReprioritised(
        request=registered.request,
        branch="SH01",
        priority=1,
        cases=("emergency",),
        on_site=True,
        why="smoke",
        by="desk-7",
        changed_at=now + timedelta(minutes=1),
    )
    ranked, _ = reprioritise_order(order, told, told.changed_at, policy)
    assert (ranked.priority, ranked.cases) == (1, ("emergency",))
    assert ranked.clocks[0].deadline == now + timedelta(minutes=5)
    assert [change.by for change in ranked.clocks[0].retargets] == ["desk-7"]
    older = told.model_copy(update={"priority": 4, "changed_at": now})
    assert reprioritise_order(ranked, older, now, policy) == (ranked, ())
    ended, later = ranked.but(state="completed"), told.model_copy(update={"changed_at": now + timedelta(hours=1)})
    assert reprioritise_order(ended, later, now, policy) == (ended, ())


@pytest.mark.parametrize("agreed", [True, False])
def test_an_order_with_an_appointment_becomes_more_pressing_and_the_appointment_stands_int_5(
    offered: WorkOrder, registered: RequestRegistered, now: datetime, policy: OrderPolicy, agreed: bool
) -> None:
    """Also one whose clock was stored before clocks told that their moment is agreed."""
    *done, arrival = offered.clocks
    stored = arrival.model_copy(update={"terms": arrival.terms.model_copy(update={"agreed": agreed})})
    order = offered.but(clocks=(*done, stored))
    told = RequestReprioritised(
        request=registered.request,
        branch="SH01",
        priority=1,
        cases=("emergency",),
        on_site=True,
        why="smoke",
        by="desk-7",
        changed_at=now + timedelta(minutes=1),
    )
    ranked, events = reprioritise_order(order, told, told.changed_at, policy)
    assert (ranked.priority, ranked.clocks, events) == (1, order.clocks, ())


def test_another_visit_waits_for_all_before(
    completed: WorkOrder, reopened: RequestReopened, policy: OrderPolicy
) -> None:
    third = reopened.model_copy(update={"visit": 3})
    with pytest.raises(NotYet):
        reopen_order(completed, third, third.reopened_at, "intake", policy)


def test_a_reopening_that_is_heard_of_after_the_cancellation_sends_nobody(
    completed: WorkOrder, cancelled: RequestCancelled, reopened: RequestReopened, now: datetime, policy: OrderPolicy
) -> None:
    called_off, _ = cancel_order(completed, cancelled, now, "intake")
    order, (event,) = reopen_order(called_off, reopened, now, "intake", policy)
    assert (order.state, order.visit, order.wake_at, order.technician) == ("cancelled", 2, None, None)
    assert isinstance(event, OrderCancelled)
    assert event.visit == 2


def test_what_was_met_stays_met_when_the_order_is_cancelled(
    waiting: WorkOrder, cancelled: RequestCancelled, now: datetime
) -> None:
    order, _ = cancel_order(waiting, cancelled, now + timedelta(minutes=1), "intake")
    assert [(clock.outcome, clock.ended_at) for clock in order.clocks] == [("waived", now + timedelta(minutes=1))]
