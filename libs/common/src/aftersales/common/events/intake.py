"""Events that intake publishes."""

from datetime import datetime
from typing import Literal

from aftersales.common import events
from aftersales.common.events import Event, Part
from aftersales.common.values import GeoPoint

Kind = Literal["repair", "installation", "maintenance", "consultation"]
Language = Literal["en", "zh-Hans", "zh-Hant"]


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


PRODUCES = (
    BranchRegistered,
    CustomerChanged,
    RequestRegistered,
    RequestCancelled,
    RequestResolved,
    RequestReopened,
    RequestClosed,
    IntakeHeartbeat,
)
