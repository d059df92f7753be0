"""Branches (ALL-2): where people, stock and calendar are."""

from datetime import date, datetime
from typing import Annotated, ClassVar
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, StringConstraints

from aftersales.common.events import Event
from aftersales.common.events.intake import BranchRegistered
from aftersales.common.values import Aggregate, GeoPoint, Line, Value


def _iana(name: str) -> str:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:  # OSError: the name of a folder, such as `Asia`
        raise ValueError("zone.unknown") from error
    return name


Zone = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_+/-]{1,64}$"), AfterValidator(_iana)]
"""An IANA time zone that this machine knows."""


class BranchForm(Value):
    """A branch's particulars."""

    name: Line
    zone: Zone
    location: GeoPoint


class Branch(Aggregate):
    """A service branch; its id is its code."""

    COLLECTION: ClassVar[str] = "branches"

    name: str
    zone: str
    location: GeoPoint

    def today(self, now: datetime) -> date:
        """Read the date on the branch's wall."""
        return now.astimezone(ZoneInfo(self.zone)).date()


def register(known: Branch | None, code: str, form: BranchForm) -> tuple[Branch, tuple[Event, ...]]:
    """Open the branch or change its particulars; saying the same again changes nothing."""
    fields = {"name": form.name, "zone": form.zone, "location": form.location}
    branch = known.but(**fields) if known else Branch(id=code, branch=code, **fields)
    if branch == known:
        return known, ()
    return branch, (BranchRegistered(branch=code, **fields),)
