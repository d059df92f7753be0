"""Events that intake publishes."""

from datetime import date, datetime
from typing import Any, Literal

from pydantic import ConfigDict

from aftersales.common import events
from aftersales.common.business_time import Calendar, Hours, SpecialDay
from aftersales.common.events import Event, Part
from aftersales.common.values import Day, GeoPoint, Money

_OPEN = ConfigDict(extra="ignore", from_attributes=True)
Kind = Literal["repair", "installation", "maintenance", "consultation"]
NoticeKind = Literal["new_rule", "shipment", "design_change", "other"]
Language = Literal["en", "zh-Hans", "zh-Hant"]
RecallKind = Literal["recall", "upgrade"]


class ProductRef(Part):
    serial: str
    model: str
    line: str
    """The product line, which is also the skill a technician needs (`refrigerator`, `e-bike` ...)."""


class OpenDay(SpecialDay):
    """A special day in an event."""

    model_config = _OPEN


class OpenHours(Hours):
    """Working hours in an event: like the rest of it, they ignore what they do not know. `Hours` are taken as well."""

    model_config = _OPEN
    days: tuple[OpenDay, ...] = ()


class BranchRegistered(Event):
    """A branch opened or changed its particulars (ALL-2)."""

    TYPE = "intake.branch_registered.v1"
    branch: str
    name: str
    zone: str
    location: GeoPoint
    hours: OpenHours | None = None
    """When it is open (ALL-3); None, from before branches had hours: round the clock."""


class PolicyPublished(Event):
    """A service policy takes effect; items under way keep the version they started with (ALL-1)."""

    TYPE = "intake.policy_published.v1"
    name: str
    version: int
    effective_from: date
    policy: dict[str, Any]
    """All of it, as docs/policies.md describes it."""
    published_at: datetime
    published_by: str


class CustomerChanged(Event):
    """What others must know of a customer is new: class, key customer or not, when not to call, who it really is.

    Of a customer nothing was said about, none of these hold: class C, no key customer. Personal data stays in intake.
    """

    TYPE = "intake.customer_changed.v1"
    customer: str
    branch: str
    customer_class: Literal["A", "B", "C"]
    vip: bool
    language: Language | None = None
    """None: the one of the branch."""
    quiet_hours: str = ""
    """When not to call, in the branch's time: `22:00-07:00 12:00-14:00`."""
    merged_into: str | None = None
    """The customer who stands for this one from now on (INT-3); none: this one stands for itself (again)."""


class RequestRegistered(Event):
    """A customer's fault or wish was recorded (INT-2). Personal data stays in intake."""

    TYPE = "intake.request_registered.v1"
    request: str
    branch: str
    customer: str
    product: ProductRef
    kind: Kind
    fault: str
    priority: int
    """1 (at once) to 4 (whenever)."""
    owner: str
    channel: str
    registered_at: datetime
    wanted_at: datetime | None = None
    location: GeoPoint | None = None
    work_type: str = ""
    """What the customer asks for (INT-4), finer than `kind`: `training`, `return`, `recall` ..."""
    on_site: bool = True
    """Whether somebody must be sent."""
    policy: str = ""
    """The service policy that it keeps for life, such as `e-bike@3` (ALL-1)."""
    calendar: Calendar | None = None
    """The branch's hours as they are now; None: round the clock."""
    cases: tuple[str, ...] = ()
    """What makes it another case for the policy: `emergency`, `rush`, `holiday` ... (ALL-10)"""
    repeats: str | None = None
    """The request of the repair that did not hold (INT-9)."""


class RequestAnswered(Event):
    """The customer was answered, or told that the question must be checked (INT-8)."""

    TYPE = "intake.request_answered.v1"
    request: str
    branch: str
    referred: bool
    """The answer is still to come, by `answer_by`."""
    answer_by: datetime | None = None
    answered_at: datetime


class RepeatRepairFound(Event):
    """The same fault of the same product again, within the policy's window (INT-9)."""

    TYPE = "intake.repeat_repair_found.v1"
    request: str
    repeats: str
    """The request whose repair did not hold."""
    branch: str
    product: ProductRef
    fault: str
    technician: str
    """Of the first repair."""
    report_to: str
    """The role that is told."""
    claim: bool
    """The policy guarantees repairs: a compensation claim is to be opened."""
    found_at: datetime


