"""HTTP in: lists of service requests, and the same as a file."""

from typing import Annotated
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Query
from fastapi.responses import StreamingResponse
from pydantic import Field

from aftersales.common import export
from aftersales.common.errors import DomainError
from aftersales.common.export import Column, Table
from aftersales.common.messages import render
from aftersales.common.service import Desk, Page
from aftersales.intake.domain.request import ServiceRequest

from .filters import RequestFilter

router = APIRouter()
MOST_ROWS = 100_000
"""Of one file; more is refused rather than cut off."""
_COLUMNS = (
    Column("column.number", lambda row: row["_id"]),
    Column("column.branch", lambda row: row["branch"]),
    Column("column.state", lambda row: row["state"]),
    Column("column.kind", lambda row: row["kind"]),
    Column("column.channel", lambda row: row["channel"]),
    Column("column.priority", lambda row: row["priority"]),
    Column("column.owner", lambda row: row["owner"]),
    Column("column.stage", lambda row: row["stage"]),
    Column("column.due_at", lambda row: row["due_at"]),
    Column("column.registered_at", lambda row: row["registered_at"]),
    Column("column.wanted_at", lambda row: row["wanted_at"]),
    Column("column.visit", lambda row: row["visit"]),
    Column("column.serial", lambda row: row["product"]["serial"]),
    Column("column.model", lambda row: row["product"]["model"]),
    Column("column.line", lambda row: row["product"]["line"]),
    Column("column.fault", lambda row: row["fault"]),
    Column("column.description", lambda row: row["description"]),
)
"""Neither name, phone nor address: a file goes on to others, and they do not need them (ALL-6)."""
_FIELDS = (
    *("branch", "state", "kind", "channel", "priority", "owner", "stage", "due_at", "registered_at", "wanted_at"),
    *("visit", "product", "fault", "description"),
)


class Asked(RequestFilter):
    """One page of a list."""

    cursor: Annotated[str | None, Field(max_length=1000, description="`next` of the page before")] = None
    limit: Annotated[int, Field(ge=1, le=200)] = 50


class AskedFile(RequestFilter):
    format: export.Format = "csv"


@router.get("/requests")
async def list_requests(asked: Annotated[Asked, Query()], desk: Desk) -> Page[ServiceRequest]:
    """List requests, the most pressing or the newest first."""
    return await desk.page(ServiceRequest, asked.where(), asked.cursor, asked.limit, asked.order())


@router.get("/requests/export", response_class=StreamingResponse, responses=export.FILES)
async def export_requests(asked: Annotated[AskedFile, Query()], desk: Desk) -> StreamingResponse:
    """Send the list as a file. More than 100 000 requests are refused."""
    where, sort = asked.where(), asked.order()
    if await desk.more_than(ServiceRequest, where, MOST_ROWS):
        raise DomainError("export.too_many", most=MOST_ROWS)
    zone = desk.settings.zone
    titles = [render(column.title, desk.locale, {"zone": zone}) for column in _COLUMNS]
    table = Table("requests", titles, _COLUMNS, ZoneInfo(zone))
    return await export.answer(table, desk.all_rows(ServiceRequest, where, sort, _FIELDS), asked.format)
