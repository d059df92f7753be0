"""HTTP API: lists of service requests, as pages or as a file."""

from typing import Annotated

from fastapi import APIRouter, Query
from fastapi.responses import StreamingResponse
from pydantic import Field

from aftersales.common.http import export
from aftersales.common.http.export import Table, Titled
from aftersales.engine import PROBLEMS, DomainError, Page, RequestContext
from aftersales.intake.requests.domain.request import ServiceRequest

from .filters import RequestFilter

router = APIRouter(responses=PROBLEMS)
_COLUMNS = (
    Titled("column.number", lambda row: row["_id"]),
    Titled("column.branch", lambda row: row["branch"]),
    Titled("column.state", lambda row: row["state"]),
    Titled("column.kind", lambda row: row["kind"]),
    Titled("column.channel", lambda row: row["channel"]),
    Titled("column.priority", lambda row: row["priority"]),
    Titled("column.owner", lambda row: row["owner"]),
    Titled("column.stage", lambda row: row["stage"]),
    Titled("column.due_at", lambda row: row["due_at"], is_time=True),
    Titled("column.registered_at", lambda row: row["registered_at"], is_time=True),
    Titled("column.wanted_at", lambda row: row["wanted_at"], is_time=True),
    Titled("column.visit", lambda row: row["visit"]),
    Titled("column.serial", lambda row: row["product"]["serial"]),
    Titled("column.model", lambda row: row["product"]["model"]),
    Titled("column.line", lambda row: row["product"]["line"]),
    Titled("column.fault", lambda row: row["fault"]),
    Titled("column.description", lambda row: row["description"]),
)
"""Names, phones and addresses are left out, because a file is passed on to people who do not need them (ALL-6)."""
_FIELDS = (
    *("branch", "state", "kind", "channel", "priority", "owner", "stage", "due_at", "registered_at", "wanted_at"),
    *("visit", "product", "fault", "description"),
)


class ListQuery(RequestFilter):
    """Filters, page and order of a list."""

    cursor: Annotated[str | None, Field(max_length=1000, description="`next` of the page before")] = None
    limit: Annotated[int, Field(ge=1, le=200)] = 50


class AskedFile(RequestFilter):
    format: export.Format = "csv"


@router.get("/requests")
async def list_requests(asked: Annotated[ListQuery, Query()], context: RequestContext) -> Page[ServiceRequest]:
    """List requests, by earliest deadline or newest first."""
    return await context.page(ServiceRequest, asked.where(), asked.cursor, asked.limit, asked.order())


@router.get("/requests/export", response_class=StreamingResponse, responses=export.FILES)
async def export_requests(asked: Annotated[AskedFile, Query()], context: RequestContext) -> StreamingResponse:
    """Export requests as a file; a list that is too long is refused rather than cut off."""
    where, sort, most = asked.where(), asked.order(), context.settings.export_most
    if await context.more_than(ServiceRequest, where, sort, most):
        raise DomainError("export.too_many", most=most)
    table = Table("requests", _COLUMNS, context.locale, context.settings.zone)
    return await export.send_export(table, context.all_rows(ServiceRequest, where, sort, _FIELDS), asked.format)
