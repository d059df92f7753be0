"""Use cases: branches, people and roles (ALL-2, ALL-8), with checks for other capabilities that they exist."""

from datetime import datetime

from aftersales.common.branch_hours import change_branch_hours
from aftersales.common.policies import PolicySource
from aftersales.common.scope import WHOLE_NETWORK
from aftersales.common.sign_in.access import access_table
from aftersales.common.sign_in.accounts import Account, follow_person
from aftersales.engine import BranchHours, DomainError, NotFound, Reads, UnitOfWork, use_case
from aftersales.values.errors import Forbidden

from . import domain
from .domain import LEVELS, OF_BRANCH, Branch, BranchForm, Person, PersonForm, Role, RoleForm, Rung, Start, climb_chain


@use_case(about=lambda code: (Branch, code), preload=lambda code: ((BranchHours, code),))
async def register_branch(work: UnitOfWork, code: str, form: BranchForm) -> Branch:
    known = await work.get(Branch, code)
    branch, events = domain.register_branch(known, code, form, work.actor, work.now)
    if branch == known:
        return branch
    if known and branch.calendar != known.calendar:
        await change_branch_hours(work, code, branch.calendar, work.now, work.actor)
    return work.put(branch, *events)


async def known_branch(source: PolicySource, code: str) -> Branch:
    """Return the branch. Raises `DomainError` when it does not exist."""
    branch = await source.get(Branch, code)
    if branch is None:
        raise DomainError("branch.unknown", branch=code)
    return branch


@use_case(about=lambda code: (Role, code))
async def define_role(work: UnitOfWork, code: str, form: RoleForm) -> Role:
    known = await work.get(Role, code)
    role = domain.define_role(known, code, form)
    return role if role == known else work.put(role)


@use_case(
    about=lambda code: (Person, code),
    preload=lambda code, form: (
        (Branch, form.branch),
        (Account, code),
        *((Role, role) for role in form.roles),
        *(((Person, {"subject": form.subject}),) if form.subject else ()),
    ),
)
async def register_person(work: UnitOfWork, code: str, form: PersonForm) -> Person:
    home = await known_branch(work, form.branch)
    for further in form.branches:
        await known_branch(work, further)
    await known_roles(work, form.roles)
    known = await work.get(Person, code)
    _must_be_below(work, known, form)
    if form.subject and any(other.id != code for other in await work.beyond_scope.find(Person, subject=form.subject)):
        raise DomainError("person.subject_taken", person=code)
    person, events = domain.register_person(known, code, form, home, work.now)
    for event in events:
        await follow_person(work, event)
    return person if person == known else work.put(person, *events)


def _must_be_below(work: UnitOfWork, known: Person | None, form: PersonForm) -> None:
    """Raise `Forbidden` if somebody of a branch gives or changes access that reaches beyond their own."""
    if work.scope == WHOLE_NETWORK:
        return
    table = access_table()
    beyond = [branch for branch in (form.branch, *form.branches) if not work.scope.covers(branch)]
    if beyond:
        raise Forbidden("scope.other_branch", branch=beyond[0])
    roles = table.roles_of((*form.roles, *(known.roles if known else ())))
    if table.scope_of(roles, ()) == WHOLE_NETWORK:
        raise Forbidden("person.role_beyond_branch", person=known.id if known else "")


async def show_chain(mongo: Reads, code: str, now: datetime) -> tuple[Rung, ...]:
    """Return the chain above this person, as for an escalation. Raises `NotFound`."""
    person = await mongo.get(Person, code)
    if person is None:
        raise NotFound("people.unknown", id=code)
    return await chain_above(mongo, code, person.branch, now)


async def chain_above(source: PolicySource, owner: str, branch: str, now: datetime) -> tuple[Rung, ...]:
    """Load the people who may be in the chain, and return it; the owner need not be registered."""
    source = source.beyond_scope  # the upper levels belong to headquarters
    known: dict[str, Person] = {}
    for level in LEVELS:
        where = {"roles": level, **({"branch": branch} if level in OF_BRANCH else {})}
        found = await (source.find(Person, where) if isinstance(source, Reads) else source.find(Person, **where))
        known |= {person.id: person for person in found}
    looked_up = set()
    open_links: list[str | None] = [owner, *(person.supervisor for person in known.values())]
    while open_links:
        code = open_links.pop()
        if code is None or code in looked_up:
            continue
        looked_up.add(code)
        if person := await source.get(Person, code):
            known[code] = person
            open_links.append(person.supervisor)
    today = (await known_branch(source, branch)).day_of(now)
    return climb_chain(known, Start(owner, branch, today))


async def known_roles(work: UnitOfWork, roles: tuple[str, ...]) -> None:
    """Raise `DomainError` for a role that is not defined."""
    for role in roles:
        if await work.get(Role, role) is None:
            raise DomainError("role.unknown", role=role)


async def known_person(work: UnitOfWork, code: str) -> Person:
    """Return a person in service today. Raises `DomainError` when there is none."""
    person = await work.get(Person, code)
    if person is None:
        raise DomainError("person.unknown", person=code)
    if not person.serves((await known_branch(work, person.branch)).day_of(work.now)):
        raise DomainError("person.not_serving", person=code)
    return person
