"""HTTP API: outcomes of partners' events (INT-12)."""

from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Header, Path, Query
from pydantic import BaseModel

from aftersales.engine import PROBLEMS, Cursor, Limit, Page, RequestContext
from aftersales.values.messages import choose_locale, render_message

from .domain import PartnerMessage, ReceiptOutcome

router = APIRouter(responses=PROBLEMS)
AcceptLanguage = Annotated[str | None, Header(alias="accept-language", include_in_schema=False)]


class PartnerReceipt(BaseModel):
    """The outcome of one event, also as text."""

    id: str
    """The partner's own id of the event, or a digest if it has none."""
    source: str
    partner: str
    """The RabbitMQ user who published it; empty if unknown."""
    reference: str
    """The partner's own reference: the event's `subject`, or its id."""
    type: str
    digest: str
    """A digest of type and data, or of an unreadable message; it distinguishes two contents under one id."""
    state: ReceiptOutcome
    request: str | None
    """The number of the registered service request."""
    serial: str | None
    """The product whose sale was archived."""
    waybill: str | None
    """The parcel that was recorded."""
    code: str
    params: dict[str, Any]
    words: str
    at: datetime


class ReceiptFilter(BaseModel):
    """Filters of receipts."""

    source: Annotated[str, Query(max_length=256, description="as the partner's events name it")]
    partner: Annotated[str | None, Query(max_length=256)] = None
    id: Annotated[str | None, Query(max_length=256)] = None
    state: ReceiptOutcome | None = None


@router.get("/partners/messages")
async def list_receipts(
    asked: Annotated[ReceiptFilter, Query()],
    context: RequestContext,
    cursor: Cursor = None,
    limit: Limit = 50,
    accept_language: AcceptLanguage = None,
) -> Page[PartnerReceipt]:
    """List the outcomes of this source's events: accepted, duplicate or refused, and why (INT-12).

    A partner, who signs in under the name of its RabbitMQ user, sees its own.
    """
    caller = context.caller
    if not caller.may("read_all_partner_messages"):
        if asked.partner not in {None, caller.name}:
            return Page(items=[], next=None)
        asked = asked.model_copy(update={"partner": caller.name})
    where = {"source": asked.source, "partner": asked.partner, "message": asked.id, "state": asked.state}
    page = await context.page(PartnerMessage, where, cursor, limit, "-at")
    locale = choose_locale(accept_language, context.settings.locale)
    return Page(items=[_receipt(message, locale) for message in page.items], next=page.next)


@router.get(
    "/partners/{source:path}/messages",
    deprecated=True,
    operation_id="list_messages_partners__source__messages_get",
    summary="List the outcomes of a source's events",
)
async def list_messages_of_source(  # noqa: PLR0913, PLR0917 (its query string)
    source: Annotated[str, Path(max_length=256, description="as the partner's events name it")],
    context: RequestContext,
    state: ReceiptOutcome | None = None,
    cursor: Cursor = None,
    limit: Limit = 50,
    accept_language: AcceptLanguage = None,
) -> Page[PartnerReceipt]:
    """List receipts of a source whose name can be part of a path."""
    return await list_receipts(ReceiptFilter(source=source, state=state), context, cursor, limit, accept_language)


def _receipt(message: PartnerMessage, locale: str) -> PartnerReceipt:
    same = {name: getattr(message, name) for name in PartnerReceipt.model_fields if name not in {"id", "words"}}
    words = render_message(message.code, locale, message.params) if message.code else ""
    return PartnerReceipt(id=message.message, words=words, **same)
