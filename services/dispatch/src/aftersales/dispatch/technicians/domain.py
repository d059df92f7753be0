"""Technicians: who may be sent, for what, and when (DSP-1, DSP-4)."""

from collections.abc import Collection
from datetime import UTC, datetime, time, timedelta
from typing import Annotated, ClassVar, NamedTuple
from zoneinfo import ZoneInfo

from pydantic import Field, StrictBool

from aftersales.common.aggregate import Aggregate
from aftersales.common.terms import Term, Terms, UnclearTerm, match_all, match_line
from aftersales.values import Code, Line, Moment, Value, Zone

Minute = Annotated[int, Field(ge=0, lt=24 * 60, strict=True)]
"""Minutes since local midnight."""


class Shift(Value):
    """Hours on duty of each day; they may cross midnight, and `start == end` means round the clock."""

    start: Minute = 0
    """Beginning of the shift, in minutes since local midnight: `480` is 08:00."""
    end: Minute = 0
    """End of the shift, in minutes since local midnight."""
    zone: Zone = "Asia/Shanghai"
    """The time zone of the shift."""

    def covers(self, at: datetime) -> bool:
        local = at.astimezone(ZoneInfo(self.zone))
        minute = local.hour * 60 + local.minute
        if self.start < self.end:
            return self.start <= minute < self.end
        return self.start == self.end or minute >= self.start or minute < self.end

    def next_start(self, at: datetime) -> datetime:
        """Return the next start of the shift, not before `at`."""
        zone = ZoneInfo(self.zone)
        day = at.astimezone(zone).date()
        begins = (datetime.combine(day + timedelta(days=n), time(*divmod(self.start, 60)), zone) for n in range(3))
        return next(begin for begin in (begin.astimezone(UTC) for begin in begins) if begin >= at)


class RegisterTechnician(Value):
    """A technician's details as the branch enters them."""

    name: Line
    """The technician's name."""
    branch: Code
    """The code of their branch."""
    skills: tuple[Term, ...] = ()
    """Product lines, in any word of intake's catalogue, such as `refrigerator` or 冰箱."""
    licence_until: Moment
    """The end of their licence; visits must end before it."""
    shift: Shift = Shift()
    """Their hours on duty."""
    suspended: StrictBool = False
    """Whether they get no work for now."""


class Technician(Aggregate):
    """A person who can be sent; `open_orders` is the load."""

    COLLECTION: ClassVar[str] = "technicians"

    name: str
    skills: tuple[str, ...]
    """The codes of product lines; a word that the catalogue lacks is kept as it was entered."""
    replaced: tuple[str, ...] = ()
    """Codes of lines that those of `skills` replace; older orders may have them."""
    unclear: tuple[UnclearTerm, ...] = ()
    """Words in `skills` that the catalogue lacks. No order has such a line, so they bring no work."""
    licence_until: datetime
    shift: Shift
    suspended: bool = False
    open_orders: tuple[str, ...] = ()

    def may_work(self, until: datetime) -> bool:
        """Whether the technician is not suspended and has a licence that outlasts the appointment (DSP-1)."""
        return not self.suspended and self.licence_until > until

    def has_skill(self, line: str) -> bool:
        return line in self.skills or line in self.replaced

    def take(self, order: str) -> "Technician":
        return self.but(open_orders=(*self.open_orders, order))

    def leave(self, order: str) -> "Technician":
        return self.but(open_orders=tuple(number for number in self.open_orders if number != order))


class KnownLines(NamedTuple):
    """The product lines that somebody may name."""

    terms: Terms
    named: Collection[str] = ()
    """Lines that only policies name."""


def register_technician(state: Technician | None, code: str, form: RegisterTechnician, lines: KnownLines) -> Technician:
    """Register a technician, or change the details of a known one; the load stays."""
    particulars = {name: getattr(form, name) for name in RegisterTechnician.model_fields}
    someone = state.but(**particulars) if state else Technician(id=code, **particulars)
    return match_skills(someone, lines)


def match_skills(someone: Technician, lines: KnownLines) -> Technician:
    """Replace the words of the skills by their codes as far as they are known now (ALL-1)."""
    codes, unclear = match_all(someone.skills, lambda word: match_line(lines.terms, word, lines.named))
    replaced = dict.fromkeys(old for code in codes for old in lines.terms.replaced(code))
    return someone.but(skills=codes, replaced=tuple(replaced), unclear=tuple(unclear))


class SecondLook(Aggregate):
    """Progress of a new search for a branch's waiting orders, after a technician there has changed.

    Its id is the branch, and it is deleted at the end.
    """

    COLLECTION: ClassVar[str] = "second_looks"
    AUDITED: ClassVar[bool] = False

    after: str = ""
    """The last order that was tried."""
