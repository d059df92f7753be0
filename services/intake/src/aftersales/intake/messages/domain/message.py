"""Messages to customers, tried on one channel after another until one reaches them (INT-1, INT-10).

A message waits, is planned for a channel, and is sent by that channel's gateway or by the desk. Its text, and the
customer's name, number and address are in no event and not in this document: they are looked up when it is sent.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Annotated, ClassVar, Literal, NamedTuple

from aftersales.common.aggregate import Aggregate, Tally
from aftersales.common.back_off import back_off
from aftersales.common.events import Event
from aftersales.common.events.intake import (
    CustomerMessageDelivered,
    CustomerMessageFailed,
    CustomerMessageSent,
    Language,
)
from aftersales.common.fields import shared_fields
from aftersales.intake.archive.domain.customer import Customer
from aftersales.intake.vocabulary import Channel
from aftersales.policy.business_time import next_open
from aftersales.policy.calendars import outside_hours
from aftersales.values import Line, Value
from aftersales.values.errors import DomainError
from aftersales.values.personal import MASKED_ACCOUNT, MASKED_NAME, MASKED_TEXT

from .template import Template, TemplateCode

MessageState = Literal["waiting", "sending", "to_send", "sent", "delivered", "unreachable", "expired", "suppressed"]
"""`waiting`: planned later, such as after quiet hours; `sending`: a gateway sends it; `to_send`: somebody must tell the
customer; `sent`: a gateway accepted it, or somebody told the customer; `unreachable`: no channel is known, or all have
failed; `suppressed`: the customer refused it, or no gateway has a channel for it."""
MESSAGE_ENDS: tuple[MessageState, ...] = ("delivered", "unreachable", "expired", "suppressed")
ANSWERABLE: tuple[Channel, ...] = ("phone", "email", "chat", "message", "social")
"""Channels on which a customer who used them can be answered."""
GATEWAY = "gateway"
"""The `by` of attempts that a gateway made."""
GATEWAY_TRIES = 3
"""How often a gateway that fails for the moment is tried before the next channel."""
_FIRST_PAUSE, _LONGEST_PAUSE = 60, 900


class Report(Value):
    """A report that names its channel, so that a failure reported twice skips none."""

    channel: Channel
    """The channel that was used."""


class Failure(Report):
    why: Line
    """The reason why the customer was not reached."""


class Attempt(Value):
    channel: Channel
    reached: bool
    why: str = ""
    by: str
    at: datetime
    again: bool = False
    """Whether the same channel may work later."""


class CustomerMessage(Aggregate):
    """A message to a customer about a request, a product, or an entitlement."""

    COLLECTION: ClassVar[str] = "messages"

    request: str
    """The number of the request; empty if it is about none."""
    customer: str
    template: TemplateCode
    params: dict[str, str]
    channels: tuple[Channel, ...]
    """The channels to try, in this order."""
    channel: Channel | None
    """The channel to use now or that was used; None before it is planned, and when all have failed."""
    state: MessageState
    attempts: tuple[Attempt, ...] = ()
    created_at: datetime
    expires_at: datetime | None = None
    """The time after which it is of no use."""
    changed_at: datetime | None = None
    """The time of the last change of its state."""

    def derived_events(self, before: Aggregate | None) -> Iterable[Event]:
        """Yield what became of it, without personal data."""
        if not self.changed_at or (isinstance(before, CustomerMessage) and before.state == self.state):
            return
        shared = shared_fields(self, CustomerMessageSent)
        about = shared | {"message": self.id, "channel": self.channel or "", "at": self.changed_at}
        if self.state == "sent":
            yield CustomerMessageSent(**about)
        elif self.state == "delivered":
            yield CustomerMessageDelivered(**about)
        elif self.state in MESSAGE_ENDS:
            yield CustomerMessageFailed(**about, reason=self.state)

    def tallies(self, before: Aggregate | None) -> Iterable[Tally]:
        """Yield each new attempt, and the end, by channel and template."""
        known = len(before.attempts) if isinstance(before, CustomerMessage) else 0
        for attempt in self.attempts[known:]:
            yield self._tally("sent" if attempt.reached else "failed", attempt.channel, attempt.by)
        if self.state in MESSAGE_ENDS and not (isinstance(before, CustomerMessage) and before.state == self.state):
            yield self._tally(self.state, self.channel or "none", "")

    def _tally(self, outcome: str, channel: str, by: str) -> Tally:
        way = GATEWAY if by == GATEWAY else "desk" if by else ""
        labels = {"channel": channel, "outcome": outcome, "template": self.template, "way": way}
        return Tally(name="customer_messages", labels=tuple(labels.items()))


class Reach(NamedTuple):
    """How the customer can be reached: what the archive, the policy and the settings say."""

    customer: Customer
    gateways: frozenset[Channel] = frozenset()
    """Channels with a gateway."""
    order: Sequence[str] = ()
    """The order in which the policy tries channels (INT-1)."""
    own: Channel | None = None
    """The channel of the request."""
    unreachable: bool = False
    """Whether the request says that its customer cannot be reached, such as an anonymous letter (INT-2)."""
    before: Iterable[CustomerMessage] = ()
    """Earlier messages to the customer."""
    quiet: str = ""
    """Quiet hours of the policy and of the customer."""
    zone: str = "UTC"


class WordedMessage(CustomerMessage):
    """A message with everything that its sender needs; the name and the text are looked up, and are in no event."""

    name: Annotated[str, MASKED_NAME]
    to: Annotated[str, MASKED_ACCOUNT]
    """The number or address for `channel`; empty if the archive has none."""
    language: Language
    text: Annotated[str, MASKED_TEXT]


def plan_message(message: CustomerMessage, template: Template, reach: Reach, now: datetime) -> CustomerMessage:
    """Choose the channel and the time: after quiet hours, and by the next channel when one has failed (INT-1)."""
    if message.expires_at and message.expires_at <= now:
        return _end(message, "expired", now)
    if template.purpose == "courtesy" and _refused(reach.customer, "notices"):
        return _end(message, "suppressed", now)
    channels = tuple(
        channel
        for channel in channels_of(reach)
        if (template.desk or channel in reach.gateways) and not _refused(reach.customer, f"notices-by-{channel}")
    )
    given_up = _given_up(message.attempts)
    left = [channel for channel in channels if channel not in given_up]
    if not left:
        lost = message.attempts or not channels_of(reach)
        return _end(message.but(channels=channels), "unreachable" if lost else "suppressed", now)
    allowed = None if template.any_hour else outside_hours(reach.quiet, reach.zone)
    starts_at = next_open(allowed, now) if allowed else now
    if starts_at > now:
        return message.but(channels=channels, channel=None, state="waiting", wake_at=starts_at)
    state: MessageState = "sending" if left[0] in reach.gateways else "to_send"
    planned = message.but(channels=channels, channel=left[0], state=state, wake_at=message.expires_at)
    return planned.but(changed_at=now)


def suppress_message(message: CustomerMessage) -> CustomerMessage:
    """Send it to nobody any more; its customer's data was erased (ALL-6)."""
    return message if message.state in MESSAGE_ENDS else message.but(state="suppressed", channel=None, wake_at=None)


