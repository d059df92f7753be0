"""Each check of the demo holds for sound books, and fails for books that are cooked in just that place."""

import copy
from datetime import UTC, datetime

import pytest
from deploy.demo.books import COLLECTIONS, Books
from deploy.demo.checks import house_checks
from deploy.demo.told import LISTS, Told

AT = datetime(2026, 11, 23, 1, 0, tzinfo=UTC)
REQUEST, ORDER, SLIP, FOLLOWUP = "SR-261123-AAAA", "WO-261123-AAAA", "IS-261123-AAAA-1", "FU-261123-AAAA-1"
MARKS = {"attitude": 5, "skill": 4, "punctuality": 5, "result": 4}
LOT = {"lot": "L-1", "bin": "A-01", "received": 5, "free": 4, "reserved": 0, "used": 1}


def clock(stage, outcome="met"):
    return {"stage": stage, "outcome": outcome}


def tally(stage, outcome="met", amount=1.0):
    labels = {"stage": stage, "outcome": outcome, "branch": "sh-01"}
    return {"name": "sla_deadlines", "labels": labels, "amount": amount}


def movement(kind, quantity):
    return {"kind": kind, "branch": "sh-01", "part": "R-01", "lot": "L-1", "bin": "A-01", "quantity": quantity}


@pytest.fixture
def rows():
    """One request that went well, as all four databases hold it."""
    rows = {(service, name): [] for service, names in COLLECTIONS.items() for name in names}
    rows["intake", "requests"] = [{"_id": REQUEST, "state": "closed", "visit": 1, "registered_at": AT, "clocks": []}]
    rows["intake", "parked"] = [{"reason": "branch.unknown", "last_at": AT}]
    order = {"_id": ORDER, "request": REQUEST, "state": "completed", "technician": "T-1"}
    rows["dispatch", "orders"] = [order | {"clocks": [clock("dispatch"), clock("arrival", "breached")]}]
    rows["dispatch", "technicians"] = [{"_id": "T-1", "open_orders": []}]
    rows["dispatch", "tallies"] = [tally("dispatch"), tally("arrival", "breached")]
    rows["inventory", "stock"] = [{"branch": "sh-01", "part": "R-01", "lots": [dict(LOT)]}]
    rows["inventory", "slips"] = [{"_id": SLIP, "request": REQUEST, "state": "used", "lines": [{"reserved": []}]}]
    rows["inventory", "movements"] = [movement("received", 5), movement("reserved", 1), movement("used", 1)]
    followup = {"_id": FOLLOWUP, "request": REQUEST, "visit": 1, "state": "done", "clocks": [clock("callback")]}
    rows["feedback", "followups"] = [followup]
    rows["feedback", "surveys"] = [{"request": REQUEST, "answers": MARKS}]
    rows["feedback", "tallies"] = [tally("callback")]
    return rows


@pytest.fixture
def told():
    """What services that hold these rows say."""
    kpis = {"requests": 1, "resolved": 1, "cancelled": 0, "first_visit_fix_rate": 1.0, "callback_coverage": 1.0}
    kpis |= {"response_seconds": {"p50": 300}, "resolution_seconds": {"p50": 4000}}
    states = dict(zip(LISTS, ({"closed": 1}, {"completed": 1}, {"used": 1}, {"done": 1}), strict=True))
    return Told(
        states=states,
        deadlines={("dispatch", "met"): 1, ("arrival", "breached"): 1, ("callback", "met"): 1},
        dead=[{"reason": "branch.unknown"}],
        kpis=kpis | {"satisfaction": {"mean_mark": 4.5}},
        since=AT,
    )


def failing(told, rows):
    return [check.promise for check in house_checks(told, Books(rows)) if not check.holds]


def test_sound_books_pass_every_check(told, rows):
    assert failing(told, rows) == []


BROKEN = {
    "a request changed without its list": (("intake", "requests", 0, "state"), "resolved", "requests by state"),
    "an order in another state": (("dispatch", "orders", 0, "state"), "cancelled", "orders by state"),
    "a slip in another state": (("inventory", "slips", 0, "state"), "short", "slips by state"),
    "a callback in another state": (("feedback", "followups", 0, "state"), "due", "followups by state"),
    "a promise in another outcome": (("dispatch", "orders", 0, "clocks", 0, "outcome"), "breached", "on /metrics"),
    "a tally that counted twice": (("feedback", "tallies", 0, "amount"), 2.0, "SLA tallies"),
    "a dead letter nobody lists": (("inventory", "parked"), [{"reason": "Bug"}], "dead letters"),
    "a mark that the KPIs missed": (("feedback", "surveys", 0, "answers", "skill"), 1, "KPIs"),
    "no work order": (("dispatch", "orders"), [], "exactly one work order"),
    "a load that was not taken off": (("dispatch", "technicians", 0, "open_orders"), [ORDER], "loads"),
    "a callback for another visit": (("feedback", "followups", 0, "visit"), 2, "visits with a used"),
    "an event that was not sent": (("intake", "outbox"), [{}], "outbox"),
    "a lot that lost a piece": (("inventory", "stock", 0, "lots", 0, "free"), 3, "free + reserved + used"),
    "a ledger without the receipt": (("inventory", "movements", 0, "quantity"), 4, "shelf and ledger"),
    "a slip that kept a piece": (("inventory", "slips", 0, "lines", 0, "reserved"), [{"quantity": 1}], "set aside"),
}


@pytest.mark.parametrize("case", BROKEN)
def test_cooked_books_fail_the_check_that_watches_them(told, rows, case):
    (service, collection, *way), value, promise = BROKEN[case]
    cooked = copy.deepcopy(rows)
    place = cooked[service, collection] if way else cooked
    for step in way[:-1]:
        place = place[step]
    place[way[-1] if way else (service, collection)] = value
    assert any(promise in name for name in failing(told, cooked))


@pytest.mark.parametrize(("response", "resolution"), [(0, 4000), (300, 2), (None, None), (3600, 4000)])
def test_times_of_a_day_that_was_worked_in_a_minute_fail(told, rows, response, resolution):
    told.kpis["response_seconds"]["p50"], told.kpis["resolution_seconds"]["p50"] = response, resolution
    assert any("median response" in name for name in failing(told, rows))


def test_a_breach_that_was_taken_back_is_counted_twice_on_metrics(told, rows):
    """ADR 18: no counter falls."""
    rows["dispatch", "orders"][0]["clocks"][0]["taken_back"] = [{"mark": "80%"}, {"mark": "breach"}]
    assert any("on /metrics" in name or "SLA" in name for name in failing(told, rows))
    told.deadlines.update({("dispatch", "breached"): 1, ("dispatch", "withdrawn"): 1})
    rows["dispatch", "tallies"] += [tally("dispatch", "breached"), tally("dispatch", "withdrawn")]
    assert failing(told, rows) == []


def test_a_lot_below_nothing_fails_although_its_sum_is_right(told, rows):
    rows["inventory", "stock"][0]["lots"][0] |= {"free": 5, "reserved": -1}
    assert any("free + reserved + used" in name for name in failing(told, rows))
