"""HTTP API without a login (INT-11): one's own request, complaints, phones, and a page for these."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Annotated

from fastapi import APIRouter, Path, Query, Request, Response
from pydantic import BaseModel
from pydantic_core import to_json

from aftersales.engine import PROBLEMS, Document, Page, RequestContext
from aftersales.intake.identity.domain import COMPANY, CompanyIdentity, LineTexts
from aftersales.intake.network.domain import Branch
from aftersales.intake.prices.domain import PriceRow
from aftersales.intake.prices.store import PriceQuery, list_prices
from aftersales.intake.public import handlers
from aftersales.intake.public.domain.complaint import ComplaintForm, Receipt
from aftersales.intake.public.domain.own import read_case_number

from .gates import Gates, pass_gate
from .lookups import Asked, OwnComplaint, OwnRequest, look_up_complaint, look_up_request
from .page import PRICES

router = APIRouter(prefix="/public", responses=PROBLEMS)
_INFO_KEPT = timedelta(minutes=1)
CaseNumber = Annotated[str, Path(max_length=40, description="The number, as the customer types it")]
PhoneTail = Annotated[str, Query(pattern=r"^[0-9]{4,15}$", description="The phone's last digits, four or more")]


class BranchPhone(BaseModel):
    code: str
    name: str
    complaint_phone: str | None
    phone: str | None = None
    """The branch's own phone."""
    address: str | None = None


class Info(BaseModel):
    company: LineTexts | None = None
    """The name of the company, by language."""
    website: str | None = None
    service_phone: str | None = None
    """The phone for all questions about service: the company's, else the one of the settings."""
    complaint_phone: str | None
    """Headquarters' phone."""
    branches: list[BranchPhone]
    price_list: str | None
    """The address of the price list: that of the settings, else `/public/prices`."""


@router.get("/requests/{number}")
async def look_up(number: CaseNumber, phone_tail: PhoneTail, context: RequestContext, gates: Gates) -> OwnRequest:
    """Show the state of one's own request. A wrong number and a wrong phone get the same answer.

    After some wrong tries at this request or from this address four digits are no longer enough: `public.whole_phone`.
    """
    return await look_up_request(context, gates, Asked(number, phone_tail, context.locale))


@router.get("/complaints/{number}")
async def look_up_own_complaint(
    number: CaseNumber, phone_tail: PhoneTail, context: RequestContext, gates: Gates
) -> OwnComplaint:
    """Show how far one's own complaint is, like `GET /public/requests/{number}`."""
    return await look_up_complaint(context, gates, Asked(number, phone_tail, context.locale))


@router.post("/complaints", status_code=201)
async def complain(form: ComplaintForm, context: RequestContext, gates: Gates) -> Receipt:
    """Submit a complaint (投诉). The answer does not reveal whether its request number exists."""
    pass_gate(gates.complaints, context, context.client)
    return await context.do(handlers.receive_complaint, form, read_case_number(form.number))


@router.get("/info", response_model=Info)
async def show_info(context: RequestContext, request: Request, gates: Gates) -> Response:
    """Show the phones (投诉电话公开) and the link to the price list (配件价格公开), read once a minute."""
    info = await read_info(context, request, gates)
    return Response(to_json(info), headers={"Cache-Control": "public, max-age=240"}, media_type="application/json")


@router.get("/prices")
async def show_prices(wanted: Annotated[PriceQuery, Query()], context: RequestContext, gates: Gates) -> Page[PriceRow]:
    """Show the prices of labour and parts (配件价格公开), the same in all branches, labour first.

    Each has the price of the day, and its earlier and announced prices with their days.
    """
    pass_gate(gates.prices, context, context.client)
    return await list_prices(context, wanted, context.locale)


async def read_info(context: RequestContext, request: Request, gates: Gates) -> Info:
    """Return the page's information, which is read once a minute for all callers."""
    state = request.app.state
    async with gates.reading:
        kept: tuple[datetime, Info] | None = getattr(state, "public_info", None)
        if kept is None or not timedelta() <= context.now - kept[0] < _INFO_KEPT:
            rows = await context.mongo.rows(Branch, {}, sort=("_id",), only=("name", "phone", "address"))
            identity = await context.mongo.get(CompanyIdentity, COMPANY)
            kept = state.public_info = context.now, list_phones(context, rows, identity)
    return kept[1]


def list_phones(
    context: RequestContext, rows: Iterable[Document] = (), identity: CompanyIdentity | None = None
) -> Info:
    """Return the settings for the page, the identity of the company, and the phones of these branches."""
    given = context.settings
    phones = [
        BranchPhone(
            code=row["_id"],
            name=row["name"],
            complaint_phone=given.complaint_phones.get(row["_id"]),
            phone=row.get("phone"),
            address=row.get("address"),
        )
        for row in rows
    ]
    return Info(
        company=identity.name if identity else None,
        website=identity.website if identity else None,
        service_phone=(identity and identity.phone) or given.service_phone or None,
        complaint_phone=given.complaint_phone or None,
        branches=phones,
        price_list=given.price_list or PRICES,
    )
