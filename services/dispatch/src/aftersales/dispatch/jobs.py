"""Time in: clocks that run out, and orders that wait for somebody."""

from functools import partial

from aftersales.common.timers import Timer, wakes
from aftersales.dispatch import handlers
from aftersales.dispatch.domain.order import WorkOrder
from aftersales.dispatch.domain.second_look import SecondLook
from aftersales.dispatch.handlers import Rules


def timers(rules: Rules) -> tuple[Timer, ...]:
    return (
        wakes(WorkOrder, partial(handlers.wake_order, rules=rules)),
        wakes(SecondLook, partial(handlers.look_again, rules=rules)),
    )
