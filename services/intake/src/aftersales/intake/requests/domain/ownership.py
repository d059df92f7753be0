"""Ownership of a request to its end, accepted handovers with reason (INT-7), and escalation (INT-10)."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Literal

from aftersales.common.events.intake import RequestEscalated, RequestHandedOver
from aftersales.intake.catalogues.domain import Term
from aftersales.intake.network.domain import LEVELS, Level, Rung
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
    to_role: Level | None = None
    """None means one level above the last one that was asked."""


def offer_handover(request: ServiceRequest, command: OfferHandover, by: str, now: datetime) -> ServiceRequest:
    """Offer the request to another person; the owner stays the owner until that person accepts."""
    must_not_have_ended(request)
    if request.offer:
        raise DomainError("offer.pending", request=request.id, to=request.offer.to)
    if command.to == request.owner:
        raise DomainError("offer.owned_already", request=request.id, to=command.to)
    made = Offer(to=command.to, by=by, reason=command.reason, note=command.note, at=now)
    return _noted(request.but(offer=made), "offered", made, by=by, at=now)


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
    """Ask the next occupied level of the owner's chain, or the first from `to_role` on; never a lower level again."""
    must_not_have_ended(request)
    last = LEVELS.index(request.escalations[-1].level) if request.escalations else -1
    wanted = max(last + 1, LEVELS.index(command.to_role) if command.to_role else 0)
    for rung in chain:
        if rung.level != "owner" and LEVELS.index(rung.level) >= wanted:
            asked = Escalation(level=rung.level, to=rung.person, reason=command.reason, by=by, at=now)
            told = RequestEscalated(
                request=request.id,
                branch=request.branch,
                owner=request.owner,
                **asked.model_dump(exclude={"reason"}),
            )
            return request.but(escalations=(*request.escalations, asked)), (told,)
    raise DomainError("request.nobody_above", request=request.id)


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
