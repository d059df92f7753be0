"""The archive: customers, purchases, recalls, and results of partners' events (INT-3, INT-4, INT-12, INT-14)."""

from datetime import datetime
from typing import Literal

from aftersales.common.events import Event, Part
from aftersales.values import Day

Language = Literal["en", "zh-Hans", "zh-Hant"]
"""The language in which the customer is addressed."""
RecallKind = Literal["recall", "upgrade"]
"""`recall`: the maker must mend a fault; `upgrade`: an improvement is offered."""


class MembershipTerm(Part):
    """A membership (会员), whose days are both included."""

    level: str = ""
    """The level in the business's own words."""
    since: Day | None = None
    """The first day; None: not known."""
    until: Day | None = None
    """The last day; None: until further notice."""


class CustomerChanged(Event):
    """The data of a customer that other services need changed: class, member, times without calls, merge.

    A customer without such an event has class C and is not a key customer. Personal data stays in intake.
    """

    TYPE = "intake.customer_changed.v1"
    customer: str
    branch: str
    customer_class: Literal["A", "B", "C"]
    vip: bool
    language: Language | None = None
    """The customer's language; None means the branch's."""
    quiet_hours: str = ""
    """Times without calls, in the branch's time zone: `22:00-07:00 12:00-14:00`."""
    membership: MembershipTerm | None = None
    """The customer's membership (INT-16); None: no member."""
    merged_into: str | None = None
    """The customer into whom this one was merged (INT-3); none if it is not merged, or no longer."""


class CustomerErased(Event):
    """The personal data of a customer is to be erased everywhere (ALL-6). The numbers say what is theirs, not who."""

    TYPE = "intake.customer_erased.v1"
    customer: str
    branch: str
    customers: tuple[str, ...]
    """The customer, and customers merged into them."""
    requests: tuple[str, ...] = ()
    serials: tuple[str, ...] = ()
    """The serial numbers of their products."""
    complaints: tuple[str, ...] = ()
    """The numbers of their complaints from the public page."""
    at: datetime


class Granted(Part):
    """An entitlement granted with a purchase."""

    kind: str
    count: int
    expires_on: Day


class ProductSold(Event):
    """A purchase was archived, once (INT-3), with its entitlements (INT-14). Personal data stays in intake."""

    TYPE = "intake.product_sold.v1"
    serial: str
    model: str
    line: str
    batch: str | None = None
    branch: str
    """The branch of its owner."""
    purchased_on: Day
    entitlements: tuple[Granted, ...] = ()


class EntitlementDue(Event):
    """A reminder of an entitlement is due (INT-14)."""

    TYPE = "intake.entitlement_due.v1"
    entitlement: str
    serial: str
    kind: str
    customer: str
    branch: str
    expires_on: Day
    at: datetime


class RecallOpened(Event):
    """Products must be returned or upgraded (INT-4)."""

    TYPE = "intake.recall_opened.v1"
    recall: str
    kind: RecallKind
    title: str
    safety: bool
    starts_on: Day
    """The day from which the remedy is available."""
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
    """The progress of a recall (INT-4), published after each step of the search, then every few per cent."""

    TYPE = "intake.recall_progressed.v1"
    recall: str
    counts: RecallCounts
    completion: float
    """The percentage of the found products that are done."""
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
    """A partner's event was refused, with the reason (INT-12). For the partner who published it."""

    TYPE = "intake.partner_message_refused.v1"
    source: str
    """The partner's source, from the message; `unknown` if the message was unreadable."""
    id: str
    """The id of the partner's message, or a digest of its body if the message was unreadable."""
    type: str
    partner: str = ""
    """The RabbitMQ user who published it, as validated by the broker; empty if the message names none."""
    code: str
    """The code of the error; `GET /partners/messages` has a text for it."""
    params: tuple[Param, ...] = ()
    errors: tuple[WrongField, ...] = ()
    at: datetime


class PartnerMessageAccepted(Event):
    """A partner's event was accepted, with the result (INT-12). For the partner who published it."""

    TYPE = "intake.partner_message_accepted.v1"
    source: str
    id: str
    type: str
    partner: str
    """The RabbitMQ user who published it, as validated by the broker."""
    reference: str
    """The partner's own reference: the event's `subject`, or its id."""
    duplicate: bool = False
    """Whether the same sale was known from another event, so that nothing changed."""
    request: str | None = None
    """The number of the service request that was registered."""
    serial: str | None = None
    """The product whose sale was archived."""
    waybill: str | None = None
    """The parcel that was recorded."""
    at: datetime
