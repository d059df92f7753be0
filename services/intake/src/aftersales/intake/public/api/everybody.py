"""HTTP API without a login (INT-11): one's own request, complaints, phones, and a page for these."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Annotated
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Depends, Path, Query, Request, Response
from fastapi.responses import HTMLResponse
from pydantic import BaseModel
from pydantic_core import to_json

from aftersales.common.http.problem import TOO_MANY
from aftersales.common.http.throttle import Throttle
from aftersales.engine import PROBLEMS, Document, NotFound, RequestContext
from aftersales.intake.archive.domain.customer import Customer
from aftersales.intake.network.domain import Branch
from aftersales.intake.public import handlers
from aftersales.intake.public.domain import ComplaintForm, Receipt
from aftersales.intake.requests.domain.request import RequestState, ServiceRequest
from aftersales.intake.vocabulary import correct_number
from aftersales.policy.model.stages import KnownStage
from aftersales.values.errors import TooMany

from .page import Locale, page_texts, render_page

router = APIRouter(prefix="/public", responses=PROBLEMS | TOO_MANY)
_OURS: frozenset[KnownStage] = frozenset({"review"})
"""Stages that concern only us."""
_SHOWN = ("customer", "branch", "state", "stage", "registered_at")
_MINUTE, _HOUR = timedelta(minutes=1), timedelta(hours=1)
WHOLE_PHONE = 8
"""The number of digits of a whole phone number: eight, as in a Chinese landline number without area code."""
_WHOLE_TRIES = 10
"""The factor by which more wrong whole phones than short tails are accepted from one address."""
_INFO_KEPT = timedelta(minutes=1)


@dataclass(frozen=True)
class _Gates:
    """Limits for anonymous callers, in each process separately (ADR 10 explains why that is enough)."""

    lookups: Throttle
    tries_by_caller: Throttle
    tries_by_number: Throttle
    whole_tries: Throttle
    complaints: Throttle
    reading: asyncio.Lock = field(default_factory=asyncio.Lock)
    """Held while the page's information is read, so that it is read once for all callers."""

    def begin_try(self, context: RequestContext, number: str, digits: str) -> Callable[[], None]:
        """Count a try at a request's phone, and return a function that uncounts it, to call when the phone was right.

        Raises `TooMany`. After too many wrong short tails the whole phone is required, which cannot be guessed: nobody
        can lock a customer out by guessing.
        """
        whole = len(digits) >= WHOLE_PHONE
        short = [(self.tries_by_caller, context.client), (self.tries_by_number, number)]
        taken: list[tuple[Throttle, str]] = []

        def give_back() -> None:
            for throttle, key in taken:
                throttle.give_back(key)

        for throttle, key in [(self.whole_tries, context.client)] if whole else short:
            if seconds := throttle.take(key, context.now):
                give_back()
                if whole:
                    raise TooMany("public.too_many", seconds=seconds)
                raise TooMany("public.whole_phone", seconds=seconds)
            taken.append((throttle, key))
        return give_back


async def _gates(request: Request, context: RequestContext) -> _Gates:
    state = request.app.state
    if not hasattr(state, "gates"):
        given = context.settings
        state.gates = _Gates(
            lookups=Throttle(given.public_lookups, _MINUTE),
            tries_by_caller=Throttle(given.public_tries, _HOUR),
            tries_by_number=Throttle(given.public_tries, _HOUR),
            whole_tries=Throttle(given.public_tries * _WHOLE_TRIES, _HOUR),
            complaints=Throttle(given.public_complaints, _HOUR),
        )
    gates: _Gates = state.gates
    return gates


Gates = Annotated[_Gates, Depends(_gates)]


class OwnRequest(BaseModel):
    """What a caller who knows number and phone of a request may see."""

    number: str
    state: RequestState
    state_words: str
    stage: str | None
    """The stage that is due next."""
    stage_words: str | None
    registered_on: date
    branch: str
    """The branch's name."""


class BranchPhone(BaseModel):
    code: str
    name: str
    complaint_phone: str | None


