"""The parking place: messages that could not be handled, with the reason, until somebody decides (dead letters)."""

import hashlib
from datetime import datetime
from typing import Any, ClassVar

from pydantic import Field

from aftersales.common.aggregate import Aggregate
from aftersales.common.mongo import Index
from aftersales.common.relay import Outgoing
from aftersales.common.values import uuid7
from aftersales.common.work import Work


class ParkedMessage(Aggregate):
    """A message as it came, why it is here, how often it was tried, and when first and last."""

    COLLECTION: ClassVar[str] = "parked"

    branch: str = "-"
    queue: str
    event_id: str
    event_type: str
    reason: str
    """A code: of the rule that refused it, `event.malformed`, `delivery_limit`, or the exception's name."""
    params: dict[str, Any] = Field(default_factory=dict)
    attempts: int
    first_at: datetime
    last_at: datetime
    times: int = 1
    body: bytes


def parked_id(event_id: str) -> str:
    """The event's own id, or a digest of one that cannot stand in a path."""
    return event_id if event_id.isascii() and "/" not in event_id else hashlib.sha256(event_id.encode()).hexdigest()


INDEXES = (Index("reason", "_id"), Index("event_type", "_id"))


async def park(work: Work, message: ParkedMessage) -> ParkedMessage:
    """Keep the message; the same one again only counts up (its acknowledgement may have been lost)."""
    known = await work.get(ParkedMessage, message.id)
    if known is None:
        return work.put(message)
    return work.put(
        known.but(
            reason=message.reason,
            params=message.params,
            attempts=message.attempts,
            last_at=message.last_at,
            times=known.times + 1,
        )
    )


async def replay(work: Work, id: str) -> ParkedMessage:
    """Send it once more to the queue that failed (no other service sees it again), and forget it here."""
    parked = await work.need(ParkedMessage, id)
    work.delete(parked)
    work.send(Outgoing(uuid7(), "", parked.queue, parked.body))
    return parked


async def drop(work: Work, id: str) -> ParkedMessage:
    """Give it up for good; the audit trail keeps who did and when."""
    parked = await work.need(ParkedMessage, id)
    work.delete(parked)
    return parked
