"""Lots: what came in is free, reserved or used (INV-2, INV-3)."""

from collections.abc import Callable
from datetime import datetime, timedelta
from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from aftersales.inventory.stock import domain as stock
from aftersales.inventory.stock.domain import Pick, Receipt, StockItem

Goods = Callable[..., StockItem]


def _receipt(lot: str, quantity: int, at: datetime, bin: str = "W1-01") -> Receipt:
    return Receipt(branch="SH01", part="COMP-1", lot=lot, bin=bin, quantity=quantity, received_at=at)


def test_the_oldest_lot_goes_first_inv_3(goods: Goods) -> None:
    item, picks = stock.reserve_stock(goods(("OLD", 2), ("NEW", 5)), 4)
    assert [(pick.lot, pick.bin, pick.quantity) for pick in picks] == [("OLD", "W1-01", 2), ("NEW", "W1-01", 2)]
    assert [(lot.lot, lot.free, lot.reserved) for lot in item.lots] == [("OLD", 0, 2), ("NEW", 3, 2)]


def test_an_older_lot_that_is_entered_later_still_goes_first_inv_3(goods: Goods, now: datetime) -> None:
    item, _ = stock.receive_lot(goods(("NEW", 1)), _receipt("OLD", 1, now - timedelta(days=90)), now)
    assert stock.reserve_stock(item, 1)[1][0].lot == "OLD"


def test_no_more_is_reserved_than_is_free(goods: Goods) -> None:
    item, picks = stock.reserve_stock(goods(("A", 2)), 5)
    assert (stock.total_quantity(picks), item.free) == (2, 0)
    assert stock.reserve_stock(item, 1)[1] == ()
    assert stock.reserve_stock(stock.empty_stock("SH01", "COMP-1"), 1)[1] == ()


def test_receipts_in_any_order_make_the_same_stock(now: datetime) -> None:
    """A lot that comes in parts has the age of its first part; in another bin it lies apart."""
    early, late = now - timedelta(days=9), now - timedelta(days=1)
    receipts = (_receipt("A", 2, early), _receipt("A", 3, late), _receipt("A", 1, late, "W1-02"), _receipt("B", 4, now))
    ends = set()
    for order in permutations(receipts):
        item = stock.empty_stock("SH01", "COMP-1")
        for receipt in order:
            item, (event,) = stock.receive_lot(item, receipt, now)
            assert event.quantity == receipt.quantity
        ends.add(item)
    assert [(lot.lot, lot.bin, lot.received, lot.received_at) for lot in ends.pop().lots] == [
        ("A", "W1-01", 5, early),
        ("A", "W1-02", 1, late),
        ("B", "W1-01", 4, now),
    ]
    assert not ends


def test_goods_are_received_now_unless_the_receipt_says_when(now: datetime) -> None:
    form = Receipt(branch="SH01", part="COMP-1", lot="A", bin="W1-01", quantity=1)
    item, _ = stock.receive_lot(stock.empty_stock("SH01", "COMP-1"), form, now)
    assert item.lots[0].received_at == now


@pytest.mark.parametrize("quantity", [0, -1, 1_000_001, 1.5, "x"])
def test_a_receipt_of_no_real_quantity_is_malformed_inv_18(quantity: object) -> None:
    form = {"branch": "SH01", "part": "COMP-1", "lot": "A", "bin": "W1-01", "quantity": 1}
    Receipt.model_validate(form)
    with pytest.raises(ValidationError):
        Receipt.model_validate(form | {"quantity": quantity})


@given(
    lots=st.lists(st.integers(1, 20), max_size=4),
    wishes=st.lists(st.tuples(st.integers(0, 20), st.sampled_from(["use", "release", "keep"])), max_size=12),
)
def test_every_piece_is_free_reserved_or_used_whatever_happens(lots: list[int], wishes: list[tuple[int, str]]) -> None:
    when = datetime.fromisoformat("2026-01-01T00:00:00Z")
    item = stock.empty_stock("SH01", "COMP-1")
    for number, quantity in enumerate(lots):
        item, _ = stock.receive_lot(item, _receipt(f"L{number}", quantity, when + timedelta(days=number)), when)
    used = kept = 0
    for quantity, fate in wishes:
        free = item.free
        item, picks = stock.reserve_stock(item, quantity)
        assert stock.total_quantity(picks) == min(quantity, free)
        if fate == "use":
            item, used = stock.use_stock(item, picks), used + stock.total_quantity(picks)
        elif fate == "release":
            item = stock.release_stock(item, picks)
        else:
            kept += stock.total_quantity(picks)
    assert sum(lot.used for lot in item.lots) == used
    assert sum(lot.reserved for lot in item.lots) == kept
    assert item.free == sum(lots) - used - kept


@pytest.mark.parametrize(
    "broken",
    [
        lambda item: stock.release_stock(item, (Pick(lot="A", bin="W1-01", quantity=1),)),
        lambda item: stock.use_stock(item, (Pick(lot="A", bin="W1-01", quantity=1),)),
        lambda item: stock.use_stock(stock.reserve_stock(item, 1)[0], (Pick(lot="A", bin="W1-01", quantity=2),)),
        lambda item: stock.release_stock(item, (Pick(lot="Z", bin="W1-01", quantity=1),)),
        lambda item: stock.reserve_stock(item.but(lots=(item.lots[0].model_copy(update={"free": 9}),)), 1),
    ],
    ids=[
        "release what is not reserved",
        "use what is not reserved",
        "use twice",
        "a lot that is not there",
        "cooked books",
    ],
)
def test_a_broken_rule_is_stopped_by_the_books(goods: Goods, broken: Callable[[StockItem], object]) -> None:
    """The broken variants of the rules above: none of them gets past the check."""
    with pytest.raises(AssertionError, match=r"stock\."):
        broken(goods(("A", 3)))
