"""HTTP API: branches (ALL-2) and their hours (ALL-3), people, roles and the escalation chain (ALL-8)."""

from datetime import timedelta
from typing import Annotated

from fastapi import APIRouter, Path, Query

from aftersales.engine import PROBLEMS, Cursor, Limit, Malformed, Page, RequestContext
from aftersales.policy.business_time import Span, open_and_closed_spans
from aftersales.values import Code, Moment

from . import handlers
from .domain import Branch, BranchForm, Person, PersonForm, Role, RoleForm, Rung

router = APIRouter(responses=PROBLEMS)
RegisteredBranchCode = Annotated[Code, Path()]
"""The code of the branch."""
MOST_DAYS = 92
"""The longest range of one answer: a quarter."""
RoleCode = Annotated[Code, Path()]
"""The code of the role."""
PersonCode = Annotated[Code, Path()]
"""The code of the person."""


@router.put("/branches/{code}")
async def register_branch(code: RegisteredBranchCode, form: BranchForm, context: RequestContext) -> Branch:
    """Register a branch or change its details."""
    return await context.do(handlers.register_branch, code, form)


@router.get("/branches")
async def list_branches(context: RequestContext, cursor: Cursor = None, limit: Limit = 50) -> Page[Branch]:
    """List branches."""
    return await context.page(Branch, {}, cursor, limit)


@router.get("/branches/{code}")
async def show_branch(code: RegisteredBranchCode, context: RequestContext) -> Branch:
    """Show a branch."""
    return await context.read(Branch, code)


@router.get("/branches/{code}/hours")
async def show_hours(
    code: RegisteredBranchCode,
    context: RequestContext,
    since: Annotated[Moment, Query(alias="from")],
    until: Annotated[Moment, Query(alias="to")],
) -> list[Span]:
    """List the open and closed times of the branch from `from` to `to` (at most 92 days), with the reasons (ALL-3)."""
    if not timedelta() < until - since <= timedelta(days=MOST_DAYS):
        raise Malformed("calendar.range_malformed", days=MOST_DAYS)
    branch = await context.read(Branch, code)
    return list(open_and_closed_spans(branch.calendar, since, until))


@router.put("/roles/{code}")
async def define_role(code: RoleCode, form: RoleForm, context: RequestContext) -> Role:
    """Set a role's titles, rights and duties; the roles of the rulebook exist from the start."""
    return await context.do(handlers.define_role, code, form)


@router.get("/roles")
async def list_roles(context: RequestContext, cursor: Cursor = None, limit: Limit = 50) -> Page[Role]:
    """List roles."""
    return await context.page(Role, {}, cursor, limit)


@router.put("/people/{code}")
async def register_person(code: PersonCode, form: PersonForm, context: RequestContext) -> Person:
    """Register a person or change their details."""
    return await context.do(handlers.register_person, code, form)


@router.get("/people")
async def list_people(
    context: RequestContext,
    branch: Code | None = None,
    role: Code | None = None,
    cursor: Cursor = None,
    limit: Limit = 50,
) -> Page[Person]:
    """List people."""
    return await context.page(Person, {"branch": branch, "roles": role}, cursor, limit)


@router.get("/people/{code}")
async def show_person(code: PersonCode, context: RequestContext) -> Person:
    """Show a person."""
    return await context.read(Person, code)


@router.get("/people/{code}/chain")
async def show_chain(code: PersonCode, context: RequestContext) -> tuple[Rung, ...]:
    """List the people to ask when this person cannot answer: supervisor, centre, headquarters, leadership (ALL-3)."""
    return await handlers.show_chain(context.mongo, code, context.now)
