"""`GET /readings`: who read personal data in full, and whose (ALL-6)."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import BaseModel

from aftersales.common.http.paging import Page
from aftersales.common.http.problem import PROBLEMS
from aftersales.common.http.request_context import Cursor, Limit, RequestContext
from aftersales.common.sign_in.readings import Reading

router = APIRouter(responses=PROBLEMS)
ReadCustomer = Annotated[str | None, Query(max_length=100, description="Only answers about this customer (their id)")]
ReadBy = Annotated[str | None, Query(max_length=100, description="Only answers to this caller")]


class ReadingShown(BaseModel):
    """An answer with personal data in full."""

    at: datetime
    who: str
    """The caller, as the audit trail names them."""
    subject: str
    """The subject of the caller's token."""
    route: str
    """Method and path of the route."""
    asked: str
    """The path that was asked for, with its ids."""
    customers: tuple[str, ...]
    """The ids of the customers in the answer; empty for a file, an export, or somebody who is no customer."""


@router.get("/readings", operation_id="list_readings", summary="List who read personal data")
async def list_readings(
    context: RequestContext,
    customer: ReadCustomer = None,
    who: ReadBy = None,
    cursor: Cursor = None,
    limit: Limit = 50,
) -> Page[ReadingShown]:
    """List answers with personal data in full, newest first."""
    found = await context.page(Reading, {"customers": customer, "who": who}, cursor, limit, "-at")
    return Page(items=[ReadingShown(**item.model_dump()) for item in found.items], next=found.next)
