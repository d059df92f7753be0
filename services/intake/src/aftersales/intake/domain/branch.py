"""Branches (ALL-2): where people, stock and calendar (ALL-3) are."""

from datetime import date, datetime
from functools import lru_cache
from typing import ClassVar
from zoneinfo import ZoneInfo

from aftersales.common.aggregate import Aggregate
from aftersales.common.business_time import Calendar, Hours
from aftersales.common.events import Event
from aftersales.common.events.intake import BranchRegistered
from aftersales.common.values import GeoPoint, Line, Value, Zone


class BranchForm(Value):
    """A branch's particulars."""

    name: Line
    zone: Zone
    location: GeoPoint
    hours: Hours | None = None
    """Left out: as they were, at first round the clock."""


class Branch(Aggregate):
    """A service branch; its id is its code."""

    COLLECTION: ClassVar[str] = "branches"

    name: str
    zone: str
    location: GeoPoint
    hours: Hours = Hours()
    hours_since: datetime | None = None
    """When hours or zone were last changed; None: before that was noted."""
    hours_by: str = ""

    @property
    def calendar(self) -> Calendar:
        return _calendar(self.zone, self.hours)

    def day_of(self, now: datetime) -> date:
        """Read the date on the branch's wall."""
        return local_day(now, self.zone)

    def begins(self, day: date) -> datetime:
        """When that day begins there."""
        return datetime.combine(day, datetime.min.time(), ZoneInfo(self.zone))


@lru_cache(maxsize=1024)
def _calendar(zone: str, hours: Hours) -> Calendar:
    return Calendar.model_construct(zone=zone, **dict(hours))  # both were validated before


def local_day(now: datetime, zone: str) -> date:
    """Read the date on a wall in this zone."""
    return now.astimezone(ZoneInfo(zone)).date()


def register_branch(
    known: Branch | None, code: str, form: BranchForm, by: str, now: datetime
) -> tuple[Branch, tuple[Event, ...]]:
    """Open the branch or change its particulars; saying the same again changes nothing."""
    hours = form.hours or (known.hours if known else Hours())
    fields = {"name": form.name, "zone": form.zone, "location": form.location, "hours": hours}
    fields |= {"hours_since": now, "hours_by": by}
    if known and (known.zone, known.hours) == (form.zone, hours):
        fields |= {"hours_since": known.hours_since, "hours_by": known.hours_by}
    branch = known.but(**fields) if known else Branch(id=code, branch=code, **fields)
    if branch == known:
        return known, ()
    return branch, (BranchRegistered(branch=code, **fields),)
