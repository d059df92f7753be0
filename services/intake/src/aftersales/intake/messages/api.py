"""HTTP API: messages to customers, for the desk and for gateways that report back (INT-1, INT-10)."""

from typing import Annotated

from fastapi import APIRouter, Path

from aftersales.engine import PROBLEMS, Cursor, Limit, Page, RequestContext
from aftersales.values import Code

from . import handlers
from .domain.message import CustomerMessage, Failure, MessageState, Report, WordedMessage
from .store import put_into_words

router = APIRouter(responses=PROBLEMS)
MessageId = Annotated[str, Path(pattern=r"^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$")]
"""The id of the message."""


@router.get("/messages")
async def list_messages(
    context: RequestContext,
    branch: Code | None = None,
    state: MessageState | None = None,
    cursor: Cursor = None,
    limit: Limit = 50,
) -> Page[CustomerMessage]:
    """List messages to customers; somebody must tell those in the state `to_send`, and find those `unreachable`."""
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
    given = context.settings
    worded = await put_into_words(context.mongo, page.items, given.locale, given.request_links)
    return Page(items=worded, next=page.next)


@router.post("/messages/{message}/sent")
async def report_sent(message: MessageId, report: Report, context: RequestContext) -> CustomerMessage:
    """Report that the customer was told."""
    return await context.do(handlers.report_sent, message, report)


@router.post("/messages/{message}/delivered")
async def report_delivered(message: MessageId, report: Report, context: RequestContext) -> CustomerMessage:
    """Report that a message that a gateway sent has arrived; for the gateway's callback."""
    return await context.do(handlers.report_delivered, message, report)


@router.post("/messages/{message}/failed")
async def report_failed(message: MessageId, failure: Failure, context: RequestContext) -> CustomerMessage:
    """Report that the customer was not reached, or that a sent message did not arrive; the next channel follows."""
    return await context.do(handlers.report_failed, message, failure, context.catalogue, context.settings.gateways)
