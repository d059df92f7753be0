"""HTTP in: people, roles and the chain (ALL-8)."""

from typing import Annotated

from fastapi import APIRouter, Path

from aftersales.common.service import PROBLEMS, Cursor, Desk, Limit, Page
from aftersales.common.values import Code
from aftersales.common.work.piece import Needs
from aftersales.intake.domain.branch import Branch
from aftersales.intake.domain.chain import Rung
from aftersales.intake.domain.people import Person, PersonForm, Role, RoleForm
from aftersales.intake.handlers import people

router = APIRouter(responses=PROBLEMS)
RoleCode = Annotated[Code, Path()]
PersonCode = Annotated[Code, Path()]


@router.put("/roles/{code}")
async def define_role(code: RoleCode, form: RoleForm, desk: Desk) -> Role:
    """Say what a role is called, is told and is asked; the roles of the rulebook are there from the start."""
    return await desk.do(people.define_role, code, form, needs=((Role, code),))


@router.get("/roles")
async def list_roles(desk: Desk, cursor: Cursor = None, limit: Limit = 50) -> Page[Role]:
    return await desk.page(Role, {}, cursor, limit)


@router.put("/people/{code}")
async def register_person(code: PersonCode, form: PersonForm, desk: Desk) -> Person:
    needs: Needs = [(Person, code), (Branch, form.branch), *((Role, role) for role in form.roles)]
    return await desk.do(people.register_person, code, form, needs=needs)


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
    return await people.show_chain(desk.mongo, code, desk.now)
