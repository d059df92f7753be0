"""Charges: decided, decided again when more is known, and accepted (INT-6, DSP-17). Pure."""

from datetime import datetime
from typing import Annotated

from pydantic import AfterValidator

from aftersales.common.events.intake import QuotationAccepted
from aftersales.common.terms import Term
from aftersales.values import Code, Line, Moment, Money, Value
from aftersales.values.errors import DomainError

from .coverage import Coverage, CoverageCase, announce_coverage, compare_coverage, decide_coverage, surcharges_of
from .form import VISITS
from .registration import Taken, time_of
from .request import Acceptance, Ground, RequestDecision, ServiceRequest, must_be_unresolved


def _positive(price: Money) -> Money:
    if price.amount <= 0:
        raise ValueError("quotation.amount_not_positive")
    return price


class DecideCoverage(Value):
    """The cause of the fault, and the contract that covers it."""

    cause: Term
    """The cause, in any word of the catalogue."""
    contract: Code | None = None
    """By default the contract of the latest decision; null means that no contract covers the request."""


class AcceptQuotation(Value):
    amount: Annotated[Money, AfterValidator(_positive)]
    """The amount of the quotation."""
    accepted_by: Line
    """The name of the person who accepted."""
    evidence: Line
    """How we know, for example a signature, a message or a recorded call."""
    file: Code | None = None
    """The id of a stored scan, photo or recording."""
    at: Moment | None = None
    """The default is now."""


class Redecided(Value):
    """The change of one request's coverage by a proof or extension."""

    request: str
    before: Coverage | None
    after: Coverage
    """The new decision; `differs` names the components with another payer."""


def decide_charge(request: ServiceRequest, case: CoverageCase, ground: Ground, taken: Taken) -> RequestDecision:
    """Decide coverage again now that the cause is known. Nothing changes when the inputs are the same."""
    if request.state in ("closed", "cancelled"):
        raise DomainError(f"request.already_{request.state}", request=request.id)
    before, day = request.coverage, ground.branch.day_of(request.registered_at)
    case = case._replace(surcharges=surcharges_of(ground.policy, request.cases, time_of(request, ground)))
    after = compare_coverage(before, decide_coverage(case, ground.policy, day, taken.at, taken.by))
    if before and before.inputs == after.inputs:
        return request, ()
    history = (*request.coverage_history, before) if before else ()
    about = {"request": request.id, "branch": request.branch, "on_site": request.kind in VISITS}
    return request.but(coverage=after, coverage_history=history), announce_coverage(before, after, **about)


def accept_quotation(request: ServiceRequest, command: AcceptQuotation, by: str, now: datetime) -> RequestDecision:
    """Record that the customer accepts a quotation. A higher one must be accepted again; the same changes nothing."""
    must_be_unresolved(request)
    if not (request.coverage and request.coverage.quotation_first):
        raise DomainError("quotation.not_needed", request=request.id)
    at, amount = command.at or now, command.amount
    if at > now:
        raise DomainError("quotation.accepted_in_future", request=request.id, at=at.isoformat())
    if request.acceptances:
        known = request.acceptances[-1].amount
        if known == amount:
            return request, ()
        if known.currency != amount.currency or known.amount > amount.amount:
            raise DomainError(
                "quotation.accepted_before", request=request.id, amount=known.amount, currency=known.currency
            )
    said = command.model_dump(exclude={"amount", "at"})
    acceptance = Acceptance(amount=amount, **said, at=at, noted_by=by)
    event = QuotationAccepted(
        request=request.id,
        branch=request.branch,
        on_site=request.kind in VISITS,
        amount=amount,
        accepted_at=at,
    )
    return request.but(acceptances=(*request.acceptances, acceptance)), (event,)
