"""Requests that were finished in another system, as history: no clocks, no events, nobody is sent. Pure."""

from datetime import datetime
from typing import NamedTuple

from aftersales.common.fields import shared_fields
from aftersales.intake.archive.domain.card import CardEntry
from aftersales.policy.sla.stages import policy_id
from aftersales.values.errors import Malformed

from .form import VISITS, Elsewhere, ImportRequest
from .registration import Archive, Taken
from .request import Ground, RequestStep, ServiceRequest


class _Span(NamedTuple):
    registered_at: datetime
    closed_at: datetime


def record_past(number: str, form: ImportRequest, archive: Archive, taken: Taken, ground: Ground) -> ServiceRequest:
    """Create the closed or cancelled request. Raises `Malformed` if its dates are missing or impossible."""
    known = form.elsewhere or Elsewhere()
    span = _span(known, taken.at)
    customer = archive.customer
    state = "cancelled" if known.state == "cancelled" else "closed"
    decided = {
        "customer": customer.id,
        "caller": form.customer.name or customer.name,
        "product": archive.product.ref,
        "fault": form.fault_code,
        "unclear": taken.unclear,
        "priority": ground.policy.priority.rank(customer.known_as, form.urgency, danger=form.danger, raised=0),
        "owner": form.owner or "",
        "registered_at": span.registered_at,
        "policy": policy_id(ground.policy),
    }
    return ServiceRequest(
        id=number,
        address=form.customer.address or customer.address,
        importance_class=customer.known_as,
        member=customer.is_member(ground.branch.day_of(taken.at)),
        state=state,
        history=(
            RequestStep(state="registered", at=span.registered_at, by=taken.by, why=_IMPORTED),
            RequestStep(state=state, at=span.closed_at, by=taken.by, why=_IMPORTED),
        ),
        **shared_fields(form, ServiceRequest) | decided,
    )


def card_entry(request: ServiceRequest) -> CardEntry | None:
    """Return the past repair for the warranty card, so that a fault that comes back is a repeat (INT-9)."""
    if request.state != "closed" or VISITS.get(request.kind) != "repair":
        return None
    at = request.history[-1].at
    return CardEntry(request=request.id, visit=1, at=at, fault=request.fault, cause="", solution="", technician="")


def _span(known: Elsewhere, now: datetime) -> _Span:
    first, last = known.registered_at or known.closed_at, known.closed_at or known.registered_at
    if first is None or last is None:
        raise Malformed("request.past_undated")
    if not first <= last <= now:
        raise Malformed("request.past_dates_wrong", registered_at=first.isoformat(), closed_at=last.isoformat())
    return _Span(first, last)


_IMPORTED = "imported"
