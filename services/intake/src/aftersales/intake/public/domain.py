"""Complaints from the public page (INT-11), received without a login and taken by a desk."""

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
"""`suspect` complaints look machine-made: no event is published, but a desk can list and take them (ALL-4)."""
HEADQUARTERS = "-"
"""The branch of complaints that name none."""


class ComplaintForm(Value):
    """A complaint as written on the public page."""

    name: Line
    phone: Phone
    text: Annotated[Words, Field(min_length=1)]
    kind: ComplaintKind = "service"
    number: Annotated[str, Field(max_length=40)] = ""
    """The request's number, as they remember it."""
    branch: Code | None = None
    website: Annotated[str, Field(max_length=1000)] = ""
    """A field that people do not see and machines fill in."""


class Receipt(Value):
    """The answer to an anonymous caller."""

    number: str


class About(NamedTuple):
    """The request with the given number, and its customer."""

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
    """The number as written, right or wrong."""
    request: str | None = None
    """The request of the complaint; set only if the phone is its customer's, so that nobody speaks for another."""
    state: ComplaintState = "new"
    received_at: datetime
    taken_by: str | None = None
    taken_at: datetime | None = None


ComplaintDecision = tuple[PublicComplaint, tuple[Event, ...]]


def receive_complaint(id: str, form: ComplaintForm, about: About | None, now: datetime) -> ComplaintDecision:
    """Create the complaint, and its event unless it looks machine-made."""
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
    """Take the complaint. A suspect one has proved genuine, and is announced now."""
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
