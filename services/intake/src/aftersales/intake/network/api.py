"""HTTP in: branches (ALL-2) and when they are open (ALL-3), people, roles and the chain (ALL-8)."""

from datetime import timedelta
from typing import Annotated

from fastapi import APIRouter, Path, Query

from aftersales.engine import PROBLEMS, Cursor, Desk, Limit, Malformed, Page
from aftersales.policy.business_time import Span, spans
from aftersales.values import Code, Moment

from . import handlers
from .domain import Branch, BranchForm, Person, PersonForm, Role, RoleForm, Rung

router = APIRouter(responses=PROBLEMS)
BranchCode = Annotated[Code, Path()]
MOST_DAYS = 92
"""So long a stretch is explained at once: a quarter."""
RoleCode = Annotated[Code, Path()]
PersonCode = Annotated[Code, Path()]


@router.put("/branches/{code}")
async def register_branch(code: BranchCode, form: BranchForm, desk: Desk) -> Branch:
    return await desk.do(handlers.register_branch, code, form)


@router.get("/branches")
async def list_branches(desk: Desk, cursor: Cursor = None, limit: Limit = 50) -> Page[Branch]:
    return await desk.page(Branch, {}, cursor, limit)


@router.get("/branches/{code}")
async def show_branch(code: BranchCode, desk: Desk) -> Branch:
    return await desk.read(Branch, code)


@router.get("/branches/{code}/hours")
async def show_hours(
    code: BranchCode,
    desk: Desk,
    since: Annotated[Moment, Query(alias="from")],
    until: Annotated[Moment, Query(alias="to")],
) -> list[Span]:
    """Tell of all time from `from` to `to` (92 days at most) whether the branch is open, and why (ALL-3)."""
    if not timedelta() < until - since <= timedelta(days=MOST_DAYS):
        raise Malformed("calendar.range_malformed", days=MOST_DAYS)
    branch = await desk.read(Branch, code)
    return list(spans(branch.calendar, since, until))


@router.put("/roles/{code}")
async def define_role(code: RoleCode, form: RoleForm, desk: Desk) -> Role:
    """Say what a role is called, is told and is asked; the roles of the rulebook are there from the start."""
    return await desk.do(handlers.define_role, code, form)


@router.get("/roles")
async def list_roles(desk: Desk, cursor: Cursor = None, limit: Limit = 50) -> Page[Role]:
    return await desk.page(Role, {}, cursor, limit)


@router.put("/people/{code}")
async def register_person(code: PersonCode, form: PersonForm, desk: Desk) -> Person:
    return await desk.do(handlers.register_person, code, form)


@router.get("/people")
async def list_people(
    desk: Desk, branch: Code | None = None, role: Code | None = None, cursor: Cursor = None, limit: Limit = 50
) -> Page[Person]:
    return await desk.page(Person, {"branch": branch, "roles": role}, cursor, limit)


@router.get("/people/{code}")
async def show_person(code: PersonCode, desk: Desk) -> Person:
    return await desk.read(Person, code)


@router.get("/people/{code}/chain")
async def show_chain(code: PersonCode, desk: Desk) -> tuple[Rung, ...]:
    """Who is asked when this person cannot answer: supervisor, centre, headquarters, leadership (ALL-3)."""
    return await handlers.show_chain(desk.mongo, code, desk.now)
