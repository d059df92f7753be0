"""HTTP: another time, waits, a customer who was not reached (ALL-3, DSP-5, DSP-7)."""

from typing import Annotated

from fastapi import APIRouter, Path

from aftersales.common.deeds import DONE_NOW, DeedForm
from aftersales.dispatch.orders.domain.order import NUMBER, WorkOrder
from aftersales.dispatch.orders.store import Rules
from aftersales.engine import PROBLEMS, RequestContext

from . import handlers
from .domain import MoveAppointment, NotReached, PauseWork, ResumeWork, TakeUnit

router = APIRouter(responses=PROBLEMS)
ChangedOrderNumber = Annotated[str, Path(pattern=NUMBER)]
"""The number of a work order, such as `WO-261122-7K3F`."""


@router.post("/orders/{number}/move")
async def rebook_visit(number: ChangedOrderNumber, form: MoveAppointment, context: RequestContext) -> WorkOrder:
    """Agree on another time for the visit; at the customer's wish all promises move along (DSP-5, DSP-8)."""
    rules = Rules(context.catalogue, context.settings.figures)
    return await context.do(handlers.rebook_visit, number, form, rules)


@router.post("/orders/{number}/pause")
async def pause_work(number: ChangedOrderNumber, form: PauseWork, context: RequestContext) -> WorkOrder:
    """Wait for the customer or an approval, have a meal, or interrupt the work; clocks that allow it stop (ALL-3)."""
    return await context.do(handlers.pause_work, number, form)


@router.post("/orders/{number}/resume")
async def resume_work(number: ChangedOrderNumber, form: ResumeWork, context: RequestContext) -> WorkOrder:
    """Go on with the work."""
    return await context.do(handlers.resume_work, number, form)


@router.post("/orders/{number}/not-reached")
async def report_not_reached(number: ChangedOrderNumber, form: NotReached, context: RequestContext) -> WorkOrder:
    """Report that the customer was not reached, so that somebody tries again by the next day (DSP-5)."""
    return await context.do(handlers.report_not_reached, number, form)


@router.post("/orders/{number}/take-unit")
async def take_unit(number: ChangedOrderNumber, form: TakeUnit, context: RequestContext) -> WorkOrder:
    """Take the product to the workshop, with the time at which the customer has it back (DSP-9)."""
    return await context.do(handlers.take_unit, number, form, Rules(context.catalogue, context.settings.figures))


@router.post("/orders/{number}/return-unit")
async def return_unit(number: ChangedOrderNumber, context: RequestContext, form: DeedForm = DONE_NOW) -> WorkOrder:
    """Bring the product back (DSP-9)."""
    return await context.do(handlers.return_unit, number, form, Rules(context.catalogue, context.settings.figures))
