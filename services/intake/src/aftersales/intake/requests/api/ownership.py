"""HTTP API: owners of requests, and escalations (INT-7, INT-10)."""

from fastapi import APIRouter

from aftersales.engine import PROBLEMS, RequestContext
from aftersales.intake.requests.domain.ownership import AnswerEscalation, DeclineHandover, Escalate, OfferHandover
from aftersales.intake.requests.domain.request import ServiceRequest
from aftersales.intake.requests.handlers import ownership

from .requests import ServiceRequestNumber

router = APIRouter(responses=PROBLEMS)


@router.post("/requests/{number}/handover")
async def offer_handover(
    number: ServiceRequestNumber, command: OfferHandover, context: RequestContext
) -> ServiceRequest:
    """Offer the request to somebody, as its owner or the owner's superior; they own it once they accept (INT-7)."""
    return await context.do(ownership.offer_handover, number, command)


@router.post("/requests/{number}/handover/accept")
async def accept_handover(number: ServiceRequestNumber, context: RequestContext) -> ServiceRequest:
    """Accept the offer, as the person who was asked."""
    return await context.do(ownership.accept_handover, number)


@router.post("/requests/{number}/handover/decline")
async def decline_handover(
    number: ServiceRequestNumber, command: DeclineHandover, context: RequestContext
) -> ServiceRequest:
    """Decline the offer, as the person who was asked."""
    return await context.do(ownership.decline_handover, number, command)


@router.post("/requests/{number}/handover/withdraw")
async def withdraw_handover(number: ServiceRequestNumber, context: RequestContext) -> ServiceRequest:
    """Withdraw the offer, as the person who made it."""
    return await context.do(ownership.withdraw_handover, number)


@router.post("/requests/{number}/escalate")
async def escalate_request(number: ServiceRequestNumber, command: Escalate, context: RequestContext) -> ServiceRequest:
    """Escalate to the next level of the owner's chain with a proposed solution, and the customer is told (INT-10).

    `GET /requests?asked=sup-1` lists the requests whose proposals wait for that person (INT-18).
    """
    return await context.do(ownership.escalate_request, number, command)


@router.post("/requests/{number}/escalation/answer")
async def answer_escalation(
    number: ServiceRequestNumber, command: AnswerEscalation, context: RequestContext
) -> ServiceRequest:
    """Accept the proposed solution or give another one, as the person who was asked (INT-18)."""
    return await context.do(ownership.answer_escalation, number, command)