def channels_of(reach: Reach) -> tuple[Channel, ...]:
    """List the customer's channels: gateways first, then the preferred one or the request's own, then the policy's.

    Channels that failed in earlier messages come last.
    """
    if reach.unreachable:
        return ()
    customer = reach.customer
    own = customer.preferred_channel or reach.own
    answerable = reach.own in ANSWERABLE and (bool(customer.phone) or reach.own not in {"phone", "message"})
    known: list[Channel] = [reach.own] if reach.own and answerable else []
    if customer.phone:
        known += ["phone", "message"]
    elif customer.dialled:
        known += ["phone"]  # a text would be read by the others who share the number
    if customer.email:
        known += ["email"]
    if customer.address:
        known += ["letter"]
    failed, ranks = failed_channels(reach.before), {channel: rank for rank, channel in enumerate(reach.order)}

    def weight(channel: Channel) -> tuple[bool, bool, bool, int]:
        return channel in failed, channel not in reach.gateways, channel != own, ranks.get(channel, len(ranks))

    return tuple(sorted(dict.fromkeys(known), key=weight))


def failed_channels(messages: Iterable[CustomerMessage]) -> frozenset[Channel]:
    """Return the channels whose last attempt did not reach the customer."""
    attempts = sorted((attempt for message in messages for attempt in message.attempts), key=lambda one: one.at)
    last = {attempt.channel: attempt.reached for attempt in attempts}
    return frozenset(channel for channel, reached in last.items() if not reached)


