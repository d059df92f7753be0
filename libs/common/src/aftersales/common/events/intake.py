"""Events that intake publishes."""

from datetime import datetime
from typing import Literal

from aftersales.common import events
from aftersales.common.events import Event, Part
from aftersales.common.values import Day, GeoPoint

Kind = Literal["repair", "installation", "maintenance", "consultation"]
RecallKind = Literal["recall", "upgrade"]


class ProductRef(Part):
    serial: str
    model: str
    line: str
    """The product line, which is also the skill a technician needs (`refrigerator`, `e-bike` ...)."""


class BranchRegistered(Event):
    """A branch opened or changed its particulars (ALL-2)."""

    TYPE = "intake.branch_registered.v1"
    branch: str
    name: str
    zone: str
    location: GeoPoint


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


class RequestCancelled(Event):
    """The customer does not need it any more: release everything."""

    TYPE = "intake.request_cancelled.v1"
    request: str
    branch: str
    reason: str
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


class IntakeHeartbeat(events.Heartbeat):
    """The first beat, sent by intake's timer."""

    TYPE = "intake.heartbeat.v1"


class SlaWarned(events.SlaMark):
    """A stage has used a good part of its time (ALL-3)."""

    TYPE = "intake.sla_warned.v1"


class SlaBreached(events.SlaMark):
    """A stage's time is over (ALL-3)."""

    TYPE = "intake.sla_breached.v1"


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
    RequestRegistered,
    RequestCancelled,
    RequestResolved,
    RequestReopened,
    RequestClosed,
    ProductSold,
    EntitlementDue,
    RecallOpened,
    RecallProgressed,
    PartnerMessageRefused,
    IntakeHeartbeat,
    SlaWarned,
    SlaBreached,
    SlaEscalated,
    SlaDigest,
)
