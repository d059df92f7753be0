"""Service requests and complaints, from the contact to the end (INT-2, INT-6 to INT-11)."""

from datetime import datetime
from typing import Literal

from pydantic import Field

from aftersales.common.events import Event, Part
from aftersales.policy.calendars import Calendar
from aftersales.policy.sla.model import Seconds
from aftersales.values import GeoPoint, Money

Kind = Literal["repair", "installation", "maintenance", "consultation"]
"""The kind of work that a visit is for."""
ComplaintKind = Literal["quality", "service", "suggestion"]
"""The kinds of complaints (FBK-3)."""


class ProductRef(Part):
    serial: str
    model: str
    line: str
    """The product line, which is also the skill that a technician needs (`refrigerator`, `e-bike` ...)."""


class RequestFacts(Event):
    """What other services learn of a request. Personal data stays in intake."""

    request: str
    branch: str
    customer: str
    product: ProductRef
    kind: Kind
    fault: str
    priority: int
    """From 1 (immediately) to 4 (any time)."""
    owner: str
    channel: str
    registered_at: datetime
    """The time of the contact."""
    entered_at: datetime | None = None
    """The time at which the contact was entered, if that was later: `registered_at` is claimed then (ADR 18)."""
    wanted_at: datetime | None = None
    location: GeoPoint | None = None
    work_type: str = ""
    """What the customer asks for (INT-4), finer than `kind`: `training`, `return`, `recall` ..."""
    on_site: bool = True
    """Whether a visit is needed."""
    policy: str = ""
    """The service policy that the request has until its end, such as `e-bike@3` (ALL-1)."""
    calendar: Calendar | None = None
    """The branch's current hours; None means round the clock."""
    quiet_hours: str = ""
    """The customer's times without calls, in the branch's time zone: `22:00-07:00 12:00-14:00`."""
    cases: tuple[str, ...] = ()
    """The special cases that apply, each with its figures in the policy: `emergency`, `rush`, `holiday` ... (ALL-10)"""
    repeats: str | None = None
    """The request of the repair that did not hold (INT-9)."""
    contract: str | None = None
    """The service contract that covers it (INT-13)."""
    response: dict[str, Seconds] = Field(default_factory=dict)
    """The targets of that contract by stage, in seconds; they replace the policy's."""


class RequestRegistered(RequestFacts):
    """A customer's fault or wish was recorded (INT-2). Personal data stays in intake."""

    TYPE = "intake.request_registered.v1"


class RequestCorrected(RequestFacts):
    """The form of a request was corrected (INT-2); the fields are those that hold now."""

    TYPE = "intake.request_corrected.v1"
    number: int
    """The number of the correction, from 1 for each request."""
    changed: tuple[str, ...]
    """The names of the corrected fields and of those that follow from them, such as `product.line` or `priority`."""
    visit: int
    """The visit that is now needed."""
    was_on_site: bool
    """Whether a visit was needed before."""
    by: str
    corrected_at: datetime


class RequestAnswered(Event):
    """The customer received an answer, or the message that the question must be checked (INT-8)."""

    TYPE = "intake.request_answered.v1"
    request: str
    branch: str
    referred: bool
    """Whether the answer is still to come, by `answer_by`."""
    answer_by: datetime | None = None
    answered_at: datetime


class RepeatRepairFound(Event):
    """The same fault of the same product occurred again, within the policy's window (INT-9)."""

    TYPE = "intake.repeat_repair_found.v1"
    request: str
    repeats: str
    """The request whose repair did not hold."""
    branch: str
    product: ProductRef
    fault: str
    technician: str
    """The technician of the first repair."""
    report_to: str
    """The role that is notified."""
    claim: bool
    """Whether the policy guarantees repairs, so that a compensation claim must be opened."""
    found_at: datetime


class SurchargeTold(Part):
    """What labour and travel cost more, because of rush, holiday or night work (ALL-10)."""

    case: str
    """`rush`, `holiday` or `night`."""
    percent: int | None = None
    """Per cent of labour and travel; null: an amount."""
    amount: Money | None = None
    """An amount for the whole visit; null: per cent."""


