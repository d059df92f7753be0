"""Claims for compensation (赔偿), where a guaranteed repair did not hold, decided once by a person (INT-9). Pure."""

from datetime import datetime
from typing import ClassVar, Literal, Self

from pydantic import model_validator

from aftersales.common.aggregate import Aggregate
from aftersales.common.events.feedback import ClaimDecided, ClaimGrant
from aftersales.common.events.intake import ProductRef, RepeatRepairFound
from aftersales.common.fields import shared_fields
from aftersales.policy.approvals import ApprovalTerms, Decider, Proposal, refuse_approval
from aftersales.values import Day, Money, Reason, Value, sibling_number
from aftersales.values.errors import DomainError
from aftersales.values.prices import Price

CLAIM_ID = r"^CL-[0-9]{6}-[0-9A-HJKMNP-TV-Z]{4}$"
ClaimState = Literal["open", "granted", "refused"]


class DecideClaim(Value):
    """The decision about a claim."""

    grants: ClaimGrant
    """What the customer gets: `compensation`, a `longer_warranty`, or `nothing`."""
    amount: Price | None = None
    """The compensation."""
    until: Day | None = None
    """The last day of the longer warranty."""
    why: Reason
    """The reason."""

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if (self.amount is not None) != (self.grants == "compensation") or (self.amount and not self.amount.amount):
            raise ValueError("claim.amount_misplaced")
        if (self.until is not None) != (self.grants == "longer_warranty"):
            raise ValueError("claim.until_misplaced")
        return self


class ClaimDecision(Value):
    """The decision, with who made it and when."""

    grants: ClaimGrant
    amount: Money | None
    until: Day | None
    why: str
    by: str
    at: datetime


class Claim(Aggregate):
    """A claim; its number is that of the request that repeats the repair: `SR-261122-7K3F` has `CL-261122-7K3F`."""

    COLLECTION: ClassVar[str] = "claims"

    request: str
    """The request that repeats the repair."""
    repeats: str
    """The request whose repair did not hold."""
    product: ProductRef
    fault: str
    technician: str
    """The technician whose repair did not hold."""
    opened_at: datetime
    state: ClaimState = "open"
    decision: ClaimDecision | None = None


def claim_id(request: str) -> str:
    return sibling_number(request, "CL")


def open_claim(event: RepeatRepairFound) -> Claim:
    """Open the claim of a repeat repair."""
    return Claim(id=claim_id(event.request), opened_at=event.found_at, **shared_fields(event, Claim))


def decide_claim(claim: Claim, command: DecideClaim, by: str, now: datetime) -> tuple[Claim, tuple[ClaimDecided, ...]]:
    """Decide the claim, once. Raises `DomainError` for the technician whose repair did not hold."""
    if claim.decision:
        raise DomainError("claim.already_decided", claim=claim.id, by=claim.decision.by)
    if refuse_approval(Proposal(frozenset({claim.technician})), Decider(by), ApprovalTerms(), now):
        raise DomainError("claim.own_repair", claim=claim.id)
    decision = ClaimDecision(by=by, at=now, **dict(command))
    decided = claim.but(state="refused" if command.grants == "nothing" else "granted", decision=decision)
    event = ClaimDecided(
        claim=claim.id,
        request=claim.request,
        branch=claim.branch,
        serial=claim.product.serial,
        decided_at=now,
        by=by,
        **dict(command),
    )
    return decided, (event,)
