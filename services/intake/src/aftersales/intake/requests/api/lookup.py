"""HTTP API: one screen of data for a call (INT-2, INT-3)."""

from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import TypeAdapter, ValidationError

from aftersales.engine import PROBLEMS, Document, RequestContext
from aftersales.intake.catalogues.store import load_glossary
from aftersales.intake.requests.domain.lookup import Lookup
from aftersales.intake.requests.domain.words import words_of_reader
from aftersales.intake.requests.handlers import lookup

from .filters import Tail, number_filter

router = APIRouter(responses=PROBLEMS)
_TAIL: TypeAdapter[str] = TypeAdapter(Tail)


@router.get("/lookup")
async def show_call(
    q: Annotated[
        str,
        Query(
            min_length=1,
            max_length=100,
            description="A name, the whole or the end of a phone, a serial number or a request's number, an order "
            "number or the buyer's account, or a waybill",
        ),
    ],
    context: RequestContext,
) -> Lookup:
    """Show callers with products, cover in words, open cases with promised times, and the last requests.

    Words are in the reader's language, and times also in the branch's local time. Coverage is that of a repair today.
    """
    policies = await context.catalogue.policy_index(context.mongo)
    words = words_of_reader(context.locale, await load_glossary(context.mongo))
    desk = lookup.Desk(context.mongo, policies, words, context.now, context.settings.confirm_every)
    return await lookup.show_call(desk, q, _numbered(q))


def _numbered(q: str) -> Document | None:
    """Return the filter for a request's number or its end, if the text can be one."""
    try:
        return number_filter(_TAIL.validate_python(q))
    except ValidationError:
        return None
