"""HTTP API: letters and documents are filed, and all correspondence is listed, searched and exported (INT-16)."""

from collections.abc import AsyncIterator
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query
from fastapi.responses import StreamingResponse
from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from aftersales.common.http import export
from aftersales.common.http.export import Table, Titled
from aftersales.common.http.paging import Place, parse_cursor
from aftersales.engine import PROBLEMS, Document, DomainError, Malformed, Page, RequestContext
from aftersales.intake.archive.domain.contact import CustomerId
from aftersales.intake.archive.store import customer_filter, find_surviving_customer
from aftersales.intake.network.domain import Branch
from aftersales.intake.vocabulary import Channel, RequestNumber
from aftersales.values import Code, Serial
from aftersales.values.messages import render_message

from . import handlers, store
from .domain import Correspondence, CorrespondenceEntry, CorrespondenceForm, Direction, span_of_period

router = APIRouter(responses=PROBLEMS)
CorrespondenceNumber = Annotated[str, Path(pattern=r"^CO-[0-9]{6}-[0-9A-HJKMNP-TV-Z]{4}$")]
"""The number of the record."""
_SORT = "-at"
_BATCH = 500


class CorrespondenceFilter(BaseModel):
    """Select entries that match all given fields; a period or a customer must be given."""

    model_config = ConfigDict(extra="forbid")

    period: Annotated[
        str | None,
        StringConstraints(pattern=r"^[12][0-9]{3}(-(0[1-9]|1[0-2]))?$"),
        Field(description="A year (`2026`) or a month (`2026-11`) in the branch's time zone"),
    ] = None
    customer: CustomerId | None = None
    line: Annotated[Code | None, Field(description="The code of a product line")] = None
    serial: Serial | None = None
    branch: Code | None = None
    direction: Direction | None = None
    channel: Channel | None = None
    request: RequestNumber | None = None
    q: Annotated[
        str | None,
        StringConstraints(strip_whitespace=True, min_length=1, max_length=100),
        Field(description="Part of a subject or of what was written to us"),
    ] = None


class CorrespondenceQuery(CorrespondenceFilter):
    """Filters and page of a list."""

    cursor: Annotated[str | None, Field(max_length=1000, description="`next` of the page before")] = None
    limit: Annotated[int, Field(ge=1, le=200)] = 50


class CorrespondenceFile(CorrespondenceFilter):
    format: export.Format = "csv"
    with_customer: Annotated[
        bool, Field(description="With the customer's name; only for people who need it (ALL-6)")
    ] = False


@router.post("/correspondence", status_code=201)
async def record_correspondence(form: CorrespondenceForm, context: RequestContext) -> Correspondence:
    """File a letter, e-mail or document that is no contact about a request.

    Requests, further contacts, replies and messages to customers are in the archive of themselves.
    """
    return await context.do(handlers.record_correspondence, form)


@router.get("/correspondence")
async def list_correspondence(
    asked: Annotated[CorrespondenceQuery, Query()], context: RequestContext
) -> Page[CorrespondenceEntry]:
    """List all that was written to us and by us, newest first: records, requests, contacts, replies and messages."""
    wanted, place = await _wanted(asked, context), parse_cursor(_SORT, asked.cursor)
    rows = await store.find_entries(context.mongo, wanted, place, asked.limit + 1)
    page = rows[: asked.limit]
    more = place.at(page[-1]).cursor() if len(rows) > asked.limit else None
    return Page(items=await _shown(context, page), next=more)


@router.get("/correspondence/export", response_class=StreamingResponse, responses=export.FILES)
async def export_correspondence(
    asked: Annotated[CorrespondenceFile, Query()], context: RequestContext
) -> StreamingResponse:
    """Export correspondence as a file, in words of the reader's language and times of each branch.

    A list that is too long is refused rather than cut off.
    """
    wanted, most = await _wanted(asked, context), context.settings.export_most
    if await store.count_entries(context.mongo, wanted, most + 1) > most:
        raise DomainError("export.too_many", most=most)
    zones = {one.id: one.zone for one in await context.mongo.find(Branch, {})}
    table = Table(
        "correspondence",
        [*_columns(context.locale, with_customer=asked.with_customer)],
        context.locale,
        lambda row: zones.get(row["branch"], context.settings.zone),
    )
    return await export.send_export(table, _all_rows(context, wanted), asked.format)


@router.get("/correspondence/{number}")
async def show_correspondence(number: CorrespondenceNumber, context: RequestContext) -> Correspondence:
    """Show a record."""
    return await context.read(Correspondence, number)


async def _wanted(asked: CorrespondenceFilter, context: RequestContext) -> store.EntryFilter:
    """Return the filter. Raises `Malformed` for a list of everything."""
    if not (asked.period or asked.customer or asked.request):
        raise Malformed("correspondence.too_wide")
    scope: Document = {"branch": asked.branch} if asked.branch else {}
    if asked.customer:
        scope |= customer_filter(await find_surviving_customer(context.mongo, asked.customer))
    about: Document = asked.model_dump(
        include={"line", "serial", "direction", "channel", "request"}, exclude_none=True
    ) | (store.words_filter(asked.q) if asked.q else {})
    place = await context.mongo.get(Branch, asked.branch) if asked.branch else None
    zone = place.zone if place else context.settings.zone
    return store.EntryFilter(scope, about, span_of_period(asked.period, zone) if asked.period else None)


async def _shown(context: RequestContext, rows: list[Document]) -> list[CorrespondenceEntry]:
    return await handlers.show_entries(context.mongo, rows, context.locale, context.settings.locale)


async def _all_rows(context: RequestContext, wanted: store.EntryFilter) -> AsyncIterator[list[Document]]:
    place = Place(_SORT)
    while rows := await store.find_entries(context.mongo, wanted, place, _BATCH):
        yield [dict(entry) for entry in await _shown(context, rows)]
        place = place.at(rows[-1])


def _columns(locale: str, *, with_customer: bool) -> list[Titled]:
    """Return the columns; by default no names, because a file is passed on (ALL-6)."""

    def direction(row: Any) -> str:
        known = {
            "in": render_message("direction.in", locale, {}),
            "out": render_message("direction.out", locale, {}),
        }
        return known[row["direction"]]

    columns = [
        Titled("column.at", lambda row: row["at"]),
        Titled("column.direction", direction),
        Titled("column.channel", lambda row: row["channel_words"]),
        Titled("column.subject", lambda row: row["subject"]),
        Titled("column.record", lambda row: row["id"]),
        Titled("column.number", lambda row: row["request"] or ""),
        Titled("column.serial", lambda row: row["serial"]),
        Titled("column.line", lambda row: row["line_words"]),
        Titled("column.branch", lambda row: row["branch"]),
        Titled("column.files", lambda row: ", ".join(file.name for file in row["files"])),
    ]
    return [*columns, Titled("column.customer", lambda row: row["customer_name"])] if with_customer else columns
