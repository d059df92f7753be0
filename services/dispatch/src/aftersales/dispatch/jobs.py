"""Timers: clocks that run out, orders that wait for a technician, branches with new hours."""

from functools import partial

from aftersales.common.branch_hours import Mover, move_page
from aftersales.engine import BranchHours, Timer, wake_with

from .orders import handlers as orders
from .orders.domain.order import WorkOrder
from .orders.store import Rules
from .technicians.domain import SecondLook


def build_timers(rules: Rules) -> tuple[Timer, ...]:
    movers = (Mover(WorkOrder, partial(orders.change_order_hours, rules=rules)),)
    return (
        wake_with(BranchHours, partial(move_page, movers=movers)),
        wake_with(WorkOrder, partial(orders.wake_order, rules=rules)),
        wake_with(SecondLook, partial(orders.look_again, rules=rules)),
    )
