"""HTTP API: owners of requests, escalations and messages to customers (INT-1, INT-7, INT-10)."""

from typing import Annotated

from fastapi import APIRouter, Path

from aftersales.engine import PROBLEMS, Cursor, Limit, Page, RequestContext
from aftersales.intake.archive.domain.customer import Customer
from aftersales.intake.network.domain import LEVELS, Role
from aftersales.intake.requests.domain.message import (
    CustomerMessage,
    Failure,
    MessageState,
    Report,
    WordedMessage,
    put_into_words,
)
from aftersales.intake.requests.domain.ownership import AnswerEscalation, DeclineHandover, Escalate, OfferHandover
from aftersales.intake.requests.domain.request import ServiceRequest
from aftersales.intake.requests.handlers import ownership
from aftersales.values import Code

from .requests import ServiceRequestNumber

router = APIRouter(responses=PROBLEMS)
MessageId = Annotated[str, Path(pattern=r"^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$")]
"""The id of the message."""


@router.post("/requests/{number}/handover")
async def offer_handover(
    number: ServiceRequestNumber, command: OfferHandover, context: RequestContext
) -> ServiceRequest:
    """Offer the request to somebody, as its owner or the owner's superior; they own it once they accept (INT-7)."""
    return await context.do(ownership.offer_handover, number, command)


@router.post("/requests/{number}/handover/accept")
async def accept_handover(number: ServiceRequestNumber, context: RequestContext) -> ServiceRequest:
    """Accept the offer, as the person who was asked (X-Actor)."""
    return await context.do(ownership.accept_handover, number)


@router.post("/requests/{number}/handover/decline")
async def decline_handover(
    number: ServiceRequestNumber, command: DeclineHandover, context: RequestContext
) -> ServiceRequest:
    """Decline the offer, as the person who was asked (X-Actor)."""
    return await context.do(ownership.decline_handover, number, command)


@router.post("/requests/{number}/handover/withdraw")
async def withdraw_handover(number: ServiceRequestNumber, context: RequestContext) -> ServiceRequest:
    """Withdraw the offer, as the person who made it (X-Actor)."""
    return await context.do(ownership.withdraw_handover, number)


@router.post("/requests/{number}/escalate")
async def escalate_request(number: ServiceRequestNumber, command: Escalate, context: RequestContext) -> ServiceRequest:
    """Escalate to the next level of the owner's chain with a proposed solution, and inform the customer (INT-10).

    `GET /requests?asked=sup-1` lists the requests whose proposals wait for that person (INT-18).
    """
    return await context.do(ownership.escalate_request, number, command, context.catalogue)


@router.post("/requests/{number}/escalation/answer")
async def answer_escalation(
    number: ServiceRequestNumber, command: AnswerEscalation, context: RequestContext
) -> ServiceRequest:
    """Accept the proposed solution or give another one, as the person who was asked (X-Actor, INT-18)."""
    return await context.do(ownership.answer_escalation, number, command)


@router.get("/messages")
async def list_messages(
    context: RequestContext,
    branch: Code | None = None,
    state: MessageState | None = None,
    cursor: Cursor = None,
    limit: Limit = 50,
) -> Page[CustomerMessage]:
    """List messages to customers: to be sent (`to_send`), sent (`sent`) or undeliverable (`unreachable`)."""
    return await context.page(CustomerMessage, {"branch": branch, "state": state}, cursor, limit)


@router.get("/messages/worded")
async def list_worded_messages(
    context: RequestContext,
    branch: Code | None = None,
    state: MessageState = "to_send",
    cursor: Cursor = None,
    limit: Limit = 50,
) -> Page[WordedMessage]:
    """List messages with all that a sender needs: name, number or address, and the text in the customer's language."""
    page = await context.page(CustomerMessage, {"branch": branch, "state": state}, cursor, limit)
    found = await context.mongo.find(Customer, {"_id": {"$in": sorted({one.customer for one in page.items})}})
    people = {customer.id: customer for customer in found}
    roles = await context.mongo.find(Role, {"_id": {"$in": list(LEVELS)}})
    titles = {role.id: role.title.by_language for role in roles}
    worded = [put_into_words(one, people[one.customer], titles, context.settings.locale) for one in page.items]
    return Page(items=worded, next=page.next)


@router.post("/messages/{message}/sent")
async def report_sent(message: MessageId, report: Report, context: RequestContext) -> CustomerMessage:
    """Report that a message was sent to the customer."""
    return await context.do(ownership.report_sent, message, report)


@router.post("/messages/{message}/failed")
async def report_failed(message: MessageId, failure: Failure, context: RequestContext) -> CustomerMessage:
    """Report that the customer was not reached; the answer proposes the next channel (INT-1)."""
    return await context.do(ownership.report_failed, message, failure)
