"""HTTP API: lists of service requests, as pages, as rows in words, or as a file in words."""

from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from typing import Annotated, Any

from fastapi import APIRouter, Query
from fastapi.responses import StreamingResponse
from pydantic import Field

from aftersales.common.http import export
from aftersales.common.http.export import Cell, Table, Titled
from aftersales.engine import PROBLEMS, Document, DomainError, Page, RequestContext
from aftersales.intake.catalogues.store import load_glossary
from aftersales.intake.requests.domain.lookup import NamesOfRows, ReaderWords, RequestRow, fault_words, show_row
from aftersales.intake.requests.domain.request import ServiceRequest
from aftersales.intake.requests.domain.words import words_of_reader
from aftersales.intake.requests.handlers.rows import read_names

from .filters import RequestFilter
from .requests import ServiceRequestNumber

router = APIRouter(responses=PROBLEMS)
_FIELDS = (
    *("branch", "state", "kind", "channel", "priority", "owner", "stage", "due_at", "registered_at", "wanted_at"),
    *("visit", "product", "fault", "description", "customer", "caller"),
)


class ListQuery(RequestFilter):
    """Filters, page and order of a list."""

    cursor: Annotated[str | None, Field(max_length=1000, description="`next` of the page before")] = None
    limit: Annotated[int, Field(ge=1, le=200)] = 50


class AskedFile(RequestFilter):
    format: export.Format = "csv"
    with_customer: Annotated[
        bool, Field(description="With name, phone and address; only for people who need them (ALL-6)")
    ] = False


@router.get("/requests")
async def list_requests(asked: Annotated[ListQuery, Query()], context: RequestContext) -> Page[ServiceRequest]:
    """List requests, by earliest deadline or newest first."""
    return await context.page(ServiceRequest, asked.where(), asked.cursor, asked.limit, asked.order())


@router.get("/requests/rows")
async def list_request_rows(asked: Annotated[ListQuery, Query()], context: RequestContext) -> Page[RequestRow]:
    """List requests like `GET /requests`, as rows: words in the reader's language, local times, names."""
    page = await context.page(ServiceRequest, asked.where(), asked.cursor, asked.limit, asked.order())
    return Page(items=await _rows_of(context, page.items), next=page.next)


@router.get("/requests/{number}/row")
async def show_request_row(number: ServiceRequestNumber, context: RequestContext) -> RequestRow:
    """Show a request as a row: what to tell the customer after `POST /requests`, in words and local times."""
    (row,) = await _rows_of(context, [await context.read(ServiceRequest, number)])
    return row


async def _rows_of(context: RequestContext, cases: Sequence[ServiceRequest]) -> list[RequestRow]:
    words = words_of_reader(context.locale, await load_glossary(context.mongo))
    names = await read_names(
        context.mongo,
        branches={case.branch for case in cases},
        people={case.owner for case in cases},
        customers={case.customer for case in cases},
    )
    return [show_row(case, names, words) for case in cases]


@router.get("/requests/export", response_class=StreamingResponse, responses=export.FILES)
async def export_requests(asked: Annotated[AskedFile, Query()], context: RequestContext) -> StreamingResponse:
    """Export requests as a file, in words of the reader's language and times of each branch.

    A list that is too long is refused rather than cut off.
    """
    where, sort, most = asked.where(), asked.order(), context.settings.export_most
    if await context.more_than(ServiceRequest, where, sort, most):
        raise DomainError("export.too_many", most=most)
    words = words_of_reader(context.locale, await load_glossary(context.mongo))
    table = Table("requests", [*_columns(words, with_customer=asked.with_customer)], context.locale, _zone_of)
    rows = _with_names(context, context.all_rows(ServiceRequest, where, sort, _FIELDS))
    return await export.send_export(table, rows, asked.format)


async def _with_names(context: RequestContext, batches: export.Rows) -> AsyncIterator[list[Document]]:
    """Add to each row what it needs of other documents."""
    async for rows in batches:
        ids = {key: {row[key] for row in rows} for key in ("branch", "owner", "customer")}
        names = await read_names(context.mongo, branches=ids["branch"], people=ids["owner"], customers=ids["customer"])
        yield [row | {"names": names} for row in rows]


def _zone_of(row: Document) -> str:
    names: NamesOfRows = row["names"]
    return names.branches[row["branch"]].zone


def _columns(words: ReaderWords, *, with_customer: bool) -> Iterable[Titled]:
    """Yield the columns; by default no names, because a file is passed on to people who do not need them (ALL-6)."""
    yield Titled("column.number", lambda row: row["_id"])
    yield Titled("column.branch", lambda row: row["names"].branches[row["branch"]].name)
    yield Titled("column.state", lambda row: words.state(row["state"]))
    yield Titled("column.kind", lambda row: words.kind(row["kind"]))
    yield Titled("column.channel", lambda row: words.channel(row["channel"]))
    yield Titled("column.priority", lambda row: row["priority"])
    yield Titled("column.owner", lambda row: row["names"].people.get(row["owner"], row["owner"]))
    yield Titled("column.stage", lambda row: words.stage(row["stage"]) if row["stage"] else "")
    yield Titled("column.due_at", lambda row: row["due_at"])
    yield Titled("column.registered_at", lambda row: row["registered_at"])
    yield Titled("column.wanted_at", lambda row: row["wanted_at"])
    yield Titled("column.zone", _zone_of)
    yield Titled("column.visit", lambda row: row["visit"])
    yield Titled("column.serial", lambda row: row["product"]["serial"])
    yield Titled("column.model", lambda row: row["product"]["model"])
    yield Titled("column.line", lambda row: words.line(row["product"]["line"]))
    yield Titled("column.fault", lambda row: fault_words(row["kind"], row["fault"], words))
    yield Titled("column.description", lambda row: row["description"])
    if with_customer:
        yield Titled("column.customer", _of_customer("name"))
        yield Titled("column.caller", lambda row: row.get("caller", ""))
        yield Titled("column.phone", _of_customer("phone"))
        yield Titled("column.address", _of_customer("address"))


def _of_customer(field: str) -> Callable[[Document], Cell]:
    def cell(row: Any) -> Cell:
        found: Cell = row["names"].customers.get(row["customer"], {}).get(field)
        return found

    return cell