class CoverageDecided(Event):
    """Who pays for parts, labour and travel (INT-6)."""

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
    """The work starts when the customer has accepted a quotation (DSP-17)."""
    revised: bool
    """Other inputs have changed an earlier decision."""
    on_site: bool = True
    """Whether somebody must be sent."""
    decided_at: datetime


class QuotationAccepted(Event):
    """The customer accepted a quotation, with evidence (INT-6, DSP-17)."""

    TYPE = "intake.quotation_accepted.v1"
    request: str
    branch: str
    on_site: bool = True
    """Whether somebody must be sent."""
    amount: Money
    accepted_at: datetime


class RequestCancelled(Event):
    """The customer does not need it any more: release everything."""

    TYPE = "intake.request_cancelled.v1"
    request: str
    branch: str
    reason: str
    on_site: bool = True
    """Whether somebody was to be sent."""
    cancelled_at: datetime


class RequestResolved(Event):
    """The repair is on the warranty card (DSP-10)."""

    TYPE = "intake.request_resolved.v1"
    request: str
    branch: str
    visit: int
    resolved_at: datetime


class RequestReopened(Event):
    """The customer is not satisfied: another visit (DSP-7)."""

    TYPE = "intake.request_reopened.v1"
    request: str
    branch: str
    visit: int
    """The number of the visit that is now wanted; the first repair was visit 1."""
    reason: str
    reopened_at: datetime


class RequestClosed(Event):
    """Asked and satisfied."""

    TYPE = "intake.request_closed.v1"
    request: str
    branch: str
    closed_at: datetime


class RequestHandedOver(Event):
    """Somebody else answers for the request now, and has said yes to it (INT-7)."""

    TYPE = "intake.request_handed_over.v1"
    request: str
    branch: str
    from_owner: str
    to_owner: str
    reason: str
    """A code, such as `shift_handover` or `leave`."""
    accepted_at: datetime


class RequestEscalated(Event):
    """What the owner cannot answer went up the chain (INT-10); the owner stays the owner."""

    TYPE = "intake.request_escalated.v1"
    request: str
    branch: str
    owner: str
    to: str
    level: str
    """`supervisor`, `centre`, `headquarters` or `leadership`."""
    by: str
    at: datetime


class PersonChanged(Event):
    """Somebody came, left, or has other roles or another branch (ALL-8)."""

    TYPE = "intake.person_changed.v1"
    person: str
    branch: str
    roles: tuple[str, ...]
    active: bool


class NoticePublished(Event):
    """Named readers have something to acknowledge (ALL-9)."""

    TYPE = "intake.notice_published.v1"
    notice: str
    kind: NoticeKind
    readers: int
    """How many must acknowledge it."""
    due_at: datetime | None = None
    published_at: datetime


class NoticeOverdue(Event):
    """The day came by which everybody should have acknowledged it, and somebody has not (ALL-9)."""

    TYPE = "intake.notice_overdue.v1"
    notice: str
    kind: NoticeKind
    readers: int
    acknowledged: int
    unread_by: tuple[str, ...]
    """Codes of those who have not; the first 1000 where there are more."""
    due_at: datetime


class Supersession(Part):
    """A part that another one takes the place of."""

    old: str
    new: str
    valid_from: date


class DesignChanged(Event):
    """A design change: from these days on the new parts are used (ALL-9, INV-1)."""

    TYPE = "intake.design_changed.v1"
    notice: str
    supersessions: tuple[Supersession, ...]
    published_at: datetime


class Granted(Part):
    """What came with a purchase."""

    kind: str
    count: int
    expires_on: Day


class ProductSold(Event):
    """A purchase was archived, once (INT-3), with what it entitles to (INT-14). Personal data stays in intake."""

    TYPE = "intake.product_sold.v1"
    serial: str
    model: str
    line: str
    batch: str | None = None
    branch: str
    """Where its owner belongs."""
    purchased_on: Day
    entitlements: tuple[Granted, ...] = ()


class EntitlementDue(Event):
    """Remind the customer of what came with the purchase (INT-14)."""

    TYPE = "intake.entitlement_due.v1"
    entitlement: str
    serial: str
    kind: str
    customer: str
    branch: str
    expires_on: Day
    at: datetime


