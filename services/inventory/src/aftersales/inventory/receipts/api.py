"""HTTP in: store keepers take goods in."""

from fastapi import APIRouter

from aftersales.engine import PROBLEMS, Desk
from aftersales.inventory.parts.domain import Part
from aftersales.inventory.stock.domain import Receipt, StockItem, stock_id

from . import handlers

router = APIRouter(responses=PROBLEMS)


@router.post("/receipts", status_code=201)
async def receive(form: Receipt, desk: Desk) -> StockItem:
    """Take goods in; slips that wait for them are filled, oldest first."""
    needs = ((StockItem, stock_id(form.branch, form.part)), (Part, form.part))
    return await desk.do(handlers.receive, form, needs=needs)
