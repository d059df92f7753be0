"""Stock and the ledger, with their indexes."""

from datetime import datetime
from typing import Any

from aftersales.engine import Aggregate, Index, Retained, UnitOfWork

from .domain import Movement, StockItem, empty_stock, stock_id

INDEXES: dict[type[Aggregate], tuple[Index, ...]] = {
    StockItem: (Index("branch", "-_id"), Index("part", "-_id")),
    Movement: (Index("part", "-_id"), Index("order", "-_id")),
}


def _movements(before: datetime) -> dict[str, Any]:
    return {"at": {"$lt": before}}


RETAINED = (Retained(Movement, _movements),)


async def stock_of(work: UnitOfWork, branch: str, part: str) -> StockItem:
    """Return the stock of a part in a branch; empty if nothing was ever received."""
    return await work.get(StockItem, stock_id(branch, part)) or empty_stock(branch, part)
