"""Branches (ALL-2) and when they are open (ALL-3), people and roles (ALL-8), the chain above somebody. Pure."""

from collections.abc import Mapping
from datetime import date, datetime
from functools import lru_cache
from typing import Annotated, ClassVar, Literal, NamedTuple, get_args
from zoneinfo import ZoneInfo

from pydantic import Field, StrictBool, StringConstraints

from aftersales.common.aggregate import Aggregate
from aftersales.common.events import Event
from aftersales.common.events.intake import BranchRegistered, PersonChanged
from aftersales.policy.calendars import Calendar, Hours
from aftersales.values import Code, Day, GeoPoint, Line, Phone, Value, Zone
from aftersales.values.errors import DomainError

EVERYWHERE = "-"
"""The `branch` of what belongs to no branch alone."""
Codes = Annotated[tuple[Code, ...], Field(max_length=50)]
LanguageTag = Annotated[str, StringConstraints(pattern=r"^[a-z]{2,3}(-[A-Za-z0-9]{2,8}){0,3}$")]
"""BCP 47, such as `zh-Hans` or `yue`."""
Level = Literal["supervisor", "centre", "headquarters", "leadership"]
LEVELS: tuple[Level, ...] = get_args(Level)
"""Also the codes of the roles that stand on these levels."""
OF_BRANCH: tuple[Level, ...] = ("supervisor", "centre")
"""Levels whose people answer for their own branch alone."""


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


class Title(Value):
    en: Line
    zh_hans: Line
    zh_hant: Line


class RoleForm(Value):
    """What a role is called, what somebody in it may be told, and what they may be asked to do."""

    title: Title
    told: Codes = ()
    asked: Codes = ()


class Role(Aggregate):
    """A role of the network; its id is its code."""

    COLLECTION: ClassVar[str] = "roles"

    branch: str = EVERYWHERE
    title: Title
    told: tuple[str, ...]
    asked: tuple[str, ...]


class PersonForm(Value):
    """A person's particulars as the branch gives them."""

    name: Line
    phone: Phone | None = None
    branch: Code
    roles: Annotated[tuple[Code, ...], Field(min_length=1, max_length=20)]
    languages: Annotated[tuple[LanguageTag, ...], Field(max_length=20)] = ()
    active: StrictBool = True
    supervisor: Code | None = None
    """Whose word they take; may be registered later."""
    since: Day | None = None
    until: Day | None = None
    """The last day of their service."""


class Person(Aggregate):
    """Somebody who works in the network, a merchant's staff included; their id is their code."""

    COLLECTION: ClassVar[str] = "people"

    name: str
    phone: str | None = None
    roles: tuple[str, ...]
    languages: tuple[str, ...] = ()
    active: bool = True
    supervisor: str | None = None
    since: Day | None = None
    until: Day | None = None

    def serves(self, today: date) -> bool:
        return self.active and (self.since or today) <= today <= (self.until or today)


def define_role(known: Role | None, code: str, form: RoleForm) -> Role:
    fields = dict(form)
    return known.but(**fields) if known else Role(id=code, **fields)


def register_person(known: Person | None, code: str, form: PersonForm) -> tuple[Person, tuple[Event, ...]]:
    """Register somebody or change their particulars; only what others may know is told, when it changed."""
    if form.supervisor == code:
        raise DomainError("person.own_supervisor", person=code)
    if form.since and form.until and form.until < form.since:
        raise DomainError("person.leaves_before_coming", person=code)
    fields = dict(form) | {"roles": tuple(dict.fromkeys(form.roles))}
    person = known.but(**fields) if known else Person(id=code, **fields)
    told = PersonChanged(person=code, branch=person.branch, roles=person.roles, active=person.active)
    unchanged = known and (known.branch, known.roles, known.active) == (person.branch, person.roles, person.active)
    return person, () if unchanged else (told,)


class Rung(Value):
    """Somebody in the chain."""

    level: Literal["owner"] | Level
    person: str


class Start(NamedTuple):
    """Where the climb begins: who owns the matter, known or not, in which branch, on which day."""

    owner: str
    branch: str
    today: date


def climb_chain(people: Mapping[str, Person], start: Start) -> tuple[Rung, ...]:
    """Climb from the owner upwards; nobody comes twice.

    A person's own supervisor is next. Where that one is missing, has left, was passed already (a circle) or stands
    lower, whoever has the next level's role is: of the branch up to the centre, of any branch above it. A level
    without anybody is left out.
    """
    rungs = [Rung(level="owner", person=start.owner)]
    at = people.get(start.owner)
    height = _height(at)
    while True:
        rest = {code: person for code, person in people.items() if code not in {rung.person for rung in rungs}}
        step = _own_supervisor(rest, at, height, start.today) or _holder_above(rest, height, start)
        if step is None:
            return tuple(rungs)
        at, height = step
        rungs.append(Rung(level=LEVELS[height - 1], person=at.id))


def _own_supervisor(
    people: Mapping[str, Person], at: Person | None, height: int, today: date
) -> tuple[Person, int] | None:
    named = people.get(at.supervisor) if at and at.supervisor else None
    if named is None or not named.serves(today) or max(_height(named), 1) < height:
        return None
    return named, max(_height(named), 1)


def _holder_above(people: Mapping[str, Person], height: int, start: Start) -> tuple[Person, int] | None:
    """Whoever has the role of the lowest level above; of several the first by code."""
    for level in LEVELS[height:]:
        for code in sorted(people):
            person = people[code]
            near = level not in OF_BRANCH or person.branch == start.branch
            if level in person.roles and near and person.serves(start.today):
                return person, LEVELS.index(level) + 1
    return None


def _height(person: Person | None) -> int:
    """How high their roles put them: 0 for whoever stands on no level, 4 for leadership."""
    held = [LEVELS.index(level) + 1 for level in LEVELS if person and level in person.roles]
    return max(held, default=0)