class RecallOpened(Event):
    """Products must be brought back or brought up to date (INT-4)."""

    TYPE = "intake.recall_opened.v1"
    recall: str
    kind: RecallKind
    title: str
    safety: bool
    starts_on: Day
    """From when on the remedy is available."""
    models: tuple[str, ...] = ()
    batches: tuple[str, ...] = ()
    opened_at: datetime


class RecallCounts(Part):
    """Affected products, each in one state."""

    found: int
    told: int
    scheduled: int
    done: int
    declined: int
    unreachable: int


class RecallProgressed(Event):
    """How far a recall has come (INT-4): after each step of the search, then every few per cent."""

    TYPE = "intake.recall_progressed.v1"
    recall: str
    counts: RecallCounts
    completion: float
    """Per cent of the products found that are done."""
    searched: bool
    """Whether the whole archive was searched."""
    at: datetime


class WrongField(Part):
    field: str
    problem: str


class Param(Part):
    name: str
    value: str


class PartnerMessageRefused(Event):
    """A partner's event was refused, and why (INT-12): for the partner who sent it."""

    TYPE = "intake.partner_message_refused.v1"
    source: str
    """The partner, as the message said; `unknown` when it could not be read."""
    id: str
    """Of the partner's message; a digest of its body when it could not be read."""
    type: str
    code: str
    """What is wrong; words for it are at `GET /partners/{source}/messages`."""
    params: tuple[Param, ...] = ()
    errors: tuple[WrongField, ...] = ()
    at: datetime


ComplaintKind = Literal["quality", "service", "suggestion"]
"""FBK-3."""


class ComplaintReceived(Event):
    """Somebody complained on the public page (INT-11); their words and particulars stay in intake."""

    TYPE = "intake.complaint_received.v1"
    complaint: str
    branch: str | None
    """None: no branch was named, so headquarters deal with it."""
    kind: ComplaintKind
    request: str | None
    """The service request that it is about, where number and phone belong together."""
    received_at: datetime


class IntakeHeartbeat(events.Heartbeat):
    """The first beat, sent by intake's timer."""

    TYPE = "intake.heartbeat.v1"


class SlaWarned(events.SlaMark):
    """A stage has used a good part of its time (ALL-3)."""

    TYPE = "intake.sla_warned.v1"
    left: tuple[str, ...] = ()
    """Of a shift handover, whose `request` is empty: the requests that nobody settled or took over yet (ALL-7)."""


class SlaBreached(events.SlaMark):
    """A stage's time is over (ALL-3)."""

    TYPE = "intake.sla_breached.v1"
    left: tuple[str, ...] = ()
    """Of a shift handover, whose `request` is empty: the requests that nobody settled or took over yet (ALL-7)."""


class SlaEscalated(events.SlaMark):
    """A breach climbed to the next level of its ladder (ALL-3)."""

    TYPE = "intake.sla_escalated.v1"


class DigestItem(Part):
    """One mark that a clock went past."""

    subject: str
    request: str
    stage: str
    kind: str
    """`warned`, `breached` or `escalated`."""
    deadline: datetime


class SlaDigest(Event):
    """What one owner is told of an hour: twice at most, whatever the flood (ALL-3)."""

    TYPE = "intake.sla_digest.v1"
    owner: str
    """A person's code, a branch's, or a role at a branch such as `supervisor@BJ01`."""
    branch: str
    hour: datetime
    warned: int
    breached: int
    escalated: int
    items: tuple[DigestItem, ...]
    """The first fifty of them."""
    new: int
    """How many have come since the message before."""


PRODUCES = (
    BranchRegistered,
    PolicyPublished,
    CustomerChanged,
    RequestRegistered,
    RequestAnswered,
    RepeatRepairFound,
    CoverageDecided,
    QuotationAccepted,
    RequestCancelled,
    RequestResolved,
    RequestReopened,
    RequestClosed,
    RequestHandedOver,
    RequestEscalated,
    PersonChanged,
    NoticePublished,
    NoticeOverdue,
    DesignChanged,
    ProductSold,
    EntitlementDue,
    RecallOpened,
    RecallProgressed,
    PartnerMessageRefused,
    ComplaintReceived,
    IntakeHeartbeat,
    SlaWarned,
    SlaBreached,
    SlaEscalated,
    SlaDigest,
)
