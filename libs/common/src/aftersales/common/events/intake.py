"""Events that intake publishes."""

from datetime import date, datetime
from typing import Literal

from aftersales.common import events
from aftersales.common.events import Event, Part
from aftersales.common.values import GeoPoint

Kind = Literal["repair", "installation", "maintenance", "consultation"]
NoticeKind = Literal["new_rule", "shipment", "design_change", "other"]


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
    RequestRegistered,
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
    IntakeHeartbeat,
    SlaWarned,
    SlaBreached,
    SlaEscalated,
    SlaDigest,
)
