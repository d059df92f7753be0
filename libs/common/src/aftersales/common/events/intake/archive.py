"""The archive: customers, what they bought, recalls, and what partners may not send (INT-3, INT-4, INT-12, INT-14)."""

from datetime import datetime
from typing import Literal

from aftersales.common.events import Event, Part
from aftersales.values import Day

Language = Literal["en", "zh-Hans", "zh-Hant"]
RecallKind = Literal["recall", "upgrade"]


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
    partner: str = ""
    """The RabbitMQ user who published it, as the broker validated it; empty where nobody said."""
    code: str
    """What is wrong; words for it are at `GET /partners/messages`."""
    params: tuple[Param, ...] = ()
    errors: tuple[WrongField, ...] = ()
    at: datetime


class PartnerMessageAccepted(Event):
    """A partner's event was accepted, and what came of it (INT-12): for the partner who sent it."""

    TYPE = "intake.partner_message_accepted.v1"
    source: str
    id: str
    type: str
    partner: str
    """The RabbitMQ user who published it, as the broker validated it."""
    reference: str
    """What the partner calls it: the event's `subject`, or its id."""
    duplicate: bool = False
    """The same sale is known from another event: nothing was done."""
    request: str | None = None
    """The number of the service request that was registered."""
    serial: str | None = None
    """The product whose sale was archived."""
    at: datetime
