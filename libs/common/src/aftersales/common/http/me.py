"""`GET /me`: who the caller is for this service, and what they may do in it (ALL-2, ALL-8)."""

from fastapi import APIRouter, Request
from pydantic import BaseModel

from aftersales.common.http.problem import PROBLEMS
from aftersales.common.http.request_context import RequestContext
from aftersales.common.sign_in.access import EVERY_SERVICE

router = APIRouter(responses=PROBLEMS)


class Me(BaseModel):
    """The caller, as this service sees them."""

    signed_in: bool
    """False without a sign-in server: everybody may do everything."""
    subject: str
    """The subject of the token; empty without sign-in."""
    name: str
    """The name under which records show the caller."""
    person: str | None
    """The code of the person whom the subject is bound to (`PUT /people/{code}`); null: nobody."""
    roles: list[str]
    """Access roles, as in docs/access.md."""
    branches: list[str] | None
    """Codes of the branches that the caller sees; null: all."""
    actions: list[str]
    """What the caller may do in this service, as in docs/access.md."""


@router.get("/me", operation_id="show_me", summary="Show who is asking")
async def show_me(context: RequestContext, request: Request) -> Me:
    """Show who is asking, with their roles, branches and actions."""
    caller, service = context.caller, request.app.state.runtime.service
    branches = caller.scope.branches
    here = [
        name
        for name, one in service.access.actions.items()
        if not one.routes.keys().isdisjoint({EVERY_SERVICE, service.name})
    ]
    return Me(
        signed_in=bool(caller.subject),
        subject=caller.subject,
        name=caller.name,
        person=caller.person,
        roles=sorted(caller.roles),
        branches=None if branches is None else sorted(branches),
        actions=[name for name in here if service.access.may(caller.roles, name)],
    )
