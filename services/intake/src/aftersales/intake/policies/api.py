"""HTTP API: service policies (ALL-1)."""

from datetime import date
from typing import Annotated, Literal

from fastapi import APIRouter, Path, Query, Response
from pydantic import BaseModel

from aftersales.common.terms import Term, UnclearTerm
from aftersales.engine import PROBLEMS, Cursor, Limit, NotFound, Page, PublishedPolicy, RequestContext
from aftersales.intake.catalogues.store import load_glossary
from aftersales.policy.choose import Facts, shipped_policies
from aftersales.policy.explain import ChoiceOutcome, explain_policy_choice
from aftersales.policy.findings import dotted_path
from aftersales.policy.model import Policy, Scope
from aftersales.values import Code, Day
from aftersales.values.messages import render_message

from . import handlers

router = APIRouter(responses=PROBLEMS)
PolicyName = Annotated[Code, Path()]
"""The name of the policy."""


class PolicyItem(BaseModel):
    """The facts that a choice depends on."""

    branch: Code
    line: Term
    """In any word of the catalogue."""
    day: Day
    work_type: Code = "repair"
    customer_class: Code = "C"
    member: bool = False
    """Whether the customer is a member."""


class Considered(BaseModel):
    """A candidate policy, and why it was chosen or not; see docs/policies.md."""

    name: str
    version: int
    preset: bool
    effective_from: date
    outcome: ChoiceOutcome
    specificity: int
    missed: tuple[str, ...]
    replaced_by: int | None


class Choice(BaseModel):
    """The policy chosen for an item, with all candidates."""

    name: str
    version: int
    line: str
    """The code of the product line."""
    unclear: UnclearTerm | None
    """The word for the line, if neither a catalogue nor a policy has it."""
    policy_is_general: bool
    """Whether the policy applies only because no policy names the line or the branch."""
    candidates: list[Considered]


class Said(BaseModel):
    """An error or warning about a field of a policy, in the caller's language."""

    level: Literal["error", "warning"]
    code: str
    field: str
    problem: str


@router.post("/policies", status_code=201)
async def publish_policy(policy: Policy, context: RequestContext, response: Response) -> PublishedPolicy:
    """Publish a policy; the service numbers the version. A policy with errors or that ties with another is refused."""
    published = await context.do(handlers.publish_policy, policy, context.catalogue)
    response.headers["Location"] = f"/policies/{published.policy.name}/{published.policy.version}"
    return published


@router.post("/policies/lint")
async def lint_policy(policy: Policy, context: RequestContext) -> list[Said]:
    """List errors and warnings of a policy, alone and as the next version beside the published ones."""
    policy_index = await context.catalogue.policy_index(context.mongo)
    lines = (await load_glossary(context.mongo)).lines
    return [
        Said(
            level=one.level,
            code=one.code,
            field=dotted_path(one.path),
            problem=render_message(one.code, context.locale, dict(one.params)),
        )
        for one in handlers.policy_findings(handlers.next_version(policy, policy_index), policy_index, lines)
    ]


@router.get("/policies")
async def list_policies(context: RequestContext, cursor: Cursor = None, limit: Limit = 50) -> Page[PublishedPolicy]:
    """List published policies; the shipped presets are at `GET /policies/{name}/0`."""
    return await context.page(PublishedPolicy, {}, cursor, limit)


@router.get("/policies/explain")
async def explain_choice(item: Annotated[PolicyItem, Query()], context: RequestContext) -> Choice:
    """Show which policy applies to an item that comes in on `day`, and why."""
    policy_index = await context.catalogue.policy_index(context.mongo)
    line, unclear = (await load_glossary(context.mongo)).match_line(item.line, policy_index.lines)
    facts = Facts(item.branch, line or item.line, item.work_type, item.customer_class, item.day, item.member)
    try:
        found = explain_policy_choice(policy_index, facts)
    except LookupError as error:  # before the first day of any preset
        raise NotFound("policies.unknown", id=item.day.isoformat()) from error
    considered = [Considered(**candidate._asdict()) for candidate in found.candidates]
    return Choice(
        name=found.chosen.name,
        version=found.chosen.version,
        line=facts.line,
        unclear=unclear,
        policy_is_general=found.chosen.scope == Scope(),
        candidates=considered,
    )


@router.get("/policies/{name}/{version}")
async def show_policy(
    name: PolicyName,
    version: Annotated[int, Path(ge=0, le=1_000_000, description="0: the preset")],
    context: RequestContext,
) -> Policy:
    """Show one version of a policy; version 0 is the preset of that name."""
    if version:
        return (await context.read(PublishedPolicy, f"{name}@{version}")).policy
    preset = next((policy for policy in shipped_policies().policies if policy.name == name), None)
    if preset is None:
        raise NotFound("policies.unknown", id=f"{name}@0")
    return preset
