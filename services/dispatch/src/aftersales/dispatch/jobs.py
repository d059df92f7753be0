"""Time in: clocks that run out, orders that wait for somebody, branches with new hours."""

from functools import partial

from aftersales.common.branch_hours import BranchHours, Mover, walk
from aftersales.common.timers import Timer, wakes
from aftersales.dispatch import handlers
from aftersales.dispatch.domain.order import WorkOrder
from aftersales.dispatch.domain.second_look import SecondLook
from aftersales.dispatch.handlers import Rules


def timers(rules: Rules) -> tuple[Timer, ...]:
    movers = (Mover(WorkOrder, partial(handlers.change_hours, rules=rules)),)
    return (
        wakes(BranchHours, partial(walk, movers=movers)),
        wakes(WorkOrder, partial(handlers.wake_order, rules=rules)),
        wakes(SecondLook, partial(handlers.look_again, rules=rules)),
    )
