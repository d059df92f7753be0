"""Requests and work orders, one to one."""

from collections import defaultdict
from collections.abc import Iterator

from faults.checks.finding import Finding
from faults.evidence import Evidence


def one_order_each(evidence: Evidence) -> Iterator[Finding]:
    yield from _one_request_each(evidence)
    orders: dict[str, list[str]] = defaultdict(list)
    for order in evidence.books["dispatch"].all("orders"):
        orders[order["request"]].append(order["_id"])
    requests = evidence.books["intake"].documents.get("requests", {})
    for number in requests:
        found = orders.pop(number, [])
        if not found:
            yield Finding("lost", f"request {number} has no work order")
        if len(found) > 1:
            yield Finding("double", f"request {number} has the work orders {', '.join(sorted(found))}")
    for number, found in orders.items():
        yield Finding("wrong", f"work order {', '.join(found)} is for the request {number}, which nobody registered")


def _one_request_each(evidence: Evidence) -> Iterator[Finding]:
    """Whatever was sent in, however often, is there once; what was accepted is there."""
    by_serial: dict[str, list[str]] = defaultdict(list)
    for request in evidence.books["intake"].all("requests"):
        by_serial[request["product"]["serial"]].append(request["_id"])
    for attempt in evidence.ledger.attempts.values():
        found = by_serial.pop(attempt.serial, [])
        if attempt.accepted and (not found or (attempt.number and attempt.number not in found)):
            yield Finding("lost", f"{attempt.serial} was accepted as {attempt.number} and is not registered")
        if len(found) > 1:
            yield Finding("double", f"{attempt.serial} was registered as {', '.join(sorted(found))}")
    for serial, found in by_serial.items():
        yield Finding("wrong", f"request {', '.join(found)} is about {serial}, which nobody sent in")
