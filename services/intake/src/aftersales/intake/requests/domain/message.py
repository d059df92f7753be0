"""Messages to customers, tried on one channel after another until one reaches them (INT-1, INT-10).

The sender (a desk or a gateway) reads the template's text and the customer's phone number or address from intake, and
reports the result.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import ClassVar, Literal, NamedTuple

from aftersales.common.aggregate import Aggregate
from aftersales.common.events.intake import Language
from aftersales.intake.archive.domain.customer import Customer
from aftersales.intake.vocabulary import Channel
from aftersales.values import Line, Value
from aftersales.values.errors import DomainError
from aftersales.values.messages import render_message

from .request import ServiceRequest

Template = Literal["told_of_escalation"]
MessageState = Literal["to_send", "sent", "unreachable"]
"""`to_send`: somebody must send it; `unreachable`: all channels have failed."""
ANSWERABLE: tuple[Channel, ...] = ("phone", "email", "chat", "message", "social")
"""Channels on which a customer who used them can be answered."""


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


class CustomerMessage(Aggregate):
    """A message to a customer about a request."""

    COLLECTION: ClassVar[str] = "messages"

    request: str
    customer: str
    template: Template
    params: dict[str, str]
    channels: tuple[Channel, ...]
    """The channels to try, in this order."""
    channel: Channel | None
    """The channel to use now or that was used; None when all have failed."""
    state: MessageState
    attempts: tuple[Attempt, ...] = ()
    created_at: datetime


class Tries(NamedTuple):
    """Earlier messages to the customer, and the order in which the policy tries channels (INT-1)."""

    before: Iterable[CustomerMessage] = ()
    order: Sequence[str] = ()


def compose_message(
    id: str, request: ServiceRequest, customer: Customer, tries: Tries, now: datetime
) -> CustomerMessage:
    """Create the message about the newest escalation, starting with a channel that did not fail before."""
    channels = channels_of(request, customer, failed_channels(tries.before), tries.order)
    return CustomerMessage(
        id=id,
        branch=request.branch,
        request=request.id,
        customer=customer.id,
        template="told_of_escalation",
        params={"request": request.id, "level": request.escalations[-1].level},
        channels=channels,
        channel=channels[0] if channels else None,
        state="to_send" if channels else "unreachable",
        created_at=now,
    )


class WordedMessage(CustomerMessage):
    """A message with everything that its sender needs; the name and the text are looked up, and are in no event."""

    name: str
    to: str
    """The number or address for `channel`; empty if the archive has none."""
    language: Language
    text: str


def put_into_words(
    message: CustomerMessage, customer: Customer, titles: Mapping[str, Mapping[str, str]], fallback: Language
) -> WordedMessage:
    """Write the message in the customer's language; `titles` are the titles of levels, by level and language."""
    language = customer.language or fallback
    level = message.params["level"]
    text = render_message(
        "message.told_of_escalation",
        language,
        {
            "customer": customer.name,
            "request": message.params["request"],
            "level": titles.get(level, {}).get(language, level),
        },
    )
    to = {"phone": customer.phone, "message": customer.phone, "letter": customer.address, "email": customer.email or ""}
    to |= dict.fromkeys(("chat", "social"), customer.chat_id or customer.wechat or "")
    about = {"name": customer.name, "to": to.get(message.channel or "", ""), "language": language, "text": text}
    return WordedMessage.model_construct(**dict(message) | about)


def channels_of(
    request: ServiceRequest, customer: Customer, failed: frozenset[Channel], order: Sequence[str] = ()
) -> tuple[Channel, ...]:
    """List the customer's channels: the request's own, then those in the archive in the policy's order (INT-1).

    Channels that failed come last.
    """
    if request.unreachable:
        return ()
    own = request.channel in ANSWERABLE and (bool(customer.phone) or request.channel not in {"phone", "message"})
    known: list[Channel] = [request.channel] if own else []
    if customer.phone:
        known += ["phone", "message"]
    if customer.email:
        known += ["email"]
    if customer.address:
        known += ["letter"]
    ranks = {channel: rank for rank, channel in enumerate(order)}

    def weight(channel: Channel) -> tuple[bool, bool, int]:
        return channel in failed, channel != request.channel, ranks.get(channel, len(ranks))

    return tuple(sorted(dict.fromkeys(known), key=weight))


def failed_channels(messages: Iterable[CustomerMessage]) -> frozenset[Channel]:
    """Return the channels whose last attempt did not reach the customer."""
    attempts = sorted((attempt for message in messages for attempt in message.attempts), key=lambda one: one.at)
    last = {attempt.channel: attempt.reached for attempt in attempts}
    return frozenset(channel for channel, reached in last.items() if not reached)


def record_delivery(message: CustomerMessage, report: Report, by: str, now: datetime) -> CustomerMessage:
    _must_be_current(message, report)
    attempt = Attempt(channel=report.channel, reached=True, by=by, at=now)
    return message.but(state="sent", attempts=(*message.attempts, attempt))


def not_reached(message: CustomerMessage, failure: Failure, by: str, now: datetime) -> CustomerMessage:
    """Move on to the next channel (INT-1); after the last one the customer is unreachable."""
    _must_be_current(message, failure)
    attempts = (*message.attempts, Attempt(channel=failure.channel, reached=False, why=failure.why, by=by, at=now))
    tried = {attempt.channel for attempt in attempts}
    following = next((channel for channel in message.channels if channel not in tried), None)
    return message.but(attempts=attempts, channel=following, state="to_send" if following else "unreachable")


def _must_be_current(message: CustomerMessage, report: Report) -> None:
    if message.state != "to_send":
        raise DomainError("message.done", message=message.id, state=message.state)
    if report.channel != message.channel:
        raise DomainError("message.other_channel", message=message.id, channel=message.channel)
