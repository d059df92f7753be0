"""Time in: stock with a long line of slips to be served."""

from aftersales.common.timers import Timer, wakes
from aftersales.inventory import handlers
from aftersales.inventory.domain.stock import StockItem


def timers() -> tuple[Timer, ...]:
    return (wakes(StockItem, handlers.wake_stock),)
