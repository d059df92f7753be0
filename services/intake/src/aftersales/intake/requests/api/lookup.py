"""HTTP API: one screen of data for a call (INT-2, INT-3)."""

from functools import partial
from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import TypeAdapter, ValidationError

from aftersales.engine import PROBLEMS, Document, RequestContext
from aftersales.intake.requests.domain.lookup import Lookup, ReaderWords
from aftersales.intake.requests.domain.request import RequestState
from aftersales.intake.requests.handlers import lookup
from aftersales.intake.vocabulary import RequestKind
from aftersales.values.messages import render_message

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
            description="A name, the whole or the end of a phone, a serial number or a request's number, or an order "
            "number or the buyer's account",
        ),
    ],
    context: RequestContext,
) -> Lookup:
    """Show callers with products, cover in words, open cases with promised times, and the last requests.

    Words are in the reader's language, and times also in the branch's local time. Coverage is that of a repair today.
    """
    policies = await context.catalogue.policy_index(context.mongo)
    desk = lookup.Desk(context.mongo, policies, _words(context.locale), context.now)
    return await lookup.show_call(desk, q, _numbered(q))


def _numbered(q: str) -> Document | None:
    """Return the filter for a request's number or its end, if the text can be one."""
    try:
        return number_filter(_TAIL.validate_python(q))
    except ValidationError:
        return None


def _words(locale: str) -> ReaderWords:
    return ReaderWords(
        locale, partial(kind_words, locale=locale), partial(state_words, locale=locale), partial(_stage, locale=locale)
    )


def kind_words(kind: RequestKind, locale: str) -> str:
    """Return the words for a kind of request."""
    words: dict[RequestKind, str] = {
        "repair": render_message("kind.repair", locale, {}),
        "installation": render_message("kind.installation", locale, {}),
        "commissioning": render_message("kind.commissioning", locale, {}),
        "maintenance": render_message("kind.maintenance", locale, {}),
        "training": render_message("kind.training", locale, {}),
        "consultation": render_message("kind.consultation", locale, {}),
        "return": render_message("kind.return", locale, {}),
        "exchange": render_message("kind.exchange", locale, {}),
        "compensation": render_message("kind.compensation", locale, {}),
        "complaint": render_message("kind.complaint", locale, {}),
        "recall": render_message("kind.recall", locale, {}),
        "upgrade": render_message("kind.upgrade", locale, {}),
        "address_change": render_message("kind.address_change", locale, {}),
        "order_cancellation": render_message("kind.order_cancellation", locale, {}),
        "delivery_delay": render_message("kind.delivery_delay", locale, {}),
        "missing_piece": render_message("kind.missing_piece", locale, {}),
        "price_difference": render_message("kind.price_difference", locale, {}),
        "invoice": render_message("kind.invoice", locale, {}),
        "parcel_problem": render_message("kind.parcel_problem", locale, {}),
    }
    return words[kind]


def state_words(state: RequestState, locale: str) -> str:
    """Return the words for the state of a request."""
    words: dict[RequestState, str] = {
        "registered": render_message("state.registered", locale, {}),
        "resolved": render_message("state.resolved", locale, {}),
        "reopened": render_message("state.reopened", locale, {}),
        "closed": render_message("state.closed", locale, {}),
        "cancelled": render_message("state.cancelled", locale, {}),
    }
    return words[state]


def _stage(stage: str, locale: str) -> str:
    """Return the words for a stage; a policy's own stage has only its name."""
    return render_message(f"stage.{stage}", locale, {}).removeprefix("stage.")
