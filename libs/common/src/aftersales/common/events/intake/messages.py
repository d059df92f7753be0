"""Messages to customers, without their words, names and numbers (INT-1)."""

from datetime import datetime

from aftersales.common.events import Event


class CustomerMessageEvent(Event):
    """The fields of every event about a message to a customer."""

    message: str
    """The id of the message."""
    request: str
    """The number of the request; empty if it is about none."""
    branch: str
    customer: str
    """The id of the customer in intake."""
    template: str
    """The code of the message, as in docs/notices.md."""
    channel: str
    """The channel that was used last; empty if there was none."""
    at: datetime


class CustomerMessageSent(CustomerMessageEvent):
    """A gateway accepted a message, or somebody told the customer (INT-1)."""

    TYPE = "intake.customer_message_sent.v1"


class CustomerMessageDelivered(CustomerMessageEvent):
    """The gateway reported that a message arrived (INT-1)."""

    TYPE = "intake.customer_message_delivered.v1"


class CustomerMessageFailed(CustomerMessageEvent):
    """A message ended without reaching the customer (INT-1)."""

    TYPE = "intake.customer_message_failed.v1"
    reason: str
    """`unreachable`, `expired`, or `suppressed` because the customer refused it or no channel was left."""
