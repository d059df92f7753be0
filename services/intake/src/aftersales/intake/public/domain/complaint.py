"""Complaints from the public page (INT-11), received without a login and taken by a desk."""

from datetime import datetime
from typing import Annotated, ClassVar, Literal, NamedTuple, Self

from pydantic import Field, StrictBool, model_validator

from aftersales.common.aggregate import Aggregate
from aftersales.common.events import Event
from aftersales.common.events.intake import ComplaintKind, ComplaintReceived
from aftersales.common.fields import shared_fields
from aftersales.common.sla_events import INTAKE_MARKS, Duty
from aftersales.intake.archive.domain.customer import Customer
from aftersales.intake.requests.domain.request import ServiceRequest
from aftersales.intake.requests.domain.steps import add_promise
from aftersales.intake.vocabulary import Channel
from aftersales.policy import sla
from aftersales.policy.model.stages import KnownStage
from aftersales.policy.sla import ChangeNote
from aftersales.policy.sla.stages import Situation, change_hours, policy_id, reach_milestone, stop_stage
from aftersales.values import Code, Line, Moment, Phone, Value, Words
from aftersales.values.errors import DomainError
from aftersales.values.personal import HIDDEN_TEXT, MASKED_NAME, MASKED_NUMBER

ComplaintState = Literal["new", "suspect", "taken"]
"""`suspect` complaints look machine-made: no event is published, but a desk can list and take them (ALL-4)."""
OF_A_COMPLAINT: frozenset[KnownStage] = frozenset({"complaint_answer", "complaint_verify"})
HEADQUARTERS = "-"
"""The branch of complaints that name none."""


class ComplaintForm(Value):
    """A complaint as written on the public page."""

    name: Line
    """The name of the person who complains."""
    phone: Phone
    """Their phone number."""
    text: Annotated[Words, Field(min_length=1)]
    """The complaint, in their words."""
    kind: ComplaintKind = "service"
    """The subject; a `suggestion` is not a complaint."""
    number: Annotated[str, Field(max_length=40)] = ""
    """The request's number, as they remember it."""
    branch: Code | None = None
    """The code of the branch, if it is about one."""
    website: Annotated[str, Field(max_length=1000)] = ""
    """A field that people do not see and machines fill in."""


class AnswerComplaint(Value):
    """What the customer was told about the complaint, by which channel."""

    channel: Channel
    text: Annotated[Words, Field(min_length=1)]
    promised_by: Moment | None = None
    """The time by which it is solved, as promised to the customer (承诺时间); the first answer needs one, unless it
    settles the complaint (INT-18)."""
    settled: StrictBool = False
    """Whether the answer settles the complaint: the promised time, if any, is kept or broken now."""

    @model_validator(mode="after")
    def _one_of_both(self) -> Self:
        if self.settled and self.promised_by:
            raise ValueError("request.promise_superfluous")
        return self


class VerifyComplaint(Value):
    """Whether the complaint is founded, after it was looked into (FBK-3)."""

    founded: bool
    """Whether the customer was right to complain."""
    remark: Words = ""


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

    name: Annotated[str, MASKED_NAME]
    phone: Annotated[str, MASKED_NUMBER]
    text: Annotated[str, HIDDEN_TEXT]
    kind: ComplaintKind
    number: str
    """The number as written, right or wrong."""
    request: str | None = None
    """The request of the complaint; set only if the phone is its customer's, so that nobody speaks for another."""
    state: ComplaintState = "new"
    received_at: datetime
    taken_by: str | None = None
    taken_at: datetime | None = None
    policy: str = ""
    """The service policy whose times for complaints apply; empty until its clocks start (ALL-1)."""
    answer: Annotated[str, HIDDEN_TEXT] = ""
    answered_by: str | None = None
    settled_at: datetime | None = None
    """The time at which it was settled with the customer."""
    founded: bool | None = None
    verified_by: str | None = None
    verified_remark: str = ""


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
        wake_at=None if form.website else now,
    )
    return complaint, () if form.website else (_received(complaint),)


