"""Waits of an order: for the customer, an approval, a meal, an interruption (ALL-3, DSP-7). Pure."""

from datetime import datetime

from aftersales.common.events import Event
from aftersales.common.events.dispatch import WorkPaused, WorkResumed
from aftersales.policy import sla

from .order import OrderDecision, Wait, WorkOrder, finish_change, make_event


def begin_wait(order: WorkOrder, wait: Wait) -> tuple[WorkOrder, tuple[Event, ...]]:
    """Pause the clocks that allow the reason; without effect if the order already waits for it."""
    if any(one.reason == wait.reason for one in order.waits):
        return order, ()
    owner = "customer" if wait.reason in {"waiting_customer", "waiting_approval"} else wait.by
    clocks = sla.pause_clocks(order.clocks, wait.reason, owner, wait.since)
    waiting = order.but(waits=(*order.waits, wait), clocks=clocks)
    return waiting, (make_event(WorkPaused, waiting, wait.since, reason=wait.reason, owner=owner, until=wait.until),)


def end_waits(order: WorkOrder, now: datetime, *reasons: str) -> tuple[WorkOrder, tuple[Event, ...]]:
    """End the waits for these reasons, or all of them."""
    over = [wait for wait in order.waits if not reasons or wait.reason in reasons]
    if not over:
        return order, ()
    clocks = order.clocks
    for wait in over:
        clocks = sla.resume_clocks(clocks, wait.reason, _end(wait, now))
    resumed = order.but(waits=tuple(wait for wait in order.waits if wait not in over), clocks=clocks)
    return resumed, tuple(
        make_event(WorkResumed, resumed, _end(wait, now), reason=wait.reason, since=wait.since) for wait in over
    )


def _end(wait: Wait, now: datetime) -> datetime:
    return min(now, wait.until) if wait.until else now


def tick_order(order: WorkOrder, now: datetime) -> OrderDecision:
    """End the waits whose time is over, and pass the thresholds that are due by `now`."""
    due = [wait.reason for wait in order.waits if wait.until and wait.until <= now]
    going, events = end_waits(order, now, *due) if due else (order, ())
    return finish_change(order, going.but(clocks=sla.tick_clocks(going.clocks, now)), now, *events)
