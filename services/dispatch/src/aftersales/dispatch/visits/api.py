"""HTTP: technicians report their steps."""

from typing import Annotated

from fastapi import APIRouter, Path

from aftersales.common.deeds import DONE_NOW, DeedForm
from aftersales.dispatch.orders.domain.order import NUMBER, WorkOrder
from aftersales.dispatch.orders.domain.report import CompleteVisit
from aftersales.dispatch.orders.store import Rules
from aftersales.engine import PROBLEMS, RequestContext

from . import handlers
from .domain import Decline, Diagnose, NeedPart

router = APIRouter(responses=PROBLEMS)
VisitOrderNumber = Annotated[str, Path(pattern=NUMBER)]
"""The number of a work order, such as `WO-261122-7K3F`."""


@router.post("/orders/{number}/accept")
async def accept(number: VisitOrderNumber, context: RequestContext, form: DeedForm = DONE_NOW) -> WorkOrder:
    """Accept the assignment."""
    return await context.do(handlers.accept_visit, number, form, _rules(context))


@router.post("/orders/{number}/decline")
async def decline(number: VisitOrderNumber, form: Decline, context: RequestContext) -> WorkOrder:
    """Decline the assignment; another technician is searched for immediately."""
    return await context.do(handlers.decline_visit, number, form, _rules(context))


@router.post("/orders/{number}/depart")
async def depart(number: VisitOrderNumber, context: RequestContext, form: DeedForm = DONE_NOW) -> WorkOrder:
    """Record that the technician has left for the customer."""
    return await context.do(handlers.depart_for_visit, number, form)


@router.post("/orders/{number}/arrive")
async def arrive(number: VisitOrderNumber, context: RequestContext, form: DeedForm = DONE_NOW) -> WorkOrder:
    """Record that the technician is at the customer's."""
    return await context.do(handlers.arrive_at_visit, number, form, _rules(context))


@router.post("/orders/{number}/diagnose")
async def diagnose(number: VisitOrderNumber, form: Diagnose, context: RequestContext) -> WorkOrder:
    """Record the cause of the fault, which decides who pays."""
    return await context.do(handlers.record_diagnosis, number, form, _rules(context))


@router.post("/orders/{number}/need-part")
async def need_part(number: VisitOrderNumber, form: NeedPart, context: RequestContext) -> WorkOrder:
    """Request a part that is not in the list for the fault (INV-13)."""
    return await context.do(handlers.request_part, number, form)


@router.post("/orders/{number}/complete")
async def complete(number: VisitOrderNumber, form: CompleteVisit, context: RequestContext) -> WorkOrder:
    """Complete the visit with the service report (DSP-10)."""
    return await context.do(handlers.complete_visit, number, form, _rules(context))


def _rules(context: RequestContext) -> Rules:
    return Rules(context.catalogue, context.settings.figures)
