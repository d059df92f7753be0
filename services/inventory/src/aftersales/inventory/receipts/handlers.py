"""Use cases of store keepers for goods received."""

from aftersales.common.events.inventory import ReservedLine
from aftersales.engine import DomainError, UnitOfWork, use_case
from aftersales.inventory.parts.domain import Part
from aftersales.inventory.slips.handlers import serve_waiting
from aftersales.inventory.stock import domain as stock
from aftersales.inventory.stock.domain import Entry, Receipt, StockItem, stock_id
from aftersales.inventory.stock.handlers import record_movements
from aftersales.inventory.stock.store import stock_of


@use_case(about=lambda form: (StockItem, stock_id(form.branch, form.part)), preload=lambda form: ((Part, form.part),))
async def receive_goods(work: UnitOfWork, form: Receipt) -> StockItem:
    """Receive goods (INV-1: an unknown code is refused) and reserve them for the slips that wait for them."""
    if not await work.get(Part, form.part):
        raise DomainError("part.unknown", part=form.part)
    item, events = stock.receive_lot(await stock_of(work, form.branch, form.part), form, work.now)
    line = ReservedLine(part=form.part, lot=form.lot, bin=form.bin, quantity=form.quantity)
    record_movements(work, form.branch, (Entry("received", line),))
    return work.put(await serve_waiting(work, item), *events)
