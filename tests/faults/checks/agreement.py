"""What the four services hold of the same request fits together, and fits what was published."""

from collections import Counter, defaultdict
from collections.abc import Iterator

from faults.checks.finding import Finding
from faults.evidence import Document, Evidence

from aftersales.common.events import REGISTRY
from aftersales.feedback.timelines.domain import MILESTONES, fact_of
from aftersales.values import sibling_number

_ENDED = ("completed", "cancelled")


def services_agree(evidence: Evidence) -> Iterator[Finding]:
    yield from _requests_and_orders(evidence)
    yield from _technicians(evidence)
    if "inventory" in evidence.books:
        yield from _slips(evidence)
    if "feedback" in evidence.books:
        yield from _followups(evidence)
        yield from _timelines(evidence)
    yield from _warranty_cards(evidence)


def _requests_and_orders(evidence: Evidence) -> Iterator[Finding]:
    orders = evidence.books["dispatch"].documents.get("orders", {})
    for number, request in evidence.books["intake"].documents.get("requests", {}).items():
        order = orders.get(sibling_number(number, "WO"))
        if order is not None and not _fits(request, order):
            is_ = f"request {number} is {request['state']} at visit {request['visit']}"
            yield Finding("wrong", f"{is_}, its order {order['state']} at visit {order['visit']}")


def _fits(request: Document, order: Document) -> bool:
    if request["state"] == "cancelled":
        return order["state"] == "cancelled" or order["called_off"] is not None
    done = request["state"] in ("resolved", "closed")
    return (
        request["visit"] == order["visit"] and order["state"] != "cancelled" and done is (order["state"] == "completed")
    )


def _technicians(evidence: Evidence) -> Iterator[Finding]:
    """Each technician's load is the orders that name them and have not ended."""
    books = evidence.books["dispatch"]
    loads: dict[str, set[str]] = defaultdict(set)
    for order in books.all("orders"):
        if order["technician"] and order["state"] not in _ENDED:
            loads[order["technician"]].add(order["_id"])
    for someone in books.all("technicians"):
        if sorted(someone["open_orders"]) != sorted(loads[someone["_id"]]):
            wanted = sorted(loads[someone["_id"]])
            yield Finding("wrong", f"{someone['_id']} carries {someone['open_orders']}, the orders say {wanted}")


def _visits(evidence: Evidence, type: str) -> dict[str, tuple[str, int]]:
    """Requests and visits that events of this type tell of, as the tail of a number: `-261122-7K3F-1`."""
    said = (event["data"] for event in evidence.events.values() if event["type"] == type)
    return {f"{data['request'][2:]}-{data['visit']}": (data["request"], data["visit"]) for data in said}


def _slips(evidence: Evidence) -> Iterator[Finding]:
    """Each visit that somebody was sent to has a slip; each visit that ended has an ended one."""
    slips = {id[2:]: slip for id, slip in evidence.books["inventory"].documents.get("slips", {}).items()}
    for visit in _visits(evidence, "dispatch.technician_assigned.v1"):
        if visit not in slips:
            yield Finding("lost", f"somebody was sent to {visit}, and there is no slip IS{visit}")
    ended = _visits(evidence, "dispatch.repair_completed.v1") | _visits(evidence, "dispatch.order_cancelled.v1")
    for visit, slip in slips.items():
        if (slip["state"] in ("used", "cancelled")) is not (visit in ended):
            yield Finding(
                "wrong", f"slip IS{visit} is {slip['state']}, its visit {'ended' if visit in ended else 'goes on'}"
            )


def _followups(evidence: Evidence) -> Iterator[Finding]:
    """Each completed visit has one callback."""
    there = {id[2:] for id in evidence.books["feedback"].documents.get("followups", {})}
    completed = set(_visits(evidence, "dispatch.repair_completed.v1"))
    for visit in completed - there:
        yield Finding("lost", f"visit {visit} was completed and nobody is to call")
    for visit in there - completed:
        yield Finding("wrong", f"callback FU{visit} is for a visit that was not completed")


def _timelines(evidence: Evidence) -> Iterator[Finding]:
    """Each timeline holds the milestones that were published, no more and no fewer."""
    told: dict[str, set[tuple[str, int]]] = defaultdict(set)
    for event in evidence.events.values():
        kind = REGISTRY.get(event["type"])
        if kind in MILESTONES:
            fact = fact_of(kind.model_validate(event["data"]))
            told[event["data"]["request"]].add((fact.milestone, fact.visit))
    timelines = evidence.books["feedback"].documents.get("timelines", {})
    for number in {*told, *timelines}:
        facts = Counter((f["milestone"], f["visit"]) for f in timelines.get(number, {"facts": ()})["facts"])
        if set(facts) != told[number]:
            yield Finding("wrong", f"the timeline of {number} and the journal differ in {set(facts) ^ told[number]}")
        if again := [key for key, times in facts.items() if times > 1]:
            yield Finding("double", f"the timeline of {number} has {again} twice")


def _warranty_cards(evidence: Evidence) -> Iterator[Finding]:
    """Each repair is on its product's card once."""
    cards = Counter(
        (product["_id"], entry["request"], entry["visit"])
        for product in evidence.books["intake"].all("products")
        for entry in product["warranty_card"]
    )
    repairs = {
        (event["data"]["product"]["serial"], event["data"]["request"], event["data"]["visit"])
        for event in evidence.events.values()
        if event["type"] == "dispatch.repair_completed.v1"
    }
    for key in {*cards, *repairs}:
        if cards[key] != (key in repairs):
            what = f"repair {key} is on the warranty card {cards[key]} times"
            yield Finding("double" if cards[key] > 1 else "wrong" if cards[key] else "lost", what)
