"""Events that intake publishes."""

from datetime import datetime
from typing import Literal

from pydantic import ConfigDict

from aftersales.common import events
from aftersales.common.business_time import Hours, SpecialDay
from aftersales.common.events import Event, Part
from aftersales.common.values import GeoPoint

_OPEN = ConfigDict(extra="ignore", from_attributes=True)
Kind = Literal["repair", "installation", "maintenance", "consultation"]


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
    IntakeHeartbeat,
    SlaWarned,
    SlaBreached,
    SlaEscalated,
    SlaDigest,
)
