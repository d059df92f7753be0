"""Time in: callbacks that are due, their clocks, branches with new hours."""

from functools import partial

from aftersales.common.branch_hours import Mover, walk
from aftersales.engine import BranchHours, Library, Timer, wakes

from .followups import handlers as followups
from .followups.domain import FollowUp


def timers(library: Library) -> tuple[Timer, ...]:
    movers = (Mover(FollowUp, partial(followups.change_hours, library=library)),)
    return (wakes(BranchHours, partial(walk, movers=movers)), wakes(FollowUp, followups.wake_followup))
