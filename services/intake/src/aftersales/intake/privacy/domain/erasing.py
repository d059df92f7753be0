"""Rules of an erasure: the order, when it is refused, and the customer that is left (ALL-6). Pure."""

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from typing import NamedTuple

from aftersales.common.events.intake import CustomerErased
from aftersales.common.fields import shared_fields
from aftersales.common.privacy.holdings import DataSubject
from aftersales.common.privacy.record import Asker, Erasure
from aftersales.intake.agreements.domain.contract import Contract
from aftersales.intake.archive.domain.customer import Customer, contact_points
from aftersales.intake.requests.domain.request import ENDED, ServiceRequest
from aftersales.values import Line, Reason, Value
from aftersales.values.errors import DomainError, Malformed

_SHOWN = 5


class EraseCustomer(Value):
    """The order to erase all personal data of a customer."""

    asked_by: Asker
    """Who asked: the `customer`, a `representative`, an `authority`, or the `company` itself."""
    why: Reason
    """The reason. It stays in the proof, so it names nobody."""
    evidence: Line
    """Where the evidence is, such as the number of a letter. It stays in the proof, so it names nobody."""


class Cases(NamedTuple):
    """What may still need the customer's data."""

    requests: Sequence[ServiceRequest]
    contracts: Sequence[Contract]
    today: date


def must_have_ended(cases: Cases) -> None:
    """Raise `DomainError` while a request is not closed or cancelled, or a contract runs."""
    if open_ones := sorted(one.id for one in cases.requests if one.state not in ENDED):
        raise DomainError("erasure.request_open", requests=_some(open_ones), count=len(open_ones))
    if running := sorted(one.id for one in cases.contracts if one.valid_until >= cases.today):
        raise DomainError("erasure.contract_runs", contracts=_some(running), count=len(running))


def _some(numbers: Sequence[str]) -> str:
    return ", ".join(numbers[:_SHOWN])


def must_name_nobody(form: EraseCustomer, customers: Iterable[Customer]) -> None:
    """Raise `Malformed` for a reason or an evidence that has a name or a number of the customer."""
    words = {word for one in customers for word in (one.name, *one.aliases, *contact_points(one)) if len(word) > 1}
    for name in ("why", "evidence"):
        if any(word.removeprefix("mailto:") in getattr(form, name) for word in words):
            raise Malformed("erasure.names_the_customer", field=name)


def order_erasure(
    customer: Customer, subject: DataSubject, form: EraseCustomer, by: str, now: datetime
) -> tuple[Erasure, CustomerErased]:
    """Return the proof record as it begins, and the event for the other services."""
    said = shared_fields(form, Erasure)
    erasure = Erasure(id=customer.id, branch=customer.branch, subject=subject, by=by, at=now, **said)
    return erasure, CustomerErased(customer=customer.id, branch=customer.branch, at=now, **dict(subject))


def mark_erased(customer: Customer, now: datetime) -> Customer:
    """Mark a customer of whom only the id is left."""
    return customer.but(erased_at=now)
