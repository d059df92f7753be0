"""What a slip says, and what becomes of its parts (INV-3, INV-13, INV-14)."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from aftersales.common.events.inventory import PartReserved, PartShort, PartUsed, ReservationReleased
from aftersales.common.terms import Terms
from aftersales.inventory.parts import domain as parts
from aftersales.inventory.parts.domain import KnownUses, RegisterPart
from aftersales.inventory.slips import domain as slips
from aftersales.inventory.slips.domain import IssueSlip, allot_part, finish_part, serve_queue
from aftersales.inventory.stock.domain import StockItem

Goods = Callable[..., StockItem]
Slips = Callable[..., IssueSlip]
Stories = Callable[..., Any]


def test_a_slip_wants_what_the_job_takes(story: Stories, now: datetime) -> None:
    form = RegisterPart(name="seal", faults=("no-cooling",), lines=("refrigerator",), quantity_per_job=4)
    part = parts.register_part(None, "SEAL-1", form, KnownUses(Terms(()), Terms(())), now)
    slip = slips.open_slip(story().assigned(), [part])
    assert slip.id == "IS-261123-0001-1"
    assert [(line.part, line.wanted, line.missing) for line in slip.lines] == [("SEAL-1", 4, 4)]


def test_all_parts_are_set_aside_with_lot_and_bin_inv_2(goods: Goods, slip: Slips, now: datetime) -> None:
    item, filled, entries = allot_part(goods(("A", 1), ("B", 3)), slip(2))
    filled, (event,) = slips.settle_slip(filled, now)
    assert (filled.state, item.waiting, item.free) == ("reserved", (), 2)
    assert isinstance(event, PartReserved)
    assert [tuple(line.model_dump().values()) for line in event.lines] == [
        ("COMP-1", "A", "W1-01", 1),
        ("COMP-1", "B", "W1-01", 1),
    ]
    assert [(entry.kind, entry.line.lot, entry.line.quantity) for entry in entries] == [
        ("reserved", "A", 1),
        ("reserved", "B", 1),
    ]


def test_what_is_there_stays_reserved_and_the_rest_is_waited_for_inv_13(
    goods: Goods, slip: Slips, now: datetime
) -> None:
    item, short, _ = allot_part(goods(("A", 1)), slip(3))
    short, (event,) = slips.settle_slip(short, now)
    assert (short.state, item.waiting, item.free) == ("short", (short.id,), 0)
    assert isinstance(event, PartShort)
    assert [(line.part, line.quantity) for line in event.missing] == [("COMP-1", 2)]


def test_a_job_that_takes_no_parts_is_ready_at_once(story: Stories, now: datetime) -> None:
    slip, (event,) = slips.settle_slip(slips.open_slip(story().assigned(), []), now)
    assert slip.state == "reserved"
    assert isinstance(event, PartReserved)
    assert event.lines == ()


def test_the_events_of_a_slip_carry_the_version_its_change_gives_it(slip: Slips, now: datetime) -> None:
    _, (event,) = slips.settle_slip(slip().but(version=6), now)
    assert isinstance(event, PartShort)
    assert event.slip_version == 7


def test_who_waits_longest_is_served_first_and_a_slip_that_still_lacks_something_goes_on_waiting_inv_13(
    goods: Goods, slip: Slips, now: datetime
) -> None:
    first, second, third = slip(2, 1), slip(2, 2), slip(1, 3)
    item = goods().but(waiting=(first.id, second.id, third.id))
    item, changes = serve_queue(item.but(lots=goods(("A", 3)).lots), [first, second, third])
    assert item.waiting == (second.id, third.id)
    assert [(change.slip.id, change.slip.missing and change.slip.missing[0].quantity) for change in changes] == [
        (first.id, ()),
        (second.id, 1),
    ]
    assert [len(slips.fill_slip(change.slip, now)[1]) for change in changes] == [1, 0]


def test_what_is_free_while_others_wait_longer_is_theirs_inv_13(goods: Goods, slip: Slips) -> None:
    """A long line is served in steps, and nobody overtakes it in between."""
    first, second, third = slip(number=1), slip(number=2), slip(number=3)
    item = goods(("A", 3)).but(waiting=(first.id, second.id))
    item, third, entries = allot_part(item, third)
    assert (item.free, third.line("COMP-1").missing, entries) == (3, 1, ())
    assert item.waiting == (first.id, second.id, third.id)
    item, second, _ = allot_part(item, second)
    assert (item.free, item.waiting) == (3, (first.id, second.id, third.id))
    item, first, _ = allot_part(item, first)
    assert (item.free, item.waiting) == (2, (second.id, third.id))


def test_another_part_is_added_to_the_slip_inv_13(slip: Slips) -> None:
    more = slips.request_part(slips.request_part(slip(1), "FAN-1", 2), "COMP-1", 1)
    assert [(line.part, line.wanted) for line in more.lines] == [("COMP-1", 2), ("FAN-1", 2)]


def test_what_was_set_aside_is_used_first_and_the_rest_released_inv_14(
    goods: Goods, slip: Slips, story: Stories, now: datetime
) -> None:
    item, filled, _ = allot_part(goods(("A", 1), ("B", 3)), slip(3))
    item, done, entries = finish_part(item, filled, 2)
    released = tuple(entry.line for entry in entries if entry.kind == "released")
    done, (used, freed) = slips.close_slip(done, story().completed(), released, now)
    assert (done.state, item.free, [lot.used for lot in item.lots]) == ("used", 2, [1, 1])
    assert isinstance(used, PartUsed)
    assert (used.technician, [(line.lot, line.quantity) for line in used.lines]) == ("T1", [("A", 1), ("B", 1)])
    assert isinstance(freed, ReservationReleased)
    assert (freed.reason, [(line.lot, line.quantity) for line in freed.lines]) == ("repair_completed", [("B", 1)])


def test_what_was_not_set_aside_is_taken_from_what_is_free(goods: Goods, slip: Slips) -> None:
    item, filled, _ = allot_part(goods(("A", 1), ("B", 3)), slip(1))
    item, done, entries = finish_part(item, filled, 3)
    assert [(entry.kind, entry.line.lot, entry.line.quantity) for entry in entries] == [
        ("reserved", "B", 2),
        ("used", "A", 1),
        ("used", "B", 2),
    ]
    assert (item.free, done.discrepancies) == (1, ())


def test_what_the_books_do_not_have_was_used_all_the_same(goods: Goods, slip: Slips) -> None:
    item, short, _ = allot_part(goods(("A", 1)), slip(2))
    item, done, _ = finish_part(item, short, 5)
    assert [(line.part, line.quantity) for line in done.discrepancies] == [("COMP-1", 4)]
    assert (item.lots[0].used, item.waiting) == (1, ())


def test_a_part_that_has_no_stock_at_all_leaves_no_empty_stock_behind(goods: Goods, slip: Slips) -> None:
    nothing = goods()
    assert finish_part(nothing, slip(1, part="FAN-1"), 2).item == nothing


def test_a_cancelled_slip_gives_everything_back(goods: Goods, slip: Slips, now: datetime) -> None:
    item, short, _ = allot_part(goods(("A", 1)), slip(2))
    item, free, entries = finish_part(item, short, 0)
    free, (event,) = slips.cancel_slip(free, tuple(entry.line for entry in entries), now)
    assert (free.state, item.free, item.waiting) == ("cancelled", 1, ())
    assert isinstance(event, ReservationReleased)
    assert event.reason == "order_cancelled"


def test_a_slip_that_ends_with_nothing_in_hand_says_nothing(slip: Slips, story: Stories, now: datetime) -> None:
    assert slips.cancel_slip(slip(), (), now)[1] == ()
    assert slips.close_slip(slip(), story().completed(), (), now)[1] == ()
