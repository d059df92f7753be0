"""HTTP: store keepers receive goods, singly or from a sheet (`aftersales import stock`)."""

from fastapi import APIRouter

from aftersales.common.http.batches import A_YEAR, Batch, BatchOutcome, Import, take_batch
from aftersales.engine import PROBLEMS, Call, RequestContext, prepare_call
from aftersales.inventory.stock.domain import Receipt, StockItem

from . import handlers

router = APIRouter(responses=PROBLEMS)


@router.post("/receipts", status_code=201)
async def receive(form: Receipt, context: RequestContext) -> StockItem:
    """Receive goods; slips that wait for them are filled, oldest first."""
    return await context.do(handlers.receive_goods, form)


@router.post("/imports/receipts")
async def import_receipts(batch: Batch, context: RequestContext) -> BatchOutcome:
    """Receive goods from a sheet; each form is as in `POST /receipts`."""

    def job(form: Receipt) -> Call[StockItem]:
        return prepare_call(handlers.receive_goods, form)

    return await take_batch(context, batch, Import(Receipt, job, A_YEAR))
