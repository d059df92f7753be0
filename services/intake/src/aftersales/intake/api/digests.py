"""HTTP in: what the clocks had to say to whom, by the hour (ALL-3)."""

from typing import Annotated

from fastapi import APIRouter, Query

from aftersales.common.service import PROBLEMS, Cursor, Desk, Limit, Page
from aftersales.intake.domain.digest import Digest

router = APIRouter(responses=PROBLEMS)


@router.get("/digests")
async def list_digests(
    owner: Annotated[str, Query(max_length=200)], desk: Desk, cursor: Cursor = None, limit: Limit = 50
) -> Page[Digest]:
    """Newest first: an owner's code, a branch's, or a role at a branch such as `supervisor@BJ01`."""
    return await desk.page(Digest, {"owner": owner}, cursor, limit)
