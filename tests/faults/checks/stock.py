"""Stock, ledger and slips: three accounts of the same pieces."""

from collections import Counter
from collections.abc import Iterable, Iterator

from faults.checks.finding import Finding
from faults.evidence import Books, Document, Evidence

Pile = tuple[str, str, str, str]
"""Branch, part, lot, bin."""
_ENDED = ("used", "cancelled")


def balances(evidence: Evidence) -> Iterator[Finding]:
    books = evidence.books.get("inventory", Books())
    moved = _moved(books.all("movements"))
    piles: set[Pile] = set()
    for item in books.all("stock"):
        for lot in item["lots"]:
            pile = (item["branch"], item["part"], lot["lot"], lot["bin"])
            piles.add(pile)
            yield from _lot(pile, lot, moved)
    for (kind, pile), quantity in moved.items():
        if quantity and pile not in piles:
            yield Finding("wrong", f"the ledger knows {quantity} {kind} of {pile}, the stock does not")
    yield from _reserved_and_used(evidence)
    yield from _received(evidence)


def _lot(pile: Pile, lot: Document, moved: Counter[tuple[str, Pile]]) -> Iterator[Finding]:
    """Hold one lot against itself and against the ledger."""
    free, reserved, used, received = (lot[name] for name in ("free", "reserved", "used", "received"))
    if min(free, reserved, used, received) < 0:
        yield Finding("wrong", f"{pile} is negative: {free} free, {reserved} reserved, {used} used")
    if free + reserved + used != received:
        yield Finding("wrong", f"{pile}: {free} free + {reserved} reserved + {used} used is not {received} received")
    if moved["received", pile] != received or moved["used", pile] != used:
        yield Finding("wrong", f"{pile}: the ledger has {moved['received', pile]} received, {moved['used', pile]} used")
    if moved["reserved", pile] - moved["released", pile] - moved["used", pile] != reserved:
        yield Finding("wrong", f"{pile}: the ledger does not come to {reserved} reserved")


def _moved(movements: Iterable[Document]) -> Counter[tuple[str, Pile]]:
    sums: Counter[tuple[str, Pile]] = Counter()
    for move in movements:
        sums[move["kind"], (move["branch"], move["part"], move["lot"], move["bin"])] += move["quantity"]
    return sums


def _reserved_and_used(evidence: Evidence) -> Iterator[Finding]:
    """What the slips hold and have used is what the lots say."""
    books = evidence.books.get("inventory", Books())
    slips: Counter[tuple[str, Pile]] = Counter()
    for slip in books.all("slips"):
        for line in slip["lines"]:
            for pick in line["reserved"]:
                slips["reserved", (slip["branch"], line["part"], pick["lot"], pick["bin"])] += pick["quantity"]
        for line in slip["used"]:
            slips["used", (slip["branch"], line["part"], line["lot"], line["bin"])] += line["quantity"]
    lots: Counter[tuple[str, Pile]] = Counter()
    for item in books.all("stock"):
        for lot in item["lots"]:
            pile = (item["branch"], item["part"], lot["lot"], lot["bin"])
            lots["reserved", pile], lots["used", pile] = lot["reserved"], lot["used"]
    for key in {*slips, *lots}:
        if slips[key] != lots[key]:
            yield Finding("wrong", f"{key[1]}: {lots[key]} {key[0]} by the stock, {slips[key]} by the slips")


def _received(evidence: Evidence) -> Iterator[Finding]:
    """What was accepted came in; nothing came in that was not sent."""
    least: Counter[tuple[str, str]] = Counter()
    most: Counter[tuple[str, str]] = Counter()
    for command in evidence.ledger.commands.values():
        if command.path == "/receipts":
            key = (command.body["branch"], command.body["part"])
            most[key] += command.body["quantity"] if command.accepted or command.status is None else 0
            least[key] += command.body["quantity"] if command.accepted else 0
    came: Counter[tuple[str, str]] = Counter()
    for item in evidence.books.get("inventory", Books()).all("stock"):
        came[item["branch"], item["part"]] = sum(lot["received"] for lot in item["lots"])
    for key in {*came, *most}:
        if came[key] < least[key]:
            yield Finding("lost", f"{least[key]} of {key} were taken in, {came[key]} are in the books")
        if came[key] > most[key]:
            yield Finding("double", f"{most[key]} of {key} were sent in, {came[key]} are in the books")


def reservations_end_once(evidence: Evidence) -> Iterator[Finding]:
    """A slip that ended holds nothing, and ended once; what it had set aside was used or released, no more."""
    books = evidence.books.get("inventory", Books())
    held: Counter[tuple[str, Pile]] = Counter()
    for slip in books.all("slips"):
        picks = [(line["part"], pick) for line in slip["lines"] for pick in line["reserved"]]
        if slip["state"] in _ENDED and picks:
            yield Finding("lost", f"slip {slip['_id']} is {slip['state']} and still holds {len(picks)} reservations")
        for part, pick in picks:
            held[slip["order"], (slip["branch"], part, pick["lot"], pick["bin"])] += pick["quantity"]
    begun, ended = _by_order(books.all("movements"))
    for key in {*begun, *ended, *held}:
        if begun[key] - ended[key] != held[key]:
            what = f"order {key[0]}, {key[1]}: {begun[key]} set aside, {ended[key]} ended, {held[key]} still held"
            yield Finding("double" if begun[key] - ended[key] < held[key] else "lost", what)
    yield from _ended_events(evidence)


def _by_order(movements: Iterable[Document]) -> tuple[Counter[tuple[str, Pile]], Counter[tuple[str, Pile]]]:
    """Pieces set aside, and pieces used or released, by order and lot."""
    begun: Counter[tuple[str, Pile]] = Counter()
    ended: Counter[tuple[str, Pile]] = Counter()
    for move in movements:
        if move["kind"] != "received":
            pile = (move["branch"], move["part"], move["lot"], move["bin"])
            (begun if move["kind"] == "reserved" else ended)[move["order"], pile] += move["quantity"]
    return begun, ended


def _ended_events(evidence: Evidence) -> Iterator[Finding]:
    """No slip says twice that its parts were used, or that they were released."""
    said: Counter[tuple[str, str]] = Counter()
    for event in evidence.events.values():
        if event["type"] in ("inventory.part_used.v1", "inventory.reservation_released.v1"):
            said[event["data"]["slip"], event["type"]] += 1
    for (slip, type), times in said.items():
        if times > 1:
            yield Finding("double", f"slip {slip} said {times} times {type}")
