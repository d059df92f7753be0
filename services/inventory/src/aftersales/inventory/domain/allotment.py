"""Slips and stock together: who gets what is there, and what becomes of it (INV-3, INV-13, INV-14)."""

from collections.abc import Iterable
from typing import NamedTuple

from aftersales.common.events.inventory import MissingLine
from aftersales.inventory.domain import stock
from aftersales.inventory.domain.movement import Entry, Kind
from aftersales.inventory.domain.slip import IssueSlip
from aftersales.inventory.domain.stock import Pick, Picks, StockItem, total


class Change(NamedTuple):
    """One part's stock and one slip after a decision, and what the ledger has to say about it."""

    item: StockItem
    slip: IssueSlip
    entries: tuple[Entry, ...]


def allot(item: StockItem, slip: IssueSlip) -> Change:
    """Set aside for the slip what it lacks of this part; while something is missing, it waits in line.

    Only the first in line is given anything (INV-13): what is free for the moment may be about to be served.
    """
    line = slip.line(item.part)
    is_first = not item.waiting or item.waiting[0] == slip.id
    item, picks = stock.reserve(item, line.missing if is_first else 0)
    line = line.model_copy(update={"reserved": (*line.reserved, *picks)})
    waiting = item.waiting
    if not line.missing:
        waiting = _without(waiting, slip.id)
    elif slip.id not in waiting:
        waiting = (*waiting, slip.id)
    return Change(item.but(waiting=waiting), slip.with_line(line), _entries("reserved", item.part, picks))


def serve(item: StockItem, queue: Iterable[IssueSlip]) -> tuple[StockItem, tuple[Change, ...]]:
    """Give what is free to the slips that wait for it, oldest first (INV-13)."""
    changes: list[Change] = []
    for slip in queue:
        if not item.free:
            break
        changes.append(allot(item, slip))
        item = changes[-1].item
    return item, tuple(changes)


def finish(item: StockItem, slip: IssueSlip, quantity: int) -> Change:
    """Book `quantity` of this part as used, first what was set aside for the slip, then what is free.

    The rest is released. What is not in the books was used all the same: it is noted on the slip.
    """
    line = slip.line(item.part)
    used, rest = _split(line.reserved, quantity)
    item, extra = stock.reserve(item, quantity - total(used))
    taken = used + extra
    item = stock.release(stock.use(item, taken), rest)
    if line.reserved:
        slip = slip.with_line(line.model_copy(update={"reserved": ()}))
    if lacking := quantity - total(taken):
        slip = slip.but(discrepancies=(*slip.discrepancies, MissingLine(part=item.part, quantity=lacking)))
    slip = slip.but(used=(*slip.used, *(pick.of(item.part) for pick in taken)))
    entries = _entries("reserved", item.part, extra) + _entries("used", item.part, taken)
    entries += _entries("released", item.part, rest)
    return Change(item.but(waiting=_without(item.waiting, slip.id)), slip, entries)


def _split(picks: Picks, quantity: int) -> tuple[Picks, Picks]:
    """Divide picks into the first `quantity` pieces and the rest."""
    first: list[Pick] = []
    rest: list[Pick] = []
    for pick in picks:
        take = min(pick.quantity, quantity - total(first))
        for part, amount in ((first, take), (rest, pick.quantity - take)):
            if amount:
                part.append(pick.model_copy(update={"quantity": amount}))
    return tuple(first), tuple(rest)


def _without(waiting: tuple[str, ...], slip: str) -> tuple[str, ...]:
    return tuple(other for other in waiting if other != slip)


def _entries(kind: Kind, part: str, picks: Picks) -> tuple[Entry, ...]:
    return tuple(Entry(kind, pick.of(part)) for pick in picks)
