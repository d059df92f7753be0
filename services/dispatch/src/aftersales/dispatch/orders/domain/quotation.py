"""Whether charged work may be finished, by intake's events on coverage and accepted quotations (INT-6, DSP-17). Pure.

The two come in any order; the newest decision holds, and the highest accepted amount.
"""

from aftersales.common.events.intake import CoverageDecided, QuotationAccepted
from aftersales.values.errors import DomainError

from .order import Quotation, WorkOrder


def record_coverage(order: WorkOrder, event: CoverageDecided) -> WorkOrder:
    """Record the decision on coverage, unless a newer one is known."""
    if order.covered_at and event.decided_at < order.covered_at:
        return order
    needed: Quotation = "accepted" if order.quoted else "needed"
    return order.but(
        covered_at=event.decided_at,
        price_list_first=event.price_list_first,
        surcharges=event.surcharges,
        quotation=needed if event.quotation_first else "none",
    )


def record_acceptance(order: WorkOrder, event: QuotationAccepted) -> WorkOrder:
    """Record the amount that the customer accepted, unless a higher one is known."""
    if order.quoted and event.amount.amount <= order.quoted.amount:
        return order
    return order.but(quoted=event.amount, quotation="none" if order.quotation == "none" else "accepted")


def must_not_be_missing(order: WorkOrder) -> None:
    """Raise `DomainError` while a needed quotation is not accepted: such work may not be finished, only called off."""
    if order.quotation == "needed":
        raise DomainError("order.quotation_not_accepted", order=order.id)