class Info(BaseModel):
    complaint_phone: str | None
    """Headquarters' phone."""
    branches: list[BranchPhone]
    price_list: str | None


@router.get("/", response_class=HTMLResponse)
async def show_page(context: RequestContext, lang: Locale | None = None) -> HTMLResponse:
    """Show the public page: look-up of a request, complaints, phones and price list."""
    text, headers = render_page(lang or context.locale)
    return HTMLResponse(text, headers=headers)


@router.get("/requests/{number}")
async def look_up(
    number: Annotated[str, Path(max_length=40, description="The request's number, as the customer types it")],
    phone_tail: Annotated[str, Query(pattern=r"^[0-9]{4,15}$", description="The phone's last digits, four or more")],
    context: RequestContext,
    gates: Gates,
) -> OwnRequest:
    """Show the state of one's own request. A wrong number and a wrong phone get the same answer.

    After some wrong tries at this request or from this address four digits are no longer enough: `public.whole_phone`.
    """
    number = correct_number(number)
    _pass(gates.lookups, context, context.client)
    was_right = gates.begin_try(context, number, phone_tail)
    request = await _row(context, ServiceRequest.COLLECTION, number, _SHOWN)
    customer = await _row(context, Customer.COLLECTION, request.get("customer", ""), ("phone",))
    tail = phone_tail.lstrip("0") if len(phone_tail) >= WHOLE_PHONE else phone_tail  # no trunk prefix, as in 010-…
    if not customer.get("phone", "").endswith(tail):
        raise NotFound("public.request_unknown")
    was_right()
    branch = await _row(context, Branch.COLLECTION, request["branch"], ("name", "zone"))
    said = page_texts(context.locale)
    stage = None if request["stage"] in _OURS else request["stage"]
    return OwnRequest(
        number=number,
        state=request["state"],
        state_words=said[f"state.{request['state']}"],
        stage=stage,
        stage_words=said.get(f"stage.{stage}"),
        registered_on=request["registered_at"].astimezone(ZoneInfo(branch["zone"])).date(),
        branch=branch["name"],
    )


async def _row(context: RequestContext, collection: str, id: str, only: tuple[str, ...]) -> Document:
    """Return some fields of a document, or none; both take equally long."""
    return next(iter(await context.mongo.rows(collection, {"_id": id}, limit=1, only=only)), {})


@router.post("/complaints", status_code=201)
async def complain(form: ComplaintForm, context: RequestContext, gates: Gates) -> Receipt:
    """Submit a complaint (投诉). The answer does not reveal whether its request number exists."""
    _pass(gates.complaints, context, context.client)
    return await context.do(handlers.receive_complaint, form, correct_number(form.number))


@router.get("/info", response_model=Info)
async def show_info(context: RequestContext, request: Request, gates: Gates) -> Response:
    """Show the complaint phones (投诉电话公开) and the link to the price list (配件价格公开), read once a minute."""
    state = request.app.state
    async with gates.reading:
        kept: tuple[datetime, bytes] | None = getattr(state, "public_info", None)
        if kept is None or not timedelta() <= context.now - kept[0] < _INFO_KEPT:
            kept = state.public_info = context.now, to_json(await _info(context))
    return Response(kept[1], headers={"Cache-Control": "public, max-age=240"}, media_type="application/json")


async def _info(context: RequestContext) -> Info:
    given = context.settings
    rows = await context.mongo.rows(Branch.COLLECTION, {}, sort=("_id",), only=("name",))
    phones = [
        BranchPhone(code=row["_id"], name=row["name"], complaint_phone=given.complaint_phones.get(row["_id"]))
        for row in rows
    ]
    return Info(complaint_phone=given.complaint_phone or None, branches=phones, price_list=given.price_list or None)


def _pass(throttle: Throttle, context: RequestContext, key: str) -> None:
    """Count a call. Raises `TooMany`."""
    if seconds := throttle.take(key, context.now):
        raise TooMany("public.too_many", seconds=seconds)
