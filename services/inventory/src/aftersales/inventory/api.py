"""HTTP in: store keepers look after parts and stock; slips and the ledger are read."""

from typing import Annotated

from fastapi import APIRouter, Path

from aftersales.common.service import PROBLEMS, Cursor, Desk, Limit, Page
from aftersales.common.values import Code
from aftersales.inventory import handlers
from aftersales.inventory.domain.movement import Movement
from aftersales.inventory.domain.part import Part, RegisterPart
from aftersales.inventory.domain.slip import IssueSlip, State
from aftersales.inventory.domain.stock import Receipt, StockItem, stock_id

router = APIRouter(responses=PROBLEMS)
PartCode = Annotated[Code, Path()]
SlipNumber = Annotated[str, Path(pattern=r"^IS-[0-9]{6}-[0-9A-HJKMNP-TV-Z]{4}-[1-9][0-9]{0,3}$")]


@router.put("/parts/{code}")
async def register_part(code: PartCode, form: RegisterPart, desk: Desk) -> Part:
    return await desk.do(handlers.register_part, code, form, needs=((Part, code),))


@router.get("/parts")
async def list_parts(desk: Desk, cursor: Cursor = None, limit: Limit = 50) -> Page[Part]:
    return await desk.page(Part, {}, cursor, limit)


@router.get("/parts/{code}")
async def show_part(code: PartCode, desk: Desk) -> Part:
    return await desk.read(Part, code)


@router.post("/receipts", status_code=201)
async def receive(form: Receipt, desk: Desk) -> StockItem:
    """Take goods in; slips that wait for them are filled, oldest first."""
    needs = ((StockItem, stock_id(form.branch, form.part)), (Part, form.part))
    return await desk.do(handlers.receive, form, needs=needs)


@router.get("/stock")
async def list_stock(
    desk: Desk, branch: Code | None = None, part: Code | None = None, cursor: Cursor = None, limit: Limit = 50
) -> Page[StockItem]:
    return await desk.page(StockItem, {"branch": branch, "part": part}, cursor, limit)


@router.get("/slips")
async def list_slips(
    desk: Desk, branch: Code | None = None, state: State | None = None, cursor: Cursor = None, limit: Limit = 50
) -> Page[IssueSlip]:
    return await desk.page(IssueSlip, {"branch": branch, "state": state}, cursor, limit)


@router.get("/slips/{number}")
async def show_slip(number: SlipNumber, desk: Desk) -> IssueSlip:
    return await desk.read(IssueSlip, number)


@router.get("/movements")
async def list_movements(
    desk: Desk, part: Code | None = None, order: Code | None = None, cursor: Cursor = None, limit: Limit = 50
) -> Page[Movement]:
    return await desk.page(Movement, {"part": part, "order": order}, cursor, limit)
