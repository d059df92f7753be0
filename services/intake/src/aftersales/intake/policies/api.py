"""HTTP in: service policies (ALL-1)."""

from datetime import date
from typing import Annotated, Literal

from fastapi import APIRouter, Path, Query, Response
from pydantic import BaseModel

from aftersales.engine import PROBLEMS, Cursor, Desk, Limit, NotFound, Page, PublishedPolicy
from aftersales.policy.choose import Facts, shipped
from aftersales.policy.explain import Outcome, explain
from aftersales.policy.findings import dotted
from aftersales.policy.model import Policy
from aftersales.values import Code, Day
from aftersales.values.messages import render

from . import handlers

router = APIRouter(responses=PROBLEMS)
Name = Annotated[Code, Path()]


class Item(BaseModel):
    """What a choice depends on."""

    branch: Code
    line: Code
    day: Day
    work_type: Code = "repair"
    customer_class: Code = "C"


class Considered(BaseModel):
    """A policy that might hold, and what became of it: see docs/policies.md."""

    name: str
    version: int
    preset: bool
    effective_from: date
    outcome: Outcome
    specificity: int
    missed: tuple[str, ...]
    replaced_by: int | None


class Choice(BaseModel):
    """Which policy holds for an item, and why not the others."""

    name: str
    version: int
    candidates: list[Considered]


class Said(BaseModel):
    """What is wrong or doubtful in a policy, where, and in the caller's language."""

    level: Literal["error", "warning"]
    code: str
    field: str
    problem: str


@router.post("/policies", status_code=201)
async def publish_policy(policy: Policy, desk: Desk, response: Response) -> PublishedPolicy:
    """Publish the next version; its number is counted here. A policy with errors, or one that ties, is refused."""
    published = await desk.do(handlers.publish_policy, policy, desk.library)
    response.headers["Location"] = f"/policies/{published.policy.name}/{published.policy.version}"
    return published


@router.post("/policies/lint")
async def lint_policy(policy: Policy, desk: Desk) -> list[Said]:
    """Say what is wrong or doubtful with a policy, alone and as the next version beside those published."""
    shelf = await desk.library.shelf(desk.mongo)
    return [
        Said(
            level=one.level,
            code=one.code,
            field=dotted(one.path),
            problem=render(one.code, desk.locale, dict(one.params)),
        )
        for one in handlers.findings(handlers.next_version(policy, shelf), shelf)
    ]


@router.get("/policies")
async def list_policies(desk: Desk, cursor: Cursor = None, limit: Limit = 50) -> Page[PublishedPolicy]:
    """Those published; the presets that are shipped are at `GET /policies/{name}/0`."""
    return await desk.page(PublishedPolicy, {}, cursor, limit)


@router.get("/policies/explain")
async def explain_choice(item: Annotated[Item, Query()], desk: Desk) -> Choice:
    """Say which policy holds for an item that comes in on `day`, and why."""
    facts = Facts(item.branch, item.line, item.work_type, item.customer_class, item.day)
    try:
        found = explain(await desk.library.shelf(desk.mongo), facts)
    except LookupError as error:  # before the first day of any preset
        raise NotFound("policies.unknown", id=item.day.isoformat()) from error
    considered = [Considered(**candidate._asdict()) for candidate in found.candidates]
    return Choice(name=found.chosen.name, version=found.chosen.version, candidates=considered)


@router.get("/policies/{name}/{version}")
async def show_policy(name: Name, version: Annotated[int, Path(ge=0, le=1_000_000)], desk: Desk) -> Policy:
    """Show one version; version 0 is the preset of that name."""
    if version:
        return (await desk.read(PublishedPolicy, f"{name}@{version}")).policy
    preset = next((policy for policy in shipped().policies if policy.name == name), None)
    if preset is None:
        raise NotFound("policies.unknown", id=f"{name}@0")
    return preset
