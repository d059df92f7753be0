"""Timers: callbacks that are due, their clocks, branches with new hours."""

from functools import partial

from aftersales.common.branch_hours import Mover, move_page
from aftersales.engine import BranchHours, PolicyCatalogue, Timer, wake_with

from .followups import handlers as followups
from .followups.domain import FollowUp


def build_timers(catalogue: PolicyCatalogue) -> tuple[Timer, ...]:
    movers = (Mover(FollowUp, partial(followups.change_followup_hours, catalogue=catalogue)),)
    return (wake_with(BranchHours, partial(move_page, movers=movers)), wake_with(FollowUp, followups.wake_followup))
