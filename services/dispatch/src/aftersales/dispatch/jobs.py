"""Timers: clocks that run out, orders that wait for a technician, branches with new hours."""

from functools import partial

from aftersales.common.branch_hours import Mover, move_page
from aftersales.common.catalogues import CatalogueCopy, correct_words
from aftersales.engine import BranchHours, Timer, wake_with

from .orders import handlers as orders
from .orders.domain.order import WorkOrder
from .orders.store import Rules
from .technicians import handlers as technicians
from .technicians.domain import SecondLook, Technician


def build_timers(rules: Rules) -> tuple[Timer, ...]:
    movers = (Mover(WorkOrder, partial(orders.change_order_hours, rules=rules)),)
    correct = partial(technicians.correct_skills, catalogue=rules.catalogue)
    return (
        wake_with(CatalogueCopy, partial(correct_words, kind=Technician, correct=correct)),
        wake_with(BranchHours, partial(move_page, movers=movers)),
        wake_with(WorkOrder, partial(orders.wake_order, rules=rules)),
        wake_with(SecondLook, partial(orders.look_again, rules=rules)),
    )
