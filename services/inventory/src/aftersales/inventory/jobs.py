"""Time in: stock with a long line of slips to be served."""

from aftersales.engine import Timer, wakes

from .slips import handlers as slips
from .stock.domain import StockItem


def timers() -> tuple[Timer, ...]:
    return (wakes(StockItem, slips.wake_stock),)
