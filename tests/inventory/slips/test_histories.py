"""Random histories of one part in one branch: receipts, slips, needs, repairs and cancellations in any mix."""

from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test

from aftersales.inventory.slips import domain as allotment
from aftersales.inventory.slips import domain as slip
from aftersales.inventory.slips.domain import Change, IssueSlip, SlipLine
from aftersales.inventory.stock import domain as stock
from aftersales.inventory.stock.domain import Entry, Receipt, StockItem

NOW = datetime(2026, 11, 23, tzinfo=UTC)
PART = "COMP-1"
PILES = ("received", "reserved", "used")


class Store(RuleBasedStateMachine):
    """Does with the rules what the handlers do, and compares stock, slips and ledger after each step."""

    def __init__(self) -> None:
        super().__init__()
        self.item = stock.empty_stock("SH01", PART)
        self.slips: dict[str, IssueSlip] = {}
        self.ledger: Counter[tuple[str, str]] = Counter()
        self.lots = 0

    def allot(self, item: StockItem, one: IssueSlip) -> Change:
        return allotment.allot_part(item, one)

    def finish(self, item: StockItem, one: IssueSlip, used: int) -> Change:
        return allotment.finish_part(item, one, used)

    def serve(self, item: StockItem, queue: list[IssueSlip]) -> tuple[StockItem, tuple[Change, ...]]:
        return allotment.serve_queue(item, queue)

    def _take(self, change: Change) -> None:
        self.item, one, entries = change
        self.slips[one.id] = one
        for kind, line in entries:
            self.ledger[kind, line.lot] += line.quantity

    def _serve(self) -> None:
        item, changes = self.serve(self.item, [self.slips[number] for number in self.item.waiting])
        for change in changes:
            self._take(change)
        self.item = item

    def _open(self) -> list[IssueSlip]:
        return [one for one in self.slips.values() if one.state not in slip.ENDED]

    @rule(quantity=st.integers(1, 5), days_ago=st.integers(0, 30), again=st.booleans())
    def receive(self, quantity: int, days_ago: int, again: bool) -> None:
        self.lots += not (again and self.lots)
        lot = f"L{self.lots}"
        at = NOW - timedelta(days=days_ago)
        form = Receipt(branch="SH01", part=PART, lot=lot, bin="W1", quantity=quantity, received_at=at)
        self.item, _ = stock.receive_lot(self.item, form, NOW)
        self.ledger["received", lot] += quantity
        self._serve()

    @rule(wanted=st.integers(1, 4))
    def assign(self, wanted: int) -> None:
        request = f"SR-261123-{len(self.slips):04d}"
        about = {"order": "WO" + request[2:], "request": request, "visit": 1, "branch": "SH01"}
        lines = (SlipLine(part=PART, wanted=wanted),)
        one = IssueSlip(id=slip.slip_id(request, 1), lines=lines, **about)
        self._take(self.allot(self.item, one))

    @precondition(lambda self: self._open())
    @rule(data=st.data(), quantity=st.integers(1, 3))
    def need(self, data: st.DataObject, quantity: int) -> None:
        one = data.draw(st.sampled_from(self._open()))
        self._take(self.allot(self.item, slip.request_part(one, PART, quantity)))

    @precondition(lambda self: self._open())
    @rule(data=st.data(), used=st.integers(0, 5))
    def end(self, data: st.DataObject, used: int) -> None:
        one = data.draw(st.sampled_from(self._open()))
        change = self.finish(self.item, one, used)
        self._take(change._replace(slip=change.slip.but(state="used" if used else "cancelled")))
        self._serve()

    @invariant()
    def every_piece_of_a_lot_is_free_reserved_or_used(self) -> None:
        for lot in self.item.lots:
            assert min(lot.free, lot.reserved, lot.used) >= 0
            assert lot.received == lot.free + lot.reserved + lot.used

    @invariant()
    def what_is_reserved_is_on_a_slip_and_what_is_on_a_slip_is_reserved(self) -> None:
        on_slips: Counter[str] = Counter()
        for one in self.slips.values():
            for pick in one.line(PART).reserved:
                on_slips[pick.lot] += pick.quantity
        assert on_slips == Counter({lot.lot: lot.reserved for lot in self.item.lots})

    @invariant()
    def what_was_used_is_on_a_slip_inv_14(self) -> None:
        on_slips: Counter[str] = Counter()
        for one in self.slips.values():
            for line in one.used:
                on_slips[line.lot] += line.quantity
        assert on_slips == Counter({lot.lot: lot.used for lot in self.item.lots})

    @invariant()
    def the_ledger_tells_the_stock_inv_14(self) -> None:
        for lot in self.item.lots:
            came, held, freed, used = (self.ledger[k, lot.lot] for k in ("received", "reserved", "released", "used"))
            assert (lot.received, lot.reserved, lot.used) == (came, held - freed - used, used)

    @invariant()
    def nobody_waits_while_something_is_free_inv_13(self) -> None:
        lacking = {one.id for one in self._open() if one.missing}
        assert set(self.item.waiting) == lacking
        assert len(self.item.waiting) == len(lacking)
        assert not (lacking and self.item.free)


class ForgetsToRelease(Store):
    def finish(self, item: StockItem, one: IssueSlip, used: int) -> Change:
        change = super().finish(item, one, used)
        kept = [entry for entry in change.entries if entry.kind == "released"]
        lots = stock.reserve_stock(change.item, stock.total_quantity(_picks(kept)))[0].lots
        return change._replace(item=change.item.but(lots=lots))


class WritesNoLedger(Store):
    def allot(self, item: StockItem, one: IssueSlip) -> Change:
        return super().allot(item, one)._replace(entries=())


class ServesNobody(Store):
    def serve(self, item: StockItem, queue: list[IssueSlip]) -> tuple[StockItem, tuple[Change, ...]]:
        return item, tuple(queue[:0])  # type: ignore[arg-type]


class PromisesTwice(Store):
    def allot(self, item: StockItem, one: IssueSlip) -> Change:
        return super().allot(item, one)._replace(item=item)


class ForgetsWhoWaited(Store):
    def finish(self, item: StockItem, one: IssueSlip, used: int) -> Change:
        change = super().finish(item, one, used)
        return change._replace(item=change.item.but(waiting=item.waiting))


def _picks(entries: list[Entry]) -> list[stock.Pick]:
    return [stock.Pick(lot=line.lot, bin=line.bin, quantity=line.quantity) for _, line in entries]


PROFILE = settings(max_examples=60, stateful_step_count=30, deadline=None)
UNSHRUNK = settings(PROFILE, phases=[Phase.generate], database=None)


def test_stock_slips_and_ledger_agree_after_any_history() -> None:
    run_state_machine_as_test(Store, settings=PROFILE)


@pytest.mark.parametrize("broken", [ForgetsToRelease, WritesNoLedger, ServesNobody, PromisesTwice, ForgetsWhoWaited])
def test_a_broken_variant_is_found_out(broken: type[Store]) -> None:
    with pytest.raises(AssertionError):
        run_state_machine_as_test(broken, settings=UNSHRUNK)
