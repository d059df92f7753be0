"""Events that intake publishes."""

from datetime import datetime
from typing import Literal

from aftersales.common import events
from aftersales.common.events import Event, Part
from aftersales.common.values import GeoPoint

Kind = Literal["repair", "installation", "maintenance", "consultation"]


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


PRODUCES = (
    BranchRegistered,
    RequestRegistered,
    RequestCancelled,
    RequestResolved,
    RequestReopened,
    RequestClosed,
    ComplaintReceived,
    IntakeHeartbeat,
)
