"""Timers: stock for which many slips wait."""

from aftersales.engine import Timer, wake_with

from .slips import handlers as slips
from .stock.domain import StockItem


def build_timers() -> tuple[Timer, ...]:
    return (wake_with(StockItem, slips.wake_stock),)
