"""The public page over HTTP (INT-11). It is complete without JavaScript: its forms are posted to itself."""

import re
import unicodedata
from collections.abc import Mapping
from typing import Annotated
from urllib.parse import parse_qsl

from fastapi import APIRouter, Query, Request
from fastapi.responses import HTMLResponse
from pydantic import BaseModel, StringConstraints, ValidationError

from aftersales.common.http.problem import wrong_fields
from aftersales.common.signed_links import LONGEST_LINK
from aftersales.engine import PROBLEMS, Cursor, DomainError, RequestContext
from aftersales.intake.prices.store import PriceQuery, list_prices
from aftersales.intake.public.domain.complaint import ComplaintForm
from aftersales.values.errors import Unavailable
from aftersales.values.messages import render_message

from .everybody import Info, complain, list_phones, read_info
from .gates import Gates, pass_gate
from .lookups import Asked, follow_link, look_up_case
from .page import Locale, PageContent, PricesShown, page_headers, page_texts, render_page

router = APIRouter(prefix="/public", responses=PROBLEMS)
_FIELDS = 20
_PRICES_SHOWN = 10


class PageQuery(BaseModel):
    """What a link of the page asks for."""

    lang: Locale | None = None
    """The language; default: the reader's."""
    prices: Annotated[str, StringConstraints(max_length=100, strip_whitespace=True)] = ""
    """Words to look for in the price list."""
    after: Cursor = None
    """The place of the next page of prices."""
    number: Annotated[str, StringConstraints(max_length=40)] = ""
    """The number of a request for the look-up, as in the QR code of its form."""
    link: Annotated[str, StringConstraints(max_length=LONGEST_LINK)] = ""
    """The token of a link in a message, which shows the request without number and phone."""


_TAIL = re.compile(r"[0-9]{4,15}")


@router.get("/", response_class=HTMLResponse)
async def show_page(
    context: RequestContext, request: Request, gates: Gates, asked: Annotated[PageQuery, Query()]
) -> HTMLResponse:
    """Show the public page: look-up of a request, complaints, phones and price list."""
    locale = asked.lang or context.locale
    shown, status = await _prices(context, gates, locale, asked)
    content = PageContent(await _info(context, request, gates), {"number": asked.number}, prices=shown)
    if not asked.link:
        return HTMLResponse(render_page(locale, content), status, page_headers(locale))
    content, status = await _linked(context, gates, content, asked.link, locale)
    return HTMLResponse(render_page(locale, content), status, page_headers(locale) | {"Cache-Control": "no-store"})


async def _linked(
    context: RequestContext, gates: Gates, content: PageContent, token: str, locale: str
) -> tuple[PageContent, int]:
    """Return the page with what a link leads to: the present state, or the form to look it up."""
    try:
        linked = await follow_link(context, gates, token, locale)
    except Unavailable:
        return content._replace(wrong=render_message("service.unavailable", locale, {})), 503
    except DomainError as error:
        return content._replace(wrong=_words(error, locale)), error.status
    note = page_texts(locale)[f"link.{linked.how}"]
    return content._replace(given={"number": linked.number}, found=linked.found, note=note, link=token), 200


async def _prices(context: RequestContext, gates: Gates, locale: str, asked: PageQuery) -> tuple[PricesShown, int]:
    """Return a part of the price list, and the status of the page; looking for words is limited."""
    q = asked.prices
    try:
        if q or asked.after:
            pass_gate(gates.prices, context, context.client)
        found = await list_prices(context, PriceQuery(q=q, cursor=asked.after, limit=_PRICES_SHOWN), locale)
    except Unavailable:
        return PricesShown(wrong=render_message("service.unavailable", locale, {})), 200
    except DomainError as error:
        return PricesShown(q=q, wrong=_words(error, locale)), error.status
    return PricesShown(found.items, q, found.next), 200


@router.post("/", response_class=HTMLResponse, include_in_schema=False)
async def answer_page(
    context: RequestContext, request: Request, gates: Gates, lang: Locale | None = None
) -> HTMLResponse:
    """Answer one of the page's forms with the page."""
    locale = lang or context.locale
    given = await _read_form(request)
    shown, _ = await _prices(context, gates, locale, PageQuery())
    content = PageContent(await _info(context, request, gates), given, prices=shown)
    try:
        if content.complains:
            receipt = await complain(_complaint_form(given, locale), context, gates)
            content = content._replace(given={"do": "complain"}, received=receipt.number)
        else:
            asked = Asked(given.get("number", ""), _digits(given.get("phone_tail", ""), locale), locale)
            content = content._replace(found=await look_up_case(context, gates, asked))
        status, more = 200, {}
    except Unavailable:
        content, status = content._replace(wrong=render_message("service.unavailable", locale, {})), 503
        more = {"Retry-After": "2"}
    except DomainError as error:
        wrong = error.params["words"] if isinstance(error, _WrongInput) else _words(error, locale)
        content, status = content._replace(wrong=wrong), error.status
        more = {"Retry-After": str(error.params["seconds"])} if "seconds" in error.params else {}
    headers = page_headers(locale) | more | {"Cache-Control": "no-store"}
    return HTMLResponse(render_page(locale, content), status, headers)


async def _info(context: RequestContext, request: Request, gates: Gates) -> Info:
    """Return the page's information; without the branches if the database does not answer."""
    try:
        return await read_info(context, request, gates)
    except Unavailable:
        return list_phones(context)


class _WrongInput(DomainError):
    """Input that does not fit its field, with the words for it."""

    status = 422


async def _read_form(request: Request) -> dict[str, str]:
    body = (await request.body()).decode("utf-8", "replace")
    try:
        return dict(parse_qsl(body, keep_blank_values=True, max_num_fields=_FIELDS))
    except ValueError:  # more fields than the page has
        return {}


def _digits(typed: str, locale: str) -> str:
    """Return the digits of a phone as people type it. Raises `_WrongInput`."""
    digits = re.sub(r"[^0-9]", "", unicodedata.normalize("NFKC", typed))
    if not _TAIL.fullmatch(digits):
        raise _WrongInput("input.malformed", words=page_texts(locale)["tail_wrong"])
    return digits


def _complaint_form(given: Mapping[str, str], locale: str) -> ComplaintForm:
    """Return the form as typed. Raises `_WrongInput`."""
    fields = {name: text for name, text in given.items() if name in ComplaintForm.model_fields}
    try:
        return ComplaintForm.model_validate(fields | {"branch": fields.get("branch") or None})
    except ValidationError as error:
        said = page_texts(locale)
        wrong = [
            f"{said.get(one['field'], one['field'])}: {one['problem']}" for one in wrong_fields(error.errors(), locale)
        ]
        raise _WrongInput("input.malformed", words=" ".join(wrong)) from error


def _words(error: DomainError, locale: str) -> str:
    return render_message(error.code, locale, error.params)
