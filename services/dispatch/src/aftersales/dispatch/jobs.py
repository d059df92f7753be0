"""Time in: clocks that run out, orders that wait for somebody, branches with new hours."""

from functools import partial

from aftersales.common.branch_hours import Mover, walk
from aftersales.engine import BranchHours, Timer, wakes

from .orders import handlers as orders
from .orders.domain.order import WorkOrder
from .orders.store import Rules
from .technicians.domain import SecondLook


def timers(rules: Rules) -> tuple[Timer, ...]:
    movers = (Mover(WorkOrder, partial(orders.change_hours, rules=rules)),)
    return (
        wakes(BranchHours, partial(walk, movers=movers)),
        wakes(WorkOrder, partial(orders.wake_order, rules=rules)),
        wakes(SecondLook, partial(orders.look_again, rules=rules)),
    )