class CoverageDecided(Event):
    """It was decided who pays for parts, labour and travel (INT-6)."""

    TYPE = "intake.coverage_decided.v1"
    request: str
    branch: str
    policy: str
    warranty: str
    cause: str
    parts: str
    """`free`, `cost`, `list` or `quote`; labour and travel likewise."""
    labour: str
    travel: str
    reason: str
    price_list_first: bool
    quotation_first: bool
    """Whether the work starts only after the customer has accepted a quotation (DSP-17)."""
    revised: bool
    """Whether other inputs have changed an earlier decision."""
    on_site: bool = True
    """Whether a visit is needed."""
    surcharges: tuple[SurchargeTold, ...] = ()
    """Surcharges for rush, holiday or night work; never for free labour and travel."""
    decided_at: datetime


class QuotationAccepted(Event):
    """The customer accepted a quotation, with evidence (INT-6, DSP-17)."""

    TYPE = "intake.quotation_accepted.v1"
    request: str
    branch: str
    on_site: bool = True
    """Whether a visit is needed."""
    amount: Money
    accepted_at: datetime


class RequestContacted(Event):
    """The customer called again about a request that needs a visit (ALL-4); what was said stays in intake."""

    TYPE = "intake.request_contacted.v1"
    request: str
    branch: str
    number: int
    """The number of further contacts so far."""
    answered: bool
    """Whether the caller received an answer at once."""
    flag: str | None = None
    """The colour of the request's flag."""
    contacted_at: datetime


class RequestCancelled(Event):
    """The request was cancelled, and everything reserved for it must be released."""

    TYPE = "intake.request_cancelled.v1"
    request: str
    branch: str
    reason: str
    on_site: bool = True
    """Whether a visit was needed."""
    duplicate_of: str | None = None
    """The request that goes on, if this one was registered by mistake."""
    cancelled_at: datetime


class RequestResolved(Event):
    """The request was resolved by a repair, which is on the warranty card (DSP-10)."""

    TYPE = "intake.request_resolved.v1"
    request: str
    branch: str
    visit: int
    resolved_at: datetime


class RequestReprioritised(Event):
    """The priority of a request changed (INT-5)."""

    TYPE = "intake.request_reprioritised.v1"
    request: str
    branch: str
    priority: int
    cases: tuple[str, ...]
    """All special cases that now apply."""
    on_site: bool
    """Whether a visit is needed."""
    why: str
    by: str
    changed_at: datetime


class RequestReopened(Event):
    """The customer is not satisfied, so another visit is needed (DSP-7)."""

    TYPE = "intake.request_reopened.v1"
    request: str
    branch: str
    visit: int
    """The number of the visit that is now needed; the first repair was visit 1."""
    reason: str
    reopened_at: datetime


class RequestClosed(Event):
    """The request was closed, by a satisfied answer to the survey or by a final reply."""

    TYPE = "intake.request_closed.v1"
    request: str
    branch: str
    closed_at: datetime


class RequestHandedOver(Event):
    """The request has a new owner, who accepted it (INT-7)."""

    TYPE = "intake.request_handed_over.v1"
    request: str
    branch: str
    from_owner: str
    to_owner: str
    reason: str
    """A code, such as `shift_handover` or `leave`."""
    accepted_at: datetime


class RequestEscalated(Event):
    """A request was escalated up the owner's chain (INT-10); the owner does not change."""

    TYPE = "intake.request_escalated.v1"
    request: str
    branch: str
    owner: str
    to: str
    level: str
    """`supervisor`, `centre`, `headquarters` or `leadership`."""
    by: str
    at: datetime


class ComplaintReceived(Event):
    """A complaint was made on the public page (INT-11); its text and personal data stay in intake."""

    TYPE = "intake.complaint_received.v1"
    complaint: str
    branch: str | None
    """The named branch; None if there is none, so that headquarters handle it."""
    kind: ComplaintKind
    request: str | None
    """The service request that it is about, if number and phone match."""
    received_at: datetime