def record_handover(message: CustomerMessage, problem: str, now: datetime, *, again: bool = False) -> CustomerMessage:
    """Record the answer of the gateway; with a `problem` it is planned again, at once or after a pause."""
    if message.state != "sending" or message.channel is None:
        return message
    attempt = Attempt(channel=message.channel, reached=not problem, why=problem, by=GATEWAY, at=now, again=again)
    tried = message.but(attempts=(*message.attempts, attempt), changed_at=now)
    if not problem:
        return tried.but(state="sent", wake_at=None)
    pause = back_off(len(tried.attempts) - 1, _FIRST_PAUSE, _LONGEST_PAUSE) if again else 0
    return tried.but(state="waiting", wake_at=now + timedelta(seconds=pause))


def record_told(message: CustomerMessage, report: Report, by: str, now: datetime) -> CustomerMessage:
    """Record that somebody told the customer."""
    _must_be_current(message, report, "to_send")
    attempt = Attempt(channel=report.channel, reached=True, by=by, at=now)
    return message.but(state="sent", attempts=(*message.attempts, attempt), wake_at=None, changed_at=now)


def record_arrival(message: CustomerMessage, report: Report, now: datetime) -> CustomerMessage:
    """Record that the message arrived; repeating it changes nothing."""
    if message.state == "delivered":
        return message
    _must_be_current(message, report, "sent", "sending")
    return message.but(state="delivered", wake_at=None, changed_at=now)


def record_failure(message: CustomerMessage, failure: Failure, by: str, now: datetime) -> CustomerMessage:
    """Record that the customer was not reached, or that a message that was sent did not arrive (INT-1)."""
    _must_be_current(message, failure, "to_send", "sent")
    attempt = Attempt(channel=failure.channel, reached=False, why=failure.why, by=by, at=now)
    return message.but(attempts=(*message.attempts, attempt), state="waiting", changed_at=now)


def _given_up(attempts: Sequence[Attempt]) -> frozenset[Channel]:
    """Return the channels that are not tried again for this message."""
    failed = [attempt for attempt in attempts if not attempt.reached]
    tries = {attempt.channel: sum(one.channel == attempt.channel for one in failed) for attempt in failed}
    return frozenset(one.channel for one in failed if not one.again or tries[one.channel] >= GATEWAY_TRIES)


def _refused(customer: Customer, purpose: str) -> bool:
    """Whether the customer's last word about this purpose is no (ALL-6)."""
    said = [consent.given for consent in customer.consents if consent.purpose == purpose]
    return bool(said) and not said[-1]


def _end(message: CustomerMessage, state: MessageState, now: datetime) -> CustomerMessage:
    return message.but(state=state, channel=None, wake_at=None, changed_at=now)


def _must_be_current(message: CustomerMessage, report: Report, *states: MessageState) -> None:
    if message.state not in states:
        raise DomainError("message.done", message=message.id, state=message.state)
    if report.channel != message.channel:
        raise DomainError("message.other_channel", message=message.id, channel=message.channel)
