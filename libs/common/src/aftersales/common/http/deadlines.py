"""Deadlines over HTTP: the clocks of a document, each with the calculation of its deadline (ALL-3)."""

from typing import Annotated

from fastapi import APIRouter, Path

from aftersales.common.http.problem import PROBLEMS
from aftersales.common.http.request_context import RequestContext
from aftersales.policy import sla
from aftersales.values.errors import NotFound

router = APIRouter(prefix="/deadlines", responses=PROBLEMS)
DocumentNumber = Annotated[str, Path(pattern=r"^[A-Z]{2}-[0-9]{6}-[0-9A-HJKMNP-TV-Z]{4}(-[0-9]+)?$")]
"""The number of a document with clocks, such as `SR-261122-7K3F`."""


@router.get("/{number}")
async def explain_deadlines(number: DocumentNumber, context: RequestContext) -> list[sla.Deadline]:
    """Explain the clocks of a document, and of those whose numbers begin with its number (callbacks of a visit)."""
    found = [
        sla.Deadline(document=document.id, explanation=sla.explain_clock(clock, context.now))
        for kind in context.service.clocked
        for document in await context.mongo.find(kind, {"_id": {"$gte": number, "$lte": f"{number}-~"}})
        for clock in document.clocks
    ]
    if not found:
        raise NotFound("deadline.none", id=number)
    return found
