"""Branches (ALL-2) and their hours (ALL-3), people and roles (ALL-8), and the escalation chain. Pure."""

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from functools import lru_cache
from typing import Annotated, ClassVar, Literal, NamedTuple, get_args
from zoneinfo import ZoneInfo

from pydantic import Field, StrictBool, StringConstraints

from aftersales.common.aggregate import Aggregate
from aftersales.common.events import Event
from aftersales.common.events.intake import BranchRegistered, PersonChanged
from aftersales.common.scope import EVERYWHERE
from aftersales.policy.calendars import Calendar, Hours
from aftersales.values import Code, Day, GeoPoint, Line, Phone, Value, Zone
from aftersales.values.errors import DomainError

Codes = Annotated[tuple[Code, ...], Field(max_length=50)]
"""A list of codes."""
LanguageTag = Annotated[str, StringConstraints(pattern=r"^[a-z]{2,3}(-[A-Za-z0-9]{2,8}){0,3}$")]
"""Language tags of BCP 47, such as `zh-Hans` or `yue`."""
Level = Literal["supervisor", "centre", "headquarters", "leadership"]
"""A level of the escalation chain, from the branch's `supervisor` to the `leadership` of the company."""
LEVELS: tuple[Level, ...] = get_args(Level)
"""All levels, lowest first; the role of a level has the same code."""
OF_BRANCH: tuple[Level, ...] = ("supervisor", "centre")
"""Levels whose people are responsible only for their own branch."""


class BranchForm(Value):
    """The data of a branch."""

    name: Line
    """The name of the branch."""
    zone: Zone
    """Its time zone, such as `Asia/Shanghai`; its hours and days are in this zone."""
    location: GeoPoint
    """The position on the map."""
    hours: Hours | None = None
    """By default the stored hours, or round the clock for a new branch."""
    far_districts: Annotated[tuple[Line, ...], Field(max_length=200)] | None = None
    """Districts, towns and villages that are far away (DSP-3); an address that names one is far. Default: as stored."""
    address: Line | None = None
    """Its address, as it is printed on slips. Default: as stored."""
    phone: Phone | None = None
    """Its own phone, beside the company's (`PUT /identity`). Default: as stored."""


class Branch(Aggregate):
    """A service branch; its id is its code."""

    COLLECTION: ClassVar[str] = "branches"
    NETWORK_WIDE: ClassVar[bool] = True

    name: str
    zone: str
    location: GeoPoint
    far_districts: tuple[str, ...] = ()
    address: str | None = None
    phone: str | None = None
    hours: Hours = Hours()
    hours_since: datetime | None = None
    """The last change of hours or zone; None if unrecorded."""
    hours_by: str = ""

    @property
    def calendar(self) -> Calendar:
        return _calendar(self.zone, self.hours)

    def day_of(self, now: datetime) -> date:
        """Return the local date at the branch."""
        return local_day(now, self.zone)

    def begins(self, day: date) -> datetime:
        """Return the beginning of that day at the branch."""
        return datetime.combine(day, datetime.min.time(), ZoneInfo(self.zone))


@lru_cache(maxsize=1024)
def _calendar(zone: str, hours: Hours) -> Calendar:
    return Calendar.model_construct(zone=zone, **dict(hours))  # both were validated before


def local_day(now: datetime, zone: str) -> date:
    """Return the local date in this zone."""
    return now.astimezone(ZoneInfo(zone)).date()


def register_branch(
    known: Branch | None, code: str, form: BranchForm, by: str, now: datetime
) -> tuple[Branch, tuple[Event, ...]]:
    """Create the branch or change its data; repeating the same changes nothing."""
    hours = form.hours or (known.hours if known else Hours())
    fields = {"name": form.name, "zone": form.zone, "location": form.location, "hours": hours}
    fields |= {"hours_since": now, "hours_by": by}
    own = {name: given for name in ("far_districts", "address", "phone") if (given := getattr(form, name)) is not None}
    if known and (known.zone, known.hours) == (form.zone, hours):
        fields |= {"hours_since": known.hours_since, "hours_by": known.hours_by}
    branch = (known or Branch(id=code, branch=code, **fields)).but(**fields, **own)
    if branch == known:
        return known, ()
    return branch, (BranchRegistered(branch=code, **fields),)


class Title(Value):
    en: Line
    """The title in English."""
    zh_hans: Line
    """The title in simplified Chinese."""
    zh_hant: Line
    """The title in traditional Chinese."""

    @property
    def by_language(self) -> dict[str, str]:
        return {"en": self.en, "zh-Hans": self.zh_hans, "zh-Hant": self.zh_hant}


