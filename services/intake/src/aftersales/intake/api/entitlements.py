"""HTTP in: what comes with a purchase (INT-14)."""

from typing import Annotated

from fastapi import APIRouter, Query

from aftersales.common.service import PROBLEMS, Cursor, Desk, Limit, Page
from aftersales.common.values import Code, Serial
from aftersales.intake.domain.entitlement import Entitlement

router = APIRouter(responses=PROBLEMS)


@router.get("/entitlements")
async def list_entitlements(  # noqa: PLR0913, PLR0917 (its query string)
    desk: Desk,
    branch: Code | None = None,
    due: Annotated[bool | None, Query(description="whether the customer is to be reminded")] = None,
    serial: Serial | None = None,
    cursor: Cursor = None,
    limit: Limit = 50,
) -> Page[Entitlement]:
    return await desk.page(Entitlement, {"branch": branch, "due": due, "product": serial}, cursor, limit)
