"""Stock of one part in one branch, by lot: received units are free, reserved or used, and nothing else.

Every change goes through `_checked`: a lot whose sum is wrong is a bug, not a refusal.

The ledger (INV-14) has every unit that was received, reserved, released or used; entries are only added. For each lot:
received = free + reserved + used, reserved = entries reserved - released - used.
"""

from collections import Counter
from collections.abc import Iterable
from datetime import datetime
from typing import ClassVar, Literal, NamedTuple

from aftersales.common.aggregate import Aggregate
from aftersales.common.events.inventory import ReservedLine, StockReceived
from aftersales.values import Code, Moment, Quantity, Value

Pile = Literal["free", "reserved", "used"]
Kind = Literal["received", "reserved", "released", "used"]


class Receipt(Value):
    """Goods received; they are added to the lot of this name in this bin, if there is one."""

    branch: Code
    """The code of the branch that received the goods."""
    part: Code
    """The code of the part."""
    lot: Code
    """The code of the lot; the oldest lot is issued first."""
    bin: Code
    """INV-2: the place in the store."""
    quantity: Quantity
    """The number of pieces."""
    received_at: Moment | None = None
    """Time of receipt; None means now."""


class Pick(Value):
    """A number of units of one lot, from one bin."""

    lot: str
    bin: str
    quantity: int

    def of(self, part: str) -> ReservedLine:
        return ReservedLine(part=part, lot=self.lot, bin=self.bin, quantity=self.quantity)


Picks = tuple[Pick, ...]


class Lot(Value):
    lot: str
    """The code of the lot."""
    bin: str
    """The place in the store."""
    received_at: datetime
    """The time of receipt."""
    received: int
    """Pieces received."""
    free: int
    """Pieces that can be reserved."""
    reserved: int = 0
    """Pieces that are set aside for a visit."""
    used: int = 0
    """Pieces that were used."""

    @property
    def age(self) -> tuple[datetime, str, str]:
        """Sort key for first in, first out (INV-3)."""
        return self.received_at, self.lot, self.bin


class StockItem(Aggregate):
    COLLECTION: ClassVar[str] = "stock"

    part: str
    """The code of the part."""
    lots: tuple[Lot, ...] = ()
    """Lots, oldest first."""
    waiting: tuple[str, ...] = ()
    """Slips that lack this part, oldest first. While one waits, free stock is theirs, and `wake_at` is set.

    They take about 30 bytes each: 3 000 take 90 kB, and the 16 MB of a document are enough for 500 000 in one branch.
    """

    @property
    def free(self) -> int:
        return sum(lot.free for lot in self.lots)


class Entry(NamedTuple):
    """A line for the ledger."""

    kind: Kind
    line: ReservedLine


class Movement(Aggregate):
    COLLECTION: ClassVar[str] = "movements"

    kind: Kind
    part: str
    lot: str
    bin: str
    quantity: int
    at: datetime
    order: str | None = None
    request: str | None = None
    serial: str | None = None
    """Serial number of the product that was repaired."""
    technician: str | None = None


def stock_id(branch: str, part: str) -> str:
    return f"{branch}:{part}"


def empty_stock(branch: str, part: str) -> StockItem:
    return StockItem(id=stock_id(branch, part), branch=branch, part=part)


def total_quantity(picks: Iterable[Pick]) -> int:
    return sum(pick.quantity for pick in picks)


def receive_lot(item: StockItem, form: Receipt, now: datetime) -> tuple[StockItem, tuple[StockReceived, ...]]:
    """Receive goods. A lot that arrives in parts has the age of its first part (INV-3)."""
    at = form.received_at or now
    known = next((lot for lot in item.lots if (lot.lot, lot.bin) == (form.lot, form.bin)), None)
    old = known or Lot(lot=form.lot, bin=form.bin, received_at=at, received=0, free=0)
    more = {"received": old.received + form.quantity, "free": old.free + form.quantity}
    lot = old.model_copy(update={**more, "received_at": min(old.received_at, at)})
    others = (other for other in item.lots if other is not known)
    lots = tuple(sorted((*others, lot), key=lambda lot: lot.age))
    event = StockReceived(branch=item.branch, part=item.part, lot=lot.lot, quantity=form.quantity, at=now)
    return _checked(item.but(lots=lots)), (event,)


def reserve_stock(item: StockItem, quantity: int) -> tuple[StockItem, Picks]:
    """Reserve as much of `quantity` as is free, oldest lot first (INV-3)."""
    picks: list[Pick] = []
    for lot in item.lots:
        if take := min(lot.free, quantity - total_quantity(picks)):
            picks.append(Pick(lot=lot.lot, bin=lot.bin, quantity=take))
    return _shifted(item, picks, "free", "reserved"), tuple(picks)


def release_stock(item: StockItem, picks: Iterable[Pick]) -> StockItem:
    return _shifted(item, picks, "reserved", "free")


def use_stock(item: StockItem, picks: Iterable[Pick]) -> StockItem:
    """Record reserved stock as used."""
    return _shifted(item, picks, "reserved", "used")


def _shifted(item: StockItem, picks: Iterable[Pick], source: Pile, target: Pile) -> StockItem:
    amounts: Counter[tuple[str, str]] = Counter()
    for pick in picks:
        amounts[pick.lot, pick.bin] += pick.quantity
    lots = []
    for lot in item.lots:
        amount = amounts.pop((lot.lot, lot.bin), 0)
        lots.append(_moved(lot, amount, source, target) if amount else lot)
    if amounts:
        raise AssertionError("stock.lot_missing", item.id, dict(amounts))
    return _checked(item.but(lots=tuple(lots)))


def _moved(lot: Lot, amount: int, source: Pile, target: Pile) -> Lot:
    return lot.model_copy(update={source: getattr(lot, source) - amount, target: getattr(lot, target) + amount})


def _checked(item: StockItem) -> StockItem:
    for lot in item.lots:
        piles = (lot.free, lot.reserved, lot.used)
        if min(piles) < 0 or sum(piles) != lot.received:
            raise AssertionError("stock.unbalanced", item.id, lot)
    return item
