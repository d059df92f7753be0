"""Approvals: whether somebody may decide on what another person proposes, and who is asked first. Pure.

Nobody decides on a proposal that concerns them: their own, or one about their own work. If a person stands in for
another one, neither of the two may be concerned. What a role may grant is in the policy (`goodwill`, `approvals`); a
higher level of the chain may grant whatever a lower one may.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Literal, NamedTuple

from aftersales.values import Money

from .model.aftercare import Limit

LADDER = ("supervisor", "centre", "headquarters", "leadership")
"""The roles of the escalation chain, lowest first."""
ApprovalRefusal = Literal["concerned", "somebody_else", "no_evidence", "expired", "beyond_limit"]


class Proposal(NamedTuple):
    """What is to be decided."""

    concerned: frozenset[str]
    """The people who propose it, or whose work it is about."""
    amount: Money | None = None
    free_carriage: bool = False
    """Whether carriage is waived, too."""
    proposed_at: datetime | None = None
    proofs: int = 0
    """The number of documents, photos or records that prove it."""


class Decider(NamedTuple):
    """Who wants to decide, or could be asked."""

    person: str
    roles: frozenset[str] = frozenset()
    """The person's roles; those of the other person if the person stands in for one."""
    stands_in_for: str | None = None


class ApprovalTerms(NamedTuple):
    """The rules of one kind of approval. Without any, everybody may decide who is not concerned."""

    limits: Sequence[Limit] = ()
    """The amounts up to which roles may decide; none: any role, any amount."""
    asked: str | None = None
    """The only person who may decide, because it was put to them."""
    lasts: timedelta | None = None
    """The time after which the proposal must be made again."""
    needs_proof: bool = False


def refuse_approval(
    proposal: Proposal, decider: Decider, terms: ApprovalTerms, now: datetime
) -> ApprovalRefusal | None:
    """Return why this person may not decide on this proposal now, or None."""
    if terms.asked is not None and terms.asked not in {decider.person, decider.stands_in_for}:
        return "somebody_else"
    if proposal.concerned & {decider.person, decider.stands_in_for}:
        return "concerned"
    if terms.lasts is not None and proposal.proposed_at and now >= proposal.proposed_at + terms.lasts:
        return "expired"
    if terms.needs_proof and not proposal.proofs:
        return "no_evidence"
    if terms.limits and not any(_covers(limit, proposal, decider) for limit in terms.limits):
        return "beyond_limit"
    return None


def find_approver(proposal: Proposal, chain: Iterable[Decider], terms: ApprovalTerms, now: datetime) -> Decider | None:
    """Return the first of a chain, lowest first, who may decide."""
    return next((one for one in chain if refuse_approval(proposal, one, terms, now) is None), None)


def _covers(limit: Limit, proposal: Proposal, decider: Decider) -> bool:
    if not _reaches(decider.roles, limit.role):
        return False
    if proposal.free_carriage and not limit.free_carriage:
        return False
    if proposal.amount is None or limit.up_to is None:
        return True
    return proposal.amount.currency == limit.up_to.currency and proposal.amount.amount <= limit.up_to.amount


def _reaches(roles: frozenset[str], role: str) -> bool:
    """Return whether one of the roles is this role, or stands above it."""
    above = LADDER[LADDER.index(role) :] if role in LADDER else (role,)
    return not roles.isdisjoint(above)
