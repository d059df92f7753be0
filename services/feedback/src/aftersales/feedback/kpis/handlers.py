"""Use cases: the months of branches begin with the branch, and close by themselves (FBK-8)."""

from datetime import timedelta

from aftersales.common import branch_hours
from aftersales.common.events.intake import BranchRegistered
from aftersales.common.months import following_month
from aftersales.engine import BranchHours, UnitOfWork, use_case

from . import domain
from .domain import ClosedMonth, MonthClock, MonthCorrection, closed_id
from .store import registered_in, sum_figures

CORRECTED = 3
"""How many closed months are looked at again when another one closes."""


@use_case(preload=lambda event: ((BranchHours, event.branch), (MonthClock, event.branch)))
async def follow_branch(work: UnitOfWork, event: BranchRegistered) -> None:
    """Store the branch's hours, and count its months by its zone; another zone applies to the open month already."""
    await branch_hours.follow_hours(work, event)
    clock = await work.get(MonthClock, event.branch)
    if clock is None:
        work.put(domain.begin_months(event.branch, event.zone, work.now))
    elif clock.zone != event.zone:
        work.put(domain.set_clock(clock, event.zone))


async def close_month(work: UnitOfWork, branch: str, kept: timedelta | None) -> None:
    """Close the branch's month. What changed about earlier ones since they were closed becomes a line of this one.

    `kept` is how long timelines are stored at least; a month whose timelines may be archived is not looked at again.
    """
    clock = await work.get(MonthClock, branch)
    if clock is None or clock.wake_at is None or clock.wake_at > work.now:
        return
    figures = await sum_figures(work.aggregate, registered_in(*clock.span_of(clock.month), branch))
    lines: list[MonthCorrection] = []
    before = [await work.get(ClosedMonth, closed_id(branch, following_month(clock.month, -by))) for by in _BACK]
    known = [month for month in before if month]
    for month in known:
        if kept is None or work.now - kept < month.begins_at:
            told = [line for later in known for line in later.corrections]
            now = await sum_figures(work.aggregate, registered_in(month.begins_at, month.ends_at, branch))
            lines += domain.correct_month(month, told, now)
    closed, following = domain.close_month(clock, figures, lines, work.now)
    work.put(closed)
    work.put(following)


_BACK = range(1, CORRECTED + 1)
