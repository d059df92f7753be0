"""HTTP in: technicians report their steps."""

from typing import Annotated

from fastapi import APIRouter, Path

from aftersales.dispatch.orders.domain.order import NUMBER, WorkOrder
from aftersales.dispatch.orders.domain.report import ServiceReport
from aftersales.dispatch.orders.store import Rules
from aftersales.engine import PROBLEMS, Desk

from . import handlers
from .domain import Decline, Diagnose, NeedPart

router = APIRouter(responses=PROBLEMS)
Number = Annotated[str, Path(pattern=NUMBER)]


@router.post("/orders/{number}/accept")
async def accept(number: Number, desk: Desk) -> WorkOrder:
    return await desk.do(handlers.accept, number)


@router.post("/orders/{number}/decline")
async def decline(number: Number, form: Decline, desk: Desk) -> WorkOrder:
    """Say no; somebody else is looked for at once."""
    return await desk.do(handlers.decline, number, form, _rules(desk))


@router.post("/orders/{number}/depart")
async def depart(number: Number, desk: Desk) -> WorkOrder:
    return await desk.do(handlers.depart, number)


@router.post("/orders/{number}/arrive")
async def arrive(number: Number, desk: Desk) -> WorkOrder:
    return await desk.do(handlers.arrive, number, _rules(desk))


@router.post("/orders/{number}/diagnose")
async def diagnose(number: Number, form: Diagnose, desk: Desk) -> WorkOrder:
    return await desk.do(handlers.diagnose, number, form)


@router.post("/orders/{number}/need-part")
async def need_part(number: Number, form: NeedPart, desk: Desk) -> WorkOrder:
    """Name a part that the fault did not (INV-13)."""
    return await desk.do(handlers.need_part, number, form)


@router.post("/orders/{number}/complete")
async def complete(number: Number, report: ServiceReport, desk: Desk) -> WorkOrder:
    """Close the visit with the service report (DSP-10)."""
    return await desk.do(handlers.complete, number, report, _rules(desk))


def _rules(desk: Desk) -> Rules:
    return Rules(desk.library, desk.settings.figures)
