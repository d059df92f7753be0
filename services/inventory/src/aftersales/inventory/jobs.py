"""Time in: stock with a long line of slips to be served."""

from aftersales.engine import Timer, wake_with

from .slips import handlers as slips
from .stock.domain import StockItem


def build_timers() -> tuple[Timer, ...]:
    return (wake_with(StockItem, slips.wake_stock),)
