"""Ownership of a request to its end, accepted handovers with reason (INT-7), and escalation (INT-10, INT-18)."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Literal, Self

from pydantic import model_validator

from aftersales.common.events.intake import RequestEscalated, RequestHandedOver
from aftersales.common.terms import Term
from aftersales.intake.network.domain import LEVELS, Level, Rung
from aftersales.policy.approvals import ApprovalTerms, Decider, Proposal, find_approver, refuse_approval
from aftersales.values import Code, Line, Reason, Value, Words
from aftersales.values.errors import DomainError

from .custody import CustodyStep, Escalation, Offer
from .request import RequestDecision, ServiceRequest, must_not_have_ended

SHIFT = "shift_handover"
"""The reason of handovers at the change of shifts (ALL-7)."""


class OfferHandover(Value):
    to: Code
    """The code of the person who is asked to take over."""
    reason: Term
    """The reason in any word of the catalogue, such as `leave` or 下班; its code is published in events."""
    note: Words = ""
    """What the new owner should know; it is not published."""


class DeclineHandover(Value):
    reason: Reason


class Escalate(Value):
    reason: Line
    """What the owner cannot answer; it is not published."""
    proposal: Words = ""
    """The solution that the owner proposes (提出解决建议); without one the request is refused (INT-18)."""
    to_role: Level | None = None
    """None means one level above the last one that was asked."""


class AnswerEscalation(Value):
    """The answer of the person above to a proposal (INT-18)."""

    agreed: bool
    """Whether the proposed solution is accepted."""
    text: Words = ""
    """A remark; the other solution, if the proposed one is not accepted."""

    @model_validator(mode="after")
    def _complete(self) -> Self:
        if not self.agreed and not self.text.strip():
            raise ValueError("request.other_solution_missing")
        return self


def offer_handover(request: ServiceRequest, command: OfferHandover, by: str, now: datetime) -> ServiceRequest:
    """Offer the request to another person; the owner stays the owner until that person accepts."""
    must_not_have_ended(request)
    if request.offer:
        raise DomainError("offer.pending", request=request.id, to=request.offer.to)
    if command.to == request.owner:
        raise DomainError("offer.owned_already", request=request.id, to=command.to)
    made = Offer(to=command.to, by=by, reason=command.reason, note=command.note, at=now)
    return _noted(request.but(offer=made), "offered", made, by=by, at=now)


def must_answer_for(request: ServiceRequest, chain: Sequence[Rung], by: str) -> None:
    """Raise `DomainError` unless it is the owner or a superior of the owner; a request without an owner is anybody's.

    `chain` leads from the owner upwards.
    """
    if request.owner and by not in {rung.person for rung in chain}:
        raise DomainError("offer.not_yours", request=request.id, owner=request.owner)


def accept_handover(request: ServiceRequest, by: str, now: datetime) -> RequestDecision:
    """Accept the offer; only the person who was asked can."""
    pending = _pending(request)
    must_not_have_ended(request)
    if by != pending.to:
        raise DomainError("offer.for_somebody_else", request=request.id, to=pending.to)
    return _handed_over(_noted(request, "accepted", pending, by=by, at=now), pending, now)


def decline_handover(request: ServiceRequest, command: DeclineHandover, by: str, now: datetime) -> ServiceRequest:
    """Decline the offer; the owner stays the owner."""
    pending = _pending(request)
    if by != pending.to:
        raise DomainError("offer.for_somebody_else", request=request.id, to=pending.to)
    return _noted(
        request.but(offer=None), "declined", pending.model_copy(update={"note": command.reason}), by=by, at=now
    )


def withdraw_handover(request: ServiceRequest, by: str, now: datetime) -> ServiceRequest:
    """Withdraw the offer; only the person who made it can."""
    pending = _pending(request)
    if by != pending.by:
        raise DomainError("offer.of_somebody_else", request=request.id, by=pending.by)
    return _noted(request.but(offer=None), "withdrawn", pending, by=by, at=now)


def take_over_request(request: ServiceRequest, by: str, now: datetime) -> RequestDecision:
    """Take the request over at the change of shifts (ALL-7), which is the acceptance and voids a pending offer."""
    must_not_have_ended(request)
    if by == request.owner:
        return request.but(offer=None), ()
    taken = Offer(to=by, by=request.owner, reason=SHIFT, at=now)
    return _handed_over(_noted(request, "taken", taken, by=by, at=now), taken, now)


def escalate_request(
    request: ServiceRequest, command: Escalate, chain: Sequence[Rung], by: str, now: datetime
) -> RequestDecision:
    """Ask the next occupied level of the owner's chain, or the first from `to_role` on; never a lower level again.

    Nobody is asked about his own proposal.
    """
    must_not_have_ended(request)
    if not command.proposal.strip():
        raise DomainError("request.proposal_missing", request=request.id)
    last = LEVELS.index(request.escalations[-1].level) if request.escalations else -1
    wanted = max(last + 1, LEVELS.index(command.to_role) if command.to_role else 0)
    above = {rung.person: rung.level for rung in chain if rung.level != "owner" and LEVELS.index(rung.level) >= wanted}
    found = find_approver(Proposal(frozenset({by})), map(Decider, above), ApprovalTerms(), now)
    if found is None:
        raise DomainError("request.nobody_above", request=request.id)
    level, to = above[found.person], found.person
    asked = Escalation(level=level, to=to, reason=command.reason, proposal=command.proposal, by=by, at=now)
    told = RequestEscalated(
        request=request.id,
        branch=request.branch,
        owner=request.owner,
        **asked.model_dump(include={"level", "to", "by", "at"}),
    )
    return request.but(escalations=(*request.escalations, asked)), (told,)


def answer_escalation(request: ServiceRequest, command: AnswerEscalation, by: str, now: datetime) -> ServiceRequest:
    """Accept the proposed solution, or give another one; only the person who was asked last can (INT-18)."""
    must_not_have_ended(request)
    asked = request.escalations[-1] if request.escalations else None
    if asked is None or asked.answered_at:
        raise DomainError("escalation.none", request=request.id)
    refusal = refuse_approval(Proposal(frozenset({asked.by})), Decider(by), ApprovalTerms(asked=asked.to), now)
    if refusal == "concerned":
        raise DomainError("escalation.own_proposal", request=request.id)
    if refusal:
        raise DomainError("escalation.of_somebody_else", request=request.id, to=asked.to)
    given = {"agreed": command.agreed, "answer": command.text, "answered_at": now}
    return request.but(escalations=(*request.escalations[:-1], asked.model_copy(update=given)))


def _pending(request: ServiceRequest) -> Offer:
    if request.offer is None:
        raise DomainError("offer.none", request=request.id)
    return request.offer


def _noted(
    request: ServiceRequest,
    what: Literal["offered", "accepted", "declined", "withdrawn", "taken"],
    made: Offer,
    **when_and_by: Any,
) -> ServiceRequest:
    step = CustodyStep(
        what=what,
        from_owner=request.owner,
        to_owner=made.to,
        reason=made.reason,
        note=made.note,
        **when_and_by,
    )
    return request.but(custody=(*request.custody, step))


def _handed_over(request: ServiceRequest, made: Offer, now: datetime) -> RequestDecision:
    """Change the owner; no other function does."""
    told = RequestHandedOver(
        request=request.id,
        branch=request.branch,
        from_owner=request.owner,
        to_owner=made.to,
        reason=made.reason,
        accepted_at=now,
    )
    return request.but(owner=made.to, offer=None), (told,)
