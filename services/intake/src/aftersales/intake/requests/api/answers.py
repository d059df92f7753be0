"""HTTP API: replies to customers, the daily review and changes of priority (INT-2, INT-5, INT-8)."""

from fastapi import APIRouter

from aftersales.engine import PROBLEMS, RequestContext
from aftersales.intake.requests.domain.answers import Reply, Reprioritise, Review
from aftersales.intake.requests.domain.request import ServiceRequest
from aftersales.intake.requests.handlers import answers

from .requests import ServiceRequestNumber

router = APIRouter(responses=PROBLEMS)


@router.post("/requests/{number}/replies")
async def reply(number: ServiceRequestNumber, said: Reply, context: RequestContext) -> ServiceRequest:
    """Record a reply to the customer (INT-8); `refer` sets the time for the answer, `final` closes the request."""
    return await context.do(answers.record_reply, number, said, context.catalogue)


@router.post("/requests/{number}/review")
async def review(number: ServiceRequestNumber, command: Review, context: RequestContext) -> ServiceRequest:
    """Record that the form was filed and reviewed (当日上交审阅, INT-2)."""
    return await context.do(answers.record_review, number, command, context.catalogue)


@router.post("/requests/{number}/priority")
async def reprioritise(number: ServiceRequestNumber, command: Reprioritise, context: RequestContext) -> ServiceRequest:
    """Change urgency or danger; running clocks get new targets and keep their pauses (INT-5)."""
    return await context.do(answers.reprioritise_request, number, command, context.catalogue)
