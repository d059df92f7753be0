"""HTTP: store keepers receive goods."""

from fastapi import APIRouter

from aftersales.engine import PROBLEMS, RequestContext
from aftersales.inventory.stock.domain import Receipt, StockItem

from . import handlers

router = APIRouter(responses=PROBLEMS)


@router.post("/receipts", status_code=201)
async def receive(form: Receipt, context: RequestContext) -> StockItem:
    """Receive goods; slips that wait for them are filled, oldest first."""
    return await context.do(handlers.receive_goods, form)
