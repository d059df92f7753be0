"""What must hold after any day: what the services tell, and what one has written, held against the databases."""

import os
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from deploy.demo.books import Books
from deploy.demo.offices import Document
from deploy.demo.told import LATE_ENTRY, Told
from deploy.local.place import SERVICES

from aftersales.common.mongo import Mongo
from aftersales.common.work import audit
from aftersales.values import sibling_number

_QUESTIONS = ("attitude", "skill", "punctuality", "result")


class Check(NamedTuple):
    """A promise, what it says, and what the databases hold."""

    promise: str
    wanted: Any
    found: Any

    @property
    def holds(self) -> bool:
        return bool(self.wanted == self.found)


def house_checks(told: Told, books: Books) -> Iterator[Check]:
    yield from _services(told, books)
    yield Check(
        "median response: minutes; median resolution: half an hour or more",
        (True, True),
        _times(told.kpis),
    )
    yield from _network(books)
    yield from _stock(books)


async def audit_check(mongo_url: str) -> Check:
    """Recompute the hash chains of all services' audit trails (ALL-5)."""
    changes = 0
    broken: dict[str, int] = {}
    for service in SERVICES:
        mongo = Mongo(mongo_url, service)
        verdict = await audit.verify_chains(mongo, audit.Keys(os.environ.get("AFTERSALES_AUDIT_KEY", "")))
        await mongo.close()
        changes += verdict.changes
        broken |= {f"{service}/{writer}": seq for writer, seq in verdict.broken.items()}
    return Check(f"breaks in the audit trail's hash chains ({changes} changes)", {}, broken)


def _services(told: Told, books: Books) -> Iterator[Check]:
    """Hold what the services say of themselves against their documents."""
    for (service, collection), states in told.states.items():
        found = Counter(row["state"] for row in books.of(service, collection))
        yield Check(f"{collection} by state, as {service} lists them", states, dict(found))
    yield Check("SLA counters on /metrics = promises on the documents", told.deadlines, books.ended())
    yield Check("SLA tallies in the databases = promises on the documents", books.tallied(), books.ended())
    parked = dict(Counter(row["reason"] for row in books.every("parked")))
    yield Check("dead letters by reason, as /dead lists them", told.dead_reasons, parked)
    found_kpis = _kpis(told, books)
    yield Check("KPIs of the last day = the same from the documents", _same_kpis(told.kpis), found_kpis)


def _same_kpis(kpis: Document) -> dict[str, float | None]:
    flat = kpis | kpis["satisfaction"]
    names = ("requests", "resolved", "cancelled", "mean_mark", "first_visit_fix_rate", "callback_coverage")
    return {name: flat[name] if flat[name] is None else round(flat[name], 6) for name in names}


def _kpis(told: Told, books: Books) -> dict[str, float | None]:
    begin = told.since - LATE_ENTRY
    requests = {row["_id"]: row for row in books.of("intake", "requests") if row["registered_at"] >= begin}
    states = Counter(row["state"] for row in requests.values())
    calls = [row for row in books.of("feedback", "followups") if row["request"] in requests]
    answers = [row["answers"] for row in books.of("feedback", "surveys") if row["request"] in requests]
    marks = [sum(each[question] for question in _QUESTIONS) / len(_QUESTIONS) for each in answers if each]
    repaired = {row["request"] for row in calls}
    at_first = {number for number in repaired if requests[number]["visit"] == 1}
    return {
        "requests": len(requests),
        "resolved": states["resolved"] + states["closed"],
        "cancelled": states["cancelled"],
        "mean_mark": _rate(sum(marks), len(marks)),
        "first_visit_fix_rate": _rate(len(at_first), len(repaired)),
        "callback_coverage": _rate(sum(1 for row in calls if row["state"] == "done"), len(calls)),
    }


def _rate(part: float, whole: int) -> float | None:
    return round(part / whole, 6) if whole else None


def _times(kpis: Document) -> tuple[bool, bool]:
    """Hold the times against those of a working day: the day is entered in a minute, but was not worked in one."""
    response, resolution = kpis["response_seconds"]["p50"] or 0, kpis["resolution_seconds"]["p50"] or 0
    return 60 <= response < 1800, 1800 <= resolution < 4 * 3600


def _network(books: Books) -> Iterator[Check]:
    """Hold the services' documents against each other."""
    requests = Counter(row["_id"] for row in books.of("intake", "requests"))
    orders = Counter(row["request"] for row in books.of("dispatch", "orders"))
    yield Check("requests without exactly one work order", {}, _differences(requests, orders))
    sent = {row["_id"]: row["technician"] for row in books.of("dispatch", "orders") if _is_open(row)}
    load = {order: row["_id"] for row in books.of("dispatch", "technicians") for order in row["open_orders"]}
    yield Check("technicians' loads = the open orders they were sent to", load, sent)
    called = {f"{sibling_number(row['request'], 'IS')}-{row['visit']}" for row in books.of("feedback", "followups")}
    used = {row["_id"] for row in books.of("inventory", "slips") if row["state"] == "used"}
    yield Check("visits with a used issue slip = visits with a callback", used, called)
    yield Check("events still in an outbox", 0, sum(1 for _ in books.every("outbox")))


def _is_open(order: Document) -> bool:
    return order["technician"] is not None and order["state"] not in {"completed", "cancelled"}


def _stock(books: Books) -> Iterator[Check]:
    """Hold shelves, ledger and slips against each other (INV-14)."""
    lots = {
        (item["branch"], item["part"], lot["lot"], lot["bin"]): lot
        for item in books.of("inventory", "stock")
        for lot in item["lots"]
    }
    wrong = [key for key, lot in lots.items() if not _balances(lot)]
    yield Check("lots where received = free + reserved + used fails", [], wrong)
    shelves = {(key, pile): lot[pile] for key, lot in lots.items() for pile in ("received", "reserved", "used")}
    yield Check("lots where shelf and ledger differ", {}, _differences(shelves, _ledger(books)))
    on_slips = sum(
        pick["quantity"]
        for slip in books.of("inventory", "slips")
        for line in slip["lines"]
        for pick in line["reserved"]
    )
    yield Check("pieces set aside on shelves = on issue slips", sum(lot["reserved"] for lot in lots.values()), on_slips)


def _balances(lot: Document) -> bool:
    piles = (lot["free"], lot["reserved"], lot["used"])
    return min(piles) >= 0 and bool(sum(piles) == lot["received"])


def _ledger(books: Books) -> Counter[Any]:
    """Sum the movements: what is reserved is what was reserved and neither released nor used."""
    sums: Counter[Any] = Counter()
    for row in books.of("inventory", "movements"):
        key = (row["branch"], row["part"], row["lot"], row["bin"])
        if row["kind"] == "released":
            sums[key, "reserved"] -= row["quantity"]
            continue
        sums[key, row["kind"]] += row["quantity"]
        if row["kind"] == "used":
            sums[key, "reserved"] -= row["quantity"]
    return sums


def _differences(one: Mapping[Any, int], other: Mapping[Any, int]) -> dict[Any, tuple[int, int]]:
    return {key: (one.get(key, 0), other.get(key, 0)) for key in {*one, *other} if one.get(key, 0) != other.get(key, 0)}
