"""Complaints from the public page (INT-11): received without a login, taken by a desk."""

from datetime import datetime
from typing import Annotated, ClassVar, Literal, NamedTuple

from pydantic import Field

from aftersales.common.aggregate import Aggregate
from aftersales.common.events import Event
from aftersales.common.events.intake import ComplaintKind, ComplaintReceived
from aftersales.common.fields import shared_fields
from aftersales.intake.archive.domain.customer import Customer
from aftersales.intake.requests.domain.request import ServiceRequest
from aftersales.values import Code, Line, Phone, Value, Words
from aftersales.values.errors import DomainError

ComplaintState = Literal["new", "suspect", "taken"]
"""`suspect`: it looks like a machine's. Nobody is told of it, but a desk can look, and take it (ALL-4)."""
HEADQUARTERS = "-"
"""Stands for the branch where none is named."""


class ComplaintForm(Value):
    """What somebody writes on the public page."""

    name: Line
    phone: Phone
    text: Annotated[Words, Field(min_length=1)]
    kind: ComplaintKind = "service"
    number: Annotated[str, Field(max_length=40)] = ""
    """Of the service request, as they remember it."""
    branch: Code | None = None
    website: Annotated[str, Field(max_length=1000)] = ""
    """People do not see this field; machines fill it in."""


class Receipt(Value):
    """All that a stranger is told."""

    number: str


class About(NamedTuple):
    """The request that carries the number given, and whose it is."""

    request: ServiceRequest
    customer: Customer


class PublicComplaint(Aggregate):
    """A complaint; its id is its number (`CP-…`)."""

    COLLECTION: ClassVar[str] = "complaints"
    OF_CONTACT: ClassVar[bool] = True

    name: str
    phone: str
    text: str
    kind: ComplaintKind
    number: str
    """As it was written, right or wrong."""
    request: str | None = None
    """The request it is about: only where the phone is that customer's, so that nobody speaks for another."""
    state: ComplaintState = "new"
    received_at: datetime
    taken_by: str | None = None
    taken_at: datetime | None = None


ComplaintDecision = tuple[PublicComplaint, tuple[Event, ...]]


def receive_complaint(id: str, form: ComplaintForm, about: About | None, now: datetime) -> ComplaintDecision:
    """Keep the complaint, and tell of it unless it looks like a machine's."""
    own = about.request if about and about.customer.phone == form.phone else None
    complaint = PublicComplaint(
        id=id,
        **shared_fields(form, PublicComplaint) | {"branch": own.branch if own else form.branch or HEADQUARTERS},
        request=own.id if own else None,
        state="suspect" if form.website else "new",
        received_at=now,
    )
    return complaint, () if form.website else (_received(complaint),)


def take_complaint(complaint: PublicComplaint, by: str, now: datetime) -> ComplaintDecision:
    """Deal with it from now on. One that was suspect turns out to be somebody's: now it is told."""
    if complaint.state == "taken":
        raise DomainError("complaint.already_taken", complaint=complaint.id, by=complaint.taken_by)
    events = (_received(complaint),) if complaint.state == "suspect" else ()
    return complaint.but(state="taken", taken_by=by, taken_at=now), events


def _received(complaint: PublicComplaint) -> ComplaintReceived:
    return ComplaintReceived(
        complaint=complaint.id,
        branch=None if complaint.branch == HEADQUARTERS else complaint.branch,
        kind=complaint.kind,
        request=complaint.request,
        received_at=complaint.received_at,
    )