def take_complaint(complaint: PublicComplaint, by: str, now: datetime) -> ComplaintDecision:
    """Take the complaint. A suspect one has proved genuine, and is announced now."""
    if complaint.state == "taken":
        raise DomainError("complaint.already_taken", complaint=complaint.id, by=complaint.taken_by)
    events = (_received(complaint),) if complaint.state == "suspect" else ()
    taken = complaint.but(state="taken", taken_by=by, taken_at=now)
    return taken if taken.policy else taken.but(wake_at=now), events


def start_complaint_clocks(complaint: PublicComplaint, there: Situation) -> PublicComplaint:
    """Start the clocks of a complaint as of its receipt, like those of a complaint by phone (FBK-3).

    A timer does it, so that the answer to the anonymous caller takes equally long for known and unknown numbers.
    """
    if complaint.policy:
        return complaint
    clocks = reach_milestone((), "complaint_registered", complaint.received_at, OF_A_COMPLAINT, there)
    return complaint.but(clocks=clocks, policy=policy_id(there.policy))


def tick_complaint(before: PublicComplaint, complaint: PublicComplaint, now: datetime) -> ComplaintDecision:
    """Set the timer, and report passed thresholds (ALL-3)."""
    ticked = complaint.but(clocks=sla.tick_clocks(complaint.clocks, now))
    duty = Duty(complaint.taken_by or "", complaint.taken_by or "information_clerk")
    marks = INTAKE_MARKS.passed(before, ticked, now, request=complaint.request or "", duty=duty)
    return ticked.but(wake_at=sla.next_wake(ticked.clocks)), marks


def change_complaint_hours(
    complaint: PublicComplaint, there: Situation, said: ChangeNote, now: datetime
) -> ComplaintDecision:
    """Apply the branch's new hours to the deadlines still to come (ALL-3)."""
    return tick_complaint(complaint, complaint.but(clocks=change_hours(complaint.clocks, there, said)), now)


class Saying(NamedTuple):
    """By whom and when something is recorded."""

    by: str
    now: datetime


def answer_complaint(
    complaint: PublicComplaint, form: AnswerComplaint, said: Saying, there: Situation
) -> ComplaintDecision:
    """Record the answer, which stops its clock; a second one corrects the first.

    The promised time starts a clock of its own (INT-18). Raises `DomainError` for a first answer without one.
    """
    _must_be_genuine(complaint)
    started = start_complaint_clocks(complaint, there)
    clocks = stop_stage(started.clocks, "complaint_answer", said.now)
    if form.promised_by:
        if form.promised_by <= said.now:
            raise DomainError("request.promise_past", request=complaint.id, until=form.promised_by.isoformat())
        clocks = add_promise(clocks, form.promised_by, said.now, there)
    promised = any(clock.stage == _PROMISE for clock in clocks)
    due = complaint.kind != "suggestion" and _PROMISE in there.policy.stages
    if due and not (promised or form.settled or complaint.settled_at):
        raise DomainError("complaint.promise_missing", complaint=complaint.id)
    told = started.but(answer=form.text, answered_by=said.by, clocks=clocks)
    if form.settled:
        told = told.but(settled_at=said.now, clocks=stop_stage(clocks, _PROMISE, said.now))
    return tick_complaint(complaint, told, said.now)


_PROMISE: KnownStage = "complaint_timetable"


def verify_complaint(complaint: PublicComplaint, form: VerifyComplaint, by: str, now: datetime) -> ComplaintDecision:
    """Record whether it is founded, which stops its clock."""
    _must_be_genuine(complaint)
    known = complaint.but(founded=form.founded, verified_by=by, verified_remark=form.remark)
    return tick_complaint(complaint, known.but(clocks=stop_stage(known.clocks, "complaint_verify", now)), now)


def _must_be_genuine(complaint: PublicComplaint) -> None:
    if complaint.state == "suspect":
        raise DomainError("complaint.suspect", complaint=complaint.id)


def _received(complaint: PublicComplaint) -> ComplaintReceived:
    return ComplaintReceived(
        complaint=complaint.id,
        branch=None if complaint.branch == HEADQUARTERS else complaint.branch,
        kind=complaint.kind,
        request=complaint.request,
        received_at=complaint.received_at,
    )
