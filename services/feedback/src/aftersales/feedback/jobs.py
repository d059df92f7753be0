"""Time in: callbacks that are due, their clocks, branches with new hours."""

from functools import partial

from aftersales.common.branch_hours import BranchHours, Mover, walk
from aftersales.common.policies import Library
from aftersales.common.timers import Timer, wakes

from . import handlers
from .domain.followup import FollowUp


def timers(library: Library) -> tuple[Timer, ...]:
    movers = (Mover(FollowUp, partial(handlers.change_hours, library=library)),)
    return (wakes(BranchHours, partial(walk, movers=movers)), wakes(FollowUp, handlers.wake_followup))
