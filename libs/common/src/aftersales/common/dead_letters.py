"""The parking place: messages that could not be handled, with the reason, until somebody decides (dead letters)."""

import hashlib
from collections.abc import Sequence
from datetime import datetime
from typing import Any, ClassVar

from pydantic import Field

from aftersales.common.aggregate import Aggregate
from aftersales.common.mongo import Index
from aftersales.common.outgoing import Outgoing
from aftersales.common.work import UnitOfWork
from aftersales.values import Value, uuid7
from aftersales.values.errors import DomainError

ORIGIN = "x-origin"
"""Header of what is sent again: the exchange where the message was first published."""
ORIGIN_USER = "x-origin-user"
"""Header of what is sent again: the RabbitMQ user who first published it."""
NEVER_REPLAYED = frozenset({"event.not_for_partners"})
"""Reasons that no repetition mends: a partner may not state what only we can know."""
_HEAD_BYTES = 65_536


class ReplayTarget(Value):
    """Where a message of ours was to go that RabbitMQ refused; without an exchange, `key` is a queue."""

    exchange: str
    key: str
    headers: dict[str, Any] = Field(default_factory=dict)


class StoredDeadLetter(Aggregate):
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
    target: ReplayTarget | None = None
    """Of a message of ours that RabbitMQ refused (`publish.refused`): it is sent there again."""
    timer: str | None = None
    """Of a timer whose handler failed: the collection of the document, which `event_id` names as `collection/id`."""


def body_digest(body: bytes) -> str:
    return hashlib.sha256(body).hexdigest()


def dead_letter_id(event_id: str, body: bytes) -> str:
    """Names one message: another one that uses the same event id is parked beside it. 20 hex digits."""
    return hashlib.sha256(event_id.encode(errors="surrogatepass") + b"\0" + body).hexdigest()[:20]


def minimal_dead_letter(message: StoredDeadLetter, error: BaseException) -> StoredDeadLetter:
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


async def store_dead_letter(work: UnitOfWork, message: StoredDeadLetter) -> StoredDeadLetter:
    """Keep the message; the same one again only counts up (its acknowledgement may have been lost)."""
    known = await work.get(StoredDeadLetter, message.id)
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


async def forget_dead_letter(work: UnitOfWork, event_id: str, body: bytes) -> None:
    """The message is handled after all: it is parked no longer."""
    if dead_letter := await work.get(StoredDeadLetter, dead_letter_id(event_id, body)):
        work.delete(dead_letter)


async def replay_dead_letter(work: UnitOfWork, id: str, woken: Sequence[type[Aggregate]] = ()) -> StoredDeadLetter:
    """Send it once more to the queue that failed (no other service sees it again), and forget it here.

    A timer rings again at once, where its kind of document is among `woken`.
    Raises `DomainError` for what may never come true, and for a message of which only the beginning was kept.
    """
    dead_letter = await work.require(StoredDeadLetter, id)
    if dead_letter.reason in NEVER_REPLAYED:
        raise DomainError("dead.never_replayed", id=id, reason=dead_letter.reason)
    if dead_letter.incomplete:
        raise DomainError("dead.incomplete", id=id, digest=dead_letter.digest)
    work.delete(dead_letter)
    if dead_letter.timer is None:
        work.send(_again(dead_letter))
    for kind in woken:
        if dead_letter.timer == kind.COLLECTION and (state := await work.get(kind, _document(dead_letter))):
            work.put(state.but(wake_at=work.now))
    return dead_letter


def _document(dead_letter: StoredDeadLetter) -> str:
    return dead_letter.event_id.removeprefix(f"{dead_letter.timer}/")


def _again(dead_letter: StoredDeadLetter) -> Outgoing:
    if target := dead_letter.target:
        return Outgoing(uuid7(), target.exchange, target.key, dead_letter.body, target.headers)
    return Outgoing(
        uuid7(), "", dead_letter.queue, dead_letter.body, {ORIGIN: dead_letter.exchange, ORIGIN_USER: dead_letter.user}
    )


async def drop_dead_letter(work: UnitOfWork, id: str) -> StoredDeadLetter:
    """Give it up for good; the audit trail keeps who did and when."""
    dead_letter = await work.require(StoredDeadLetter, id)
    work.delete(dead_letter)
    return dead_letter
