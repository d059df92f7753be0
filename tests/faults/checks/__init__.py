"""Invariants as pure functions of the evidence: each yields what contradicts it."""

from faults.checks import agreement, audit, commands, deadlines, events, probes, requests, stock
from faults.checks.finding import Check, Finding
from faults.evidence import Evidence

INVARIANTS: dict[str, Check] = {
    "each accepted request has exactly one work order": requests.one_order_each,
    "each accepted command has its effect once": commands.applied_once,
    "each event was applied once or is parked with a reason": events.applied_once_or_parked,
    "what was handled is not parked": events.handled_is_not_parked,
    "delivered once more, no event changes anything": events.repeat_changes_nothing,
    "what was committed was published, and nothing else": events.published_as_committed,
    "stock on hand + reserved + used = received, never negative": stock.balances,
    "each reservation ends once": stock.reservations_end_once,
    "each deadline is met, breached, waived or open exactly once": deadlines.one_outcome_each,
    "Prometheus equals the database": deadlines.prometheus_equals_database,
    "the audit chain verifies": audit.chain_verifies,
    "the audit tells every change of every document": audit.tells_every_change,
    "a probe is red while the line stands still, and green soon after": probes.tell_in_time,
    "the services agree on what happened": agreement.services_agree,
}


def check(evidence: Evidence) -> dict[str, list[Finding]]:
    """Hold the evidence against every invariant; those that stand have no findings."""
    return {name: list(invariant(evidence)) for name, invariant in INVARIANTS.items()}


__all__ = ["INVARIANTS", "Finding", "check"]
