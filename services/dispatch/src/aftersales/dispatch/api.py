"""HTTP in: dispatchers look after technicians and orders, technicians report their steps."""

from typing import Annotated

from fastapi import APIRouter, Path

from aftersales.common.service import PROBLEMS, Cursor, Desk, Limit, Page
from aftersales.common.values import Code
from aftersales.dispatch import handlers
from aftersales.dispatch.domain.order import State, WorkOrder
from aftersales.dispatch.domain.report import ServiceReport
from aftersales.dispatch.domain.technician import RegisterTechnician, Technician
from aftersales.dispatch.domain.visit import Decline, Diagnose, NeedPart
from aftersales.dispatch.handlers import Rules

router = APIRouter(responses=PROBLEMS)
TechnicianCode = Annotated[Code, Path()]
Number = Annotated[str, Path(pattern=r"^WO-[0-9]{6}-[0-9A-HJKMNP-TV-Z]{4}$")]


@router.put("/technicians/{code}")
async def register_technician(code: TechnicianCode, form: RegisterTechnician, desk: Desk) -> Technician:
    """Enter a technician or change the particulars; the orders they have stay theirs (DSP-1)."""
    return await desk.do(handlers.register_technician, code, form, needs=((Technician, code),))


@router.get("/technicians")
async def list_technicians(
    desk: Desk, branch: Code | None = None, cursor: Cursor = None, limit: Limit = 50
) -> Page[Technician]:
    return await desk.page(Technician, {"branch": branch}, cursor, limit)


@router.get("/technicians/{code}")
async def show_technician(code: TechnicianCode, desk: Desk) -> Technician:
    return await desk.read(Technician, code)


@router.get("/orders")
async def list_orders(  # noqa: PLR0913, PLR0917 (three filters and the page)
    desk: Desk,
    branch: Code | None = None,
    state: State | None = None,
    technician: Code | None = None,
    cursor: Cursor = None,
    limit: Limit = 50,
) -> Page[WorkOrder]:
    where = {"branch": branch, "state": state, "technician": technician}
    return await desk.page(WorkOrder, where, cursor, limit)


@router.get("/orders/{number}")
async def show_order(number: Number, desk: Desk) -> WorkOrder:
    return await desk.read(WorkOrder, number)


@router.post("/orders/{number}/accept")
async def accept(number: Number, desk: Desk) -> WorkOrder:
    return await desk.do(handlers.accept, number, needs=((WorkOrder, number),))


@router.post("/orders/{number}/decline")
async def decline(number: Number, form: Decline, desk: Desk) -> WorkOrder:
    """Say no; somebody else is looked for at once."""
    return await desk.do(handlers.decline, number, form, _rules(desk), needs=((WorkOrder, number),))


@router.post("/orders/{number}/depart")
async def depart(number: Number, desk: Desk) -> WorkOrder:
    return await desk.do(handlers.depart, number, needs=((WorkOrder, number),))


@router.post("/orders/{number}/arrive")
async def arrive(number: Number, desk: Desk) -> WorkOrder:
    return await desk.do(handlers.arrive, number, _rules(desk), needs=((WorkOrder, number),))


@router.post("/orders/{number}/diagnose")
async def diagnose(number: Number, form: Diagnose, desk: Desk) -> WorkOrder:
    return await desk.do(handlers.diagnose, number, form, needs=((WorkOrder, number),))


@router.post("/orders/{number}/need-part")
async def need_part(number: Number, form: NeedPart, desk: Desk) -> WorkOrder:
    """Name a part that the fault did not (INV-13)."""
    return await desk.do(handlers.need_part, number, form, needs=((WorkOrder, number),))


@router.post("/orders/{number}/complete")
async def complete(number: Number, report: ServiceReport, desk: Desk) -> WorkOrder:
    """Close the visit with the service report (DSP-10)."""
    return await desk.do(handlers.complete, number, report, _rules(desk), needs=((WorkOrder, number),))


def _rules(desk: Desk) -> Rules:
    return Rules(desk.library, desk.settings.figures)
