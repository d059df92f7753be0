"""The parking place: messages that could not be handled, with the reason, until somebody decides (dead letters)."""

import hashlib
from collections.abc import Sequence
from datetime import datetime
from typing import Any, ClassVar

from pydantic import Field

from aftersales.common.aggregate import Aggregate
from aftersales.common.mongo import Index
from aftersales.common.outgoing import Outgoing
from aftersales.common.work import Work
from aftersales.values import Value, uuid7
from aftersales.values.errors import DomainError

ORIGIN = "x-origin"
"""Header of what is sent again: the exchange where the message was first published."""
ORIGIN_USER = "x-origin-user"
"""Header of what is sent again: the RabbitMQ user who first published it."""
NEVER_REPLAYED = frozenset({"event.not_for_partners"})
"""Reasons that no repetition mends: a partner may not state what only we can know."""
_HEAD_BYTES = 65_536


class Target(Value):
    """Where a message of ours was to go that RabbitMQ refused; without an exchange, `key` is a queue."""

    exchange: str
    key: str
    headers: dict[str, Any] = Field(default_factory=dict)


class ParkedMessage(Aggregate):
    """A message as it came, why it is here, how often it was tried, and when first and last."""

    COLLECTION: ClassVar[str] = "parked"

    branch: str = "-"
    queue: str
    exchange: str = ""
    """Where it was first published; empty where nobody knows."""
    user: str = ""
    """The RabbitMQ user who published it there; empty where nobody said so."""
    event_id: str
    """The id under which the event is remembered, or the digest of a message that has none."""
    event_type: str
    reason: str
    """A code: of the rule that refused it, `event.malformed`, `delivery_limit`, or the exception's name."""
    params: dict[str, Any] = Field(default_factory=dict)
    attempts: int
    first_at: datetime
    last_at: datetime
    times: int = 1
    digest: str = ""
    """SHA-256 of the whole body, as hex."""
    incomplete: bool = False
    """Whether `body` is only the beginning: the message could not be stored whole."""
    body: bytes
    target: Target | None = None
    """Of a message of ours that RabbitMQ refused (`publish.refused`): it is sent there again."""
    timer: str | None = None
    """Of a timer whose handler failed: the collection of the document, which `event_id` names as `collection/id`."""


def body_digest(body: bytes) -> str:
    return hashlib.sha256(body).hexdigest()


def parked_id(event_id: str, body: bytes) -> str:
    """Names one message: another one that uses the same event id is parked beside it. 20 hex digits."""
    return hashlib.sha256(event_id.encode(errors="surrogatepass") + b"\0" + body).hexdigest()[:20]


def stub(message: ParkedMessage, error: BaseException) -> ParkedMessage:
    """What is left of a message that could not be parked whole: plain values, and the beginning of its body."""
    return message.but(
        event_id=_plain(message.event_id),
        event_type=_plain(message.event_type),
        reason=_plain(message.reason),
        params={"not_stored": _plain(f"{type(error).__name__}: {error}"), "bytes": len(message.body)},
        first_at=message.last_at,
        incomplete=len(message.body) > _HEAD_BYTES,
        body=message.body[:_HEAD_BYTES],
    )


def _plain(text: str) -> str:
    """Text that every store takes: no lone surrogate, and not too long."""
    return text.encode(errors="replace").decode()[:300]


INDEXES = (Index("reason", "_id"), Index("event_type", "_id"), Index("event_id", "_id"))


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


async def forget(work: Work, event_id: str, body: bytes) -> None:
    """The message is handled after all: it is parked no longer."""
    if parked := await work.get(ParkedMessage, parked_id(event_id, body)):
        work.delete(parked)


async def replay(work: Work, id: str, woken: Sequence[type[Aggregate]] = ()) -> ParkedMessage:
    """Send it once more to the queue that failed (no other service sees it again), and forget it here.

    A timer rings again at once, where its kind of document is among `woken`.
    Raises `DomainError` for what may never come true, and for a message of which only the beginning was kept.
    """
    parked = await work.need(ParkedMessage, id)
    if parked.reason in NEVER_REPLAYED:
        raise DomainError("dead.never_replayed", id=id, reason=parked.reason)
    if parked.incomplete:
        raise DomainError("dead.incomplete", id=id, digest=parked.digest)
    work.delete(parked)
    if parked.timer is None:
        work.send(_again(parked))
    for kind in woken:
        if parked.timer == kind.COLLECTION and (state := await work.get(kind, _document(parked))):
            work.put(state.but(wake_at=work.now))
    return parked


def _document(parked: ParkedMessage) -> str:
    return parked.event_id.removeprefix(f"{parked.timer}/")


def _again(parked: ParkedMessage) -> Outgoing:
    if target := parked.target:
        return Outgoing(uuid7(), target.exchange, target.key, parked.body, target.headers)
    return Outgoing(uuid7(), "", parked.queue, parked.body, {ORIGIN: parked.exchange, ORIGIN_USER: parked.user})


async def drop(work: Work, id: str) -> ParkedMessage:
    """Give it up for good; the audit trail keeps who did and when."""
    parked = await work.need(ParkedMessage, id)
    work.delete(parked)
    return parked
