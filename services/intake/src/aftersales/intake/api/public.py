"""HTTP in for everybody, without a login (INT-11): one's own request, complaints, phones, and a page for these."""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Annotated
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Depends, Path, Query, Request, Response
from fastapi.responses import HTMLResponse
from pydantic import BaseModel

from aftersales.common.errors import NotFound, TooMany
from aftersales.common.mongo import Document
from aftersales.common.problem import TOO_MANY
from aftersales.common.service import PROBLEMS, Desk
from aftersales.common.throttle import Throttle
from aftersales.intake.domain.branch import Branch
from aftersales.intake.domain.complaint import ComplaintForm, Receipt
from aftersales.intake.domain.customer import Customer
from aftersales.intake.domain.request import ServiceRequest, State
from aftersales.intake.handlers import complaints

from .filters import readable
from .page import Locale, page, words

router = APIRouter(prefix="/public", tags=["public"], responses=PROBLEMS | TOO_MANY)
_OURS = frozenset({"review"})
"""Stages that are nobody's business but ours."""
_SHOWN = ("customer", "branch", "state", "stage", "registered_at")
_MINUTE, _HOUR = timedelta(minutes=1), timedelta(hours=1)


@dataclass(frozen=True)
class _Gates:
    """How often strangers may ask; in each process by itself."""

    lookups: Throttle
    tries: Throttle
    complaints: Throttle


async def _gates(request: Request, desk: Desk) -> _Gates:
    state = request.app.state
    if not hasattr(state, "gates"):
        given = desk.settings
        state.gates = _Gates(
            Throttle(given.public_lookups, _MINUTE),
            Throttle(given.public_tries, _HOUR),
            Throttle(given.public_complaints, _HOUR),
        )
    gates: _Gates = state.gates
    return gates


Gates = Annotated[_Gates, Depends(_gates)]


class OwnRequest(BaseModel):
    """What somebody may know who knows its number and phone."""

    number: str
    state: State
    state_words: str
    stage: str | None
    """What is due next."""
    stage_words: str | None
    registered_on: date
    branch: str
    """Its name."""


class BranchPhone(BaseModel):
    code: str
    name: str
    complaint_phone: str | None


class Info(BaseModel):
    complaint_phone: str | None
    """Of headquarters."""
    branches: list[BranchPhone]
    price_list: str | None


@router.get("/", response_class=HTMLResponse)
async def show_page(desk: Desk, lang: Locale | None = None) -> HTMLResponse:
    """Show the page: look up a request, complain, phones and price list."""
    text, headers = page(lang or desk.locale)
    return HTMLResponse(text, headers=headers)


@router.get("/requests/{number}")
async def look_up(
    number: Annotated[str, Path(max_length=40)],
    phone_tail: Annotated[str, Query(pattern=r"^[0-9]{4,15}$", description="The phone's last digits, four or more")],
    desk: Desk,
    gates: Gates,
) -> OwnRequest:
    """Show the state of one's own request. A wrong number and a wrong phone are answered alike."""
    number = readable(number)
    _pass(gates.lookups, desk, desk.client)
    _pass(gates.tries, desk, number)
    request = await _row(desk, ServiceRequest.COLLECTION, number, _SHOWN)
    customer = await _row(desk, Customer.COLLECTION, request.get("customer", ""), ("phone",))
    if not customer.get("phone", "").endswith(phone_tail):
        raise NotFound("public.request_unknown")
    branch = await _row(desk, Branch.COLLECTION, request["branch"], ("name", "zone"))
    said = words(desk.locale)
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


async def _row(desk: Desk, collection: str, id: str, only: tuple[str, ...]) -> Document:
    """Give some fields of a document, or nothing; it takes as long either way."""
    return next(iter(await desk.mongo.rows(collection, {"_id": id}, limit=1, only=only)), {})


@router.post("/complaints", status_code=201)
async def complain(form: ComplaintForm, desk: Desk, gates: Gates) -> Receipt:
    """Take a complaint in (投诉). Whether the number it names is known is not told."""
    _pass(gates.complaints, desk, desk.client)
    number = readable(form.number)
    needs = (
        (ServiceRequest, number, lambda request: ((Customer, request.customer),)),
        *(((Branch, form.branch),) if form.branch else ()),
    )
    return await desk.do(complaints.receive_complaint, form, number, needs=needs)


@router.get("/info")
async def show_info(desk: Desk, response: Response) -> Info:
    """Show the complaint phones (投诉电话公开) and where the price list is (配件价格公开)."""
    response.headers["Cache-Control"] = "public, max-age=300"
    given = desk.settings
    branches = await desk.mongo.find(Branch, {})
    phones = [
        BranchPhone(code=branch.id, name=branch.name, complaint_phone=given.complaint_phones.get(branch.id))
        for branch in branches
    ]
    return Info(complaint_phone=given.complaint_phone or None, branches=phones, price_list=given.price_list or None)


def _pass(throttle: Throttle, desk: Desk, key: str) -> None:
    """Raises `TooMany`."""
    if seconds := throttle.take(key, desk.now):
        raise TooMany("public.too_many", seconds=seconds)
