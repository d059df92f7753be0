"""Technicians: who may be sent, for what, and when (DSP-1, DSP-4)."""

from datetime import UTC, datetime, time, timedelta
from typing import Annotated, ClassVar
from zoneinfo import ZoneInfo

from pydantic import Field, StrictBool

from aftersales.common.aggregate import Aggregate
from aftersales.values import Code, Line, Moment, Value, Zone

Minute = Annotated[int, Field(ge=0, lt=24 * 60, strict=True)]
"""Minutes since local midnight."""


class Shift(Value):
    """When somebody is on duty, each day; it may cross midnight, and `start == end` is round the clock."""

    start: Minute = 0
    end: Minute = 0
    zone: Zone = "Asia/Shanghai"

    def covers(self, at: datetime) -> bool:
        local = at.astimezone(ZoneInfo(self.zone))
        minute = local.hour * 60 + local.minute
        if self.start < self.end:
            return self.start <= minute < self.end
        return self.start == self.end or minute >= self.start or minute < self.end

    def next_start(self, at: datetime) -> datetime:
        """When the shift begins next, not before `at`."""
        zone = ZoneInfo(self.zone)
        day = at.astimezone(zone).date()
        begins = (datetime.combine(day + timedelta(days=n), time(*divmod(self.start, 60)), zone) for n in range(3))
        return next(begin for begin in (begin.astimezone(UTC) for begin in begins) if begin >= at)


class RegisterTechnician(Value):
    """A technician's particulars as the branch gives them."""

    name: Line
    branch: Code
    skills: tuple[Code, ...] = ()
    """Product lines, the same words as in `ProductRef.line`."""
    licence_until: Moment
    shift: Shift = Shift()
    suspended: StrictBool = False


class Technician(Aggregate):
    """Somebody who can be sent; `open_orders` is the load."""

    COLLECTION: ClassVar[str] = "technicians"

    name: str
    skills: tuple[str, ...]
    licence_until: datetime
    shift: Shift
    suspended: bool = False
    open_orders: tuple[str, ...] = ()

    def may_work(self, until: datetime) -> bool:
        """DSP-1: nobody is sent without a licence that outlasts the appointment, nor while suspended."""
        return not self.suspended and self.licence_until > until

    def take(self, order: str) -> "Technician":
        return self.but(open_orders=(*self.open_orders, order))

    def leave(self, order: str) -> "Technician":
        return self.but(open_orders=tuple(number for number in self.open_orders if number != order))


def register_technician(state: Technician | None, code: str, form: RegisterTechnician) -> Technician:
    """Enter a technician, or change the particulars of a known one; the load stays."""
    particulars = {name: getattr(form, name) for name in RegisterTechnician.model_fields}
    return state.but(**particulars) if state else Technician(id=code, **particulars)


class SecondLook(Aggregate):
    """How far the look at a branch's waiting orders has come, because a technician there has changed.

    Its id is the branch, and it is deleted at the end.
    """

    COLLECTION: ClassVar[str] = "second_looks"
    AUDITED: ClassVar[bool] = False

    after: str = ""
    """The last order that was looked at."""
