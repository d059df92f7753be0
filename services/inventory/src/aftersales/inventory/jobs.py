"""Timers: stock for which many slips wait, parts whose words became known, and prices to be published."""

from functools import partial

from aftersales.common.catalogues import CatalogueCopy, correct_words
from aftersales.engine import PolicyCatalogue, Timer, wake_with

from .parts import handlers as parts
from .parts.domain import Part, PriceAnnouncement
from .slips import handlers as slips
from .stock.domain import StockItem


def build_timers(catalogue: PolicyCatalogue) -> tuple[Timer, ...]:
    correct = partial(parts.correct_uses, catalogue=catalogue)
    return (
        wake_with(CatalogueCopy, partial(correct_words, kind=Part, correct=correct)),
        wake_with(PriceAnnouncement, parts.announce_prices),
        wake_with(StockItem, slips.wake_stock),
    )
