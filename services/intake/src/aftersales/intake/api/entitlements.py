"""HTTP in: what comes with a purchase (INT-14)."""

from typing import Annotated

from fastapi import APIRouter, Path, Query

from aftersales.common.service import PROBLEMS, Cursor, Desk, Limit, Page
from aftersales.common.values import Code, Serial
from aftersales.intake.domain.entitlement import Entitlement, UseEntitlement
from aftersales.intake.domain.request import ServiceRequest
from aftersales.intake.handlers import entitlements

router = APIRouter(responses=PROBLEMS)
EntitlementId = Annotated[str, Path(max_length=200, description="`<serial>|<kind>`")]


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


@router.post("/entitlements/{id:path}/use")
async def use_entitlement(id: EntitlementId, form: UseEntitlement, desk: Desk) -> Entitlement:
    """Use one of it for a request; the same request again uses nothing more (INT-14)."""
    needs = ((Entitlement, id), (ServiceRequest, form.request))
    return await desk.do(entitlements.use_entitlement, id, form, needs=needs)
