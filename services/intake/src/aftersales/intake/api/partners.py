"""HTTP in: what became of a partner's events (INT-12)."""

from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Header, Path
from pydantic import BaseModel

from aftersales.common.messages import choose_locale, render
from aftersales.common.service import PROBLEMS, Cursor, Desk, Limit, Page
from aftersales.intake.domain.partner import Outcome, PartnerMessage

router = APIRouter(responses=PROBLEMS)
Source = Annotated[str, Path(max_length=256, description="as the partner's events say it")]


class PartnerReceipt(BaseModel):
    """The outcome of one event, in words too."""

    id: str
    """The partner's own id of it."""
    type: str
    state: Outcome
    code: str
    params: dict[str, Any]
    words: str
    at: datetime


@router.get("/partners/{source:path}/messages")
async def list_messages(  # noqa: PLR0913, PLR0917 (its query string)
    source: Source,
    desk: Desk,
    state: Outcome | None = None,
    cursor: Cursor = None,
    limit: Limit = 50,
    accept_language: Annotated[str | None, Header(include_in_schema=False)] = None,
) -> Page[PartnerReceipt]:
    """List what became of the events of this partner: accepted, duplicate or refused, and why (INT-12)."""
    page = await desk.page(PartnerMessage, {"source": source, "state": state}, cursor, limit)
    locale = choose_locale(accept_language, desk.settings.locale)
    return Page(items=[_receipt(message, locale) for message in page.items], next=page.next)


def _receipt(message: PartnerMessage, locale: str) -> PartnerReceipt:
    return PartnerReceipt(
        id=message.message,
        type=message.type,
        state=message.state,
        code=message.code,
        params=message.params,
        words=render(message.code, locale, message.params) if message.code else "",
        at=message.at,
    )
