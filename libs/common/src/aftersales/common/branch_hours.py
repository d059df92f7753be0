"""A service's copy of the branches' hours (ALL-3), and the walk that moves open clocks when hours change.

A closure entered today reaches every open clock of the branch, one page at a time. A timer runs the walk, so that
thousands of clocks are not one command, and the walk continues after a crash.
"""

from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime, timedelta
from typing import Any, ClassVar, NamedTuple

from aftersales.common.aggregate import Aggregate
from aftersales.common.events.intake import BranchRegistered
from aftersales.common.mongo import Index
from aftersales.common.work import UnitOfWork, use_case
from aftersales.policy.calendars import Calendar
from aftersales.policy.sla import ChangeNote

CLOCKS_PER_PAGE = 100
"""Documents per step. A step is a job like others, which must not wait long for it."""
_SETTLE = timedelta(seconds=5)
"""How long the walk waits, so that jobs that used the old hours are committed."""
OPEN_CLOCKS = Index("branch", "clocks.ended_at", "_id")
"""Index of every kind with clocks: the open ones of a branch (its null entries), in the order of the walk."""


class BranchHours(Aggregate):
    """A branch's hours, their last change, and the progress of the walk; its id is the branch's code."""

    COLLECTION: ClassVar[str] = "branch_hours"
    NETWORK_WIDE: ClassVar[bool] = True
    AUDITED: ClassVar[bool] = False  # a copy: the branch itself is audited at intake

    calendar: Calendar
    since: datetime
    by: str
    kind: int = 0
    """The index of the kind that the walk has reached."""
    after: str = ""
    """The id of the last document that was moved."""

    @property
    def said(self) -> ChangeNote:
        """The person and time of the change, as clocks record it."""
        return ChangeNote(self.since, self.by, "branch_hours")


class Mover(NamedTuple):
    """The function that moves the clocks of one kind of document to new hours."""

    kind: type[Aggregate]
    move: Callable[[UnitOfWork, Any, BranchHours], Awaitable[None]]


@use_case(preload=lambda event: ((BranchHours, event.branch),))
async def follow_hours(work: UnitOfWork, event: BranchRegistered) -> None:
    """Apply the branch's hours in an event. Older events, and changes of other fields, have no effect."""
    if event.hours_since is not None:
        hours = event.hours.model_dump() if event.hours else {}
        calendar = Calendar.model_validate({"zone": event.zone, **hours})
        await change_branch_hours(work, event.branch, calendar, event.hours_since, event.hours_by)


async def change_branch_hours(work: UnitOfWork, branch: str, calendar: Calendar, since: datetime, by: str) -> None:
    """Store new hours, and start the walk through the open clocks again."""
    known = await work.get(BranchHours, branch)
    if known is None or known.since < since:
        fresh = known or BranchHours(id=branch, branch=branch, calendar=calendar, since=since, by=by)
        walk = {"kind": 0, "after": "", "wake_at": max(work.now, since + _SETTLE)}
        work.put(fresh.but(calendar=calendar, since=since, by=by, **walk))


async def move_page(work: UnitOfWork, branch: str, movers: Sequence[Mover]) -> None:
    """Move one page of open clocks; the timer is due again until none is left."""
    hours = await work.get(BranchHours, branch)
    if hours is None or hours.wake_at is None or hours.wake_at > work.now:
        return
    kind, move = movers[hours.kind]
    where = {"branch": branch, "clocks": {"$elemMatch": {"ended_at": None}}, "_id": {"$gt": hours.after}}
    page = await work.page(kind, where, CLOCKS_PER_PAGE)
    for document in page:
        await move(work, document, hours)
    if len(page) == CLOCKS_PER_PAGE:
        work.put(hours.but(after=page[-1].id, wake_at=work.now))
    elif hours.kind + 1 < len(movers):
        work.put(hours.but(kind=hours.kind + 1, after="", wake_at=work.now))
    else:
        work.put(hours.but(kind=0, after="", wake_at=None))
