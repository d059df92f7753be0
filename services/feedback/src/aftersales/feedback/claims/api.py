"""HTTP: claims for compensation are listed and decided."""

from typing import Annotated

from fastapi import APIRouter, Path

from aftersales.engine import PROBLEMS, Cursor, Limit, Page, RequestContext
from aftersales.values import Code

from . import handlers
from .domain import CLAIM_ID, Claim, ClaimState, DecideClaim

router = APIRouter(responses=PROBLEMS)
ClaimNumber = Annotated[str, Path(pattern=CLAIM_ID)]
"""The number of a claim, such as `CL-261122-7K3F`."""


@router.get("/claims")
async def list_claims(
    context: RequestContext,
    branch: Code | None = None,
    state: ClaimState | None = None,
    cursor: Cursor = None,
    limit: Limit = 50,
) -> Page[Claim]:
    """List claims, newest first."""
    return await context.page(Claim, {"branch": branch, "state": state}, cursor, limit)


@router.get("/claims/{number}")
async def show_claim(number: ClaimNumber, context: RequestContext) -> Claim:
    """Show a claim with its decision."""
    return await context.read(Claim, number)


@router.post("/claims/{number}/decision")
async def decide_claim(number: ClaimNumber, command: DecideClaim, context: RequestContext) -> Claim:
    """Grant a compensation or a longer warranty, or refuse the claim (INT-9).

    Intake shows the decision on the request, and extends the warranty. The technician whose repair did not hold cannot
    decide.
    """
    return await context.do(handlers.decide_claim, number, command)
