"""People and their roles, as data (ALL-8): nothing is permitted or forbidden here. Names and phones stay in intake."""

from datetime import date
from typing import Annotated, ClassVar

from pydantic import Field, StrictBool, StringConstraints

from aftersales.common.aggregate import Aggregate
from aftersales.common.errors import DomainError
from aftersales.common.events import Event
from aftersales.common.events.intake import PersonChanged
from aftersales.common.values import Code, Day, Line, Phone, Value

EVERYWHERE = "-"
"""The `branch` of what belongs to no branch alone."""
Codes = Annotated[tuple[Code, ...], Field(max_length=50)]
Language = Annotated[str, StringConstraints(pattern=r"^[a-z]{2,3}(-[A-Za-z0-9]{2,8}){0,3}$")]
"""BCP 47, such as `zh-Hans` or `yue`."""


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
    languages: Annotated[tuple[Language, ...], Field(max_length=20)] = ()
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