class RoleForm(Value):
    """A role's titles, and codes of what its people may be told (`told`) and asked to do (`asked`)."""

    title: Title
    """The title in each language."""
    told: Codes = ()
    """Codes of what its people may be told."""
    asked: Codes = ()
    """Codes of what its people may be asked to do."""


class Role(Aggregate):
    """A role of the network; its id is its code."""

    COLLECTION: ClassVar[str] = "roles"

    branch: str = EVERYWHERE
    title: Title
    told: tuple[str, ...]
    asked: tuple[str, ...]


class PersonForm(Value):
    """The data of a person, as the branch gives it."""

    name: Line
    """The person's name."""
    phone: Phone | None = None
    """Their phone number at work."""
    branch: Code
    """The code of their branch."""
    roles: Annotated[tuple[Code, ...], Field(min_length=1, max_length=20)]
    """Codes of their roles."""
    languages: Annotated[tuple[LanguageTag, ...], Field(max_length=20)] = ()
    """Languages that they speak, as tags of BCP 47."""
    active: StrictBool = True
    """False: the person is away and is not asked."""
    supervisor: Code | None = None
    """The person's supervisor, who may be registered later."""
    since: Day | None = None
    """The first day of their work."""
    until: Day | None = None
    """The last day of service."""
    branches: Codes = ()
    """Codes of further branches in which they work; they see their data too."""
    subject: Annotated[str, StringConstraints(min_length=1, max_length=255)] | None = None
    """The subject (`sub`) of their tokens at the sign-in server; without one they cannot sign in as themselves."""


class Person(Aggregate):
    """A person who works in the network, including merchants' staff; the id is the person's code."""

    COLLECTION: ClassVar[str] = "people"

    name: str
    phone: str | None = None
    roles: tuple[str, ...]
    languages: tuple[str, ...] = ()
    active: bool = True
    supervisor: str | None = None
    since: Day | None = None
    until: Day | None = None
    branches: tuple[str, ...] = ()
    subject: str | None = None

    def serves(self, today: date) -> bool:
        return self.active and (self.since or today) <= today <= (self.until or today)


def define_role(known: Role | None, code: str, form: RoleForm) -> Role:
    fields = dict(form)
    return known.but(**fields) if known else Role(id=code, **fields)


def register_person(
    known: Person | None, code: str, form: PersonForm, home: Branch, now: datetime
) -> tuple[Person, tuple[PersonChanged, ...]]:
    """Create a person or change their data; the event has only what others may know, when that changed."""
    if form.supervisor == code:
        raise DomainError("person.own_supervisor", person=code)
    if form.since and form.until and form.until < form.since:
        raise DomainError("person.leaves_before_coming", person=code)
    fields = dict(form) | {"roles": tuple(dict.fromkeys(form.roles))}
    person = known.but(**fields) if known else Person(id=code, **fields)
    if known and all(getattr(known, name) == getattr(person, name) for name in _TOLD):
        return person, ()
    told = {name: getattr(person, name) for name in ("branch", "roles", "active", "branches")}
    since = home.begins(person.since) if person.since else None
    until = home.begins(person.until + timedelta(days=1)) if person.until else None
    event = PersonChanged(person=code, **told, subject=person.subject or "", since=since, until=until, changed_at=now)
    return person, (event,)


_TOLD = ("branch", "roles", "active", "branches", "subject", "since", "until")
"""Fields of a person that other services know."""


class Rung(Value):
    """A person in the chain."""

    level: Literal["owner"] | Level
    person: str


class Start(NamedTuple):
    """The start of the chain: owner (registered or not), branch and day."""

    owner: str
    branch: str
    today: date


def climb_chain(people: Mapping[str, Person], start: Start) -> tuple[Rung, ...]:
    """Return the chain from the owner upwards; nobody is in it twice.

    A person's own supervisor is next. If that one is missing, has left, is already in the chain or has a lower level,
    the holder of the next level's role is next: of the branch up to the centre, of any branch above it. Levels without
    a holder are skipped.
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
    """Return the holder of the lowest level above; the first by code if several."""
    for level in LEVELS[height:]:
        for code in sorted(people):
            person = people[code]
            near = level not in OF_BRANCH or person.branch == start.branch
            if level in person.roles and near and person.serves(start.today):
                return person, LEVELS.index(level) + 1
    return None


def _height(person: Person | None) -> int:
    """Return the highest level of the person's roles: 0 for none, 4 for leadership."""
    held = [LEVELS.index(level) + 1 for level in LEVELS if person and level in person.roles]
    return max(held, default=0)
