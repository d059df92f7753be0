"""Timers: callbacks that are due, months that close, the clocks of callbacks and results, branches with new hours."""

from datetime import timedelta
from functools import partial

from aftersales.common.branch_hours import Mover, move_page
from aftersales.engine import BranchHours, PolicyCatalogue, Timer, wake_with

from .followups import handlers as followups
from .followups.domain import FollowUp
from .kpis import handlers as kpis
from .kpis.domain import MonthClock
from .results import handlers as results
from .results.domain import DepartmentResult


def build_timers(catalogue: PolicyCatalogue, kept: timedelta | None) -> tuple[Timer, ...]:
    movers = (
        Mover(FollowUp, partial(followups.change_followup_hours, catalogue=catalogue)),
        Mover(DepartmentResult, partial(results.change_result_hours, catalogue=catalogue)),
    )
    return (
        wake_with(BranchHours, partial(move_page, movers=movers)),
        wake_with(FollowUp, followups.wake_followup),
        wake_with(DepartmentResult, results.wake_result),
        wake_with(MonthClock, partial(kpis.close_month, kept=kept)),
    )
