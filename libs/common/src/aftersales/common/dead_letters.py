"""Dead letters: messages that could not be handled, stored with the reason until somebody replays or drops them."""

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
"""Header of a message sent again: the exchange to which it was first published."""
ORIGIN_USER = "x-origin-user"
"""Header of a message sent again: the RabbitMQ user who first published it."""
NEVER_REPLAYED = frozenset({"event.not_for_partners"})
"""Reasons that a replay cannot change: a partner must not publish our own events."""
_HEAD_BYTES = 65_536


class ReplayTarget(Value):
    """Where a message of ours that RabbitMQ refused was to go; without an exchange, `key` is a queue."""

    exchange: str
    key: str
    headers: dict[str, Any] = Field(default_factory=dict)


class StoredDeadLetter(Aggregate):
    """A message as it came, with the reason, the number of attempts, and the first and last time."""

    COLLECTION: ClassVar[str] = "parked"

    branch: str = "-"
    queue: str
    exchange: str = ""
    """The exchange to which it was first published; empty if unknown."""
    user: str = ""
    """The RabbitMQ user who published it there; empty if the message names none."""
    event_id: str
    """The id under which the inbox stores the event, or the digest of a message without an id."""
    event_type: str
    reason: str
    """A code (of the rule that refused it, `event.malformed` or `delivery_limit`) or the exception's name."""
    params: dict[str, Any] = Field(default_factory=dict)
    attempts: int
    first_at: datetime
    last_at: datetime
    times: int = 1
    digest: str = ""
    """SHA-256 of the whole body, as hex."""
    incomplete: bool = False
    """Whether `body` is only the beginning, because the message could not be stored whole."""
    body: bytes
    target: ReplayTarget | None = None
    """Where to send it again, if it is a message of ours that RabbitMQ refused (`publish.refused`)."""
    timer: str | None = None
    """The collection of the document whose timer failed; `event_id` is then `collection/id`. None for a message."""


def body_digest(body: bytes) -> str:
    return hashlib.sha256(body).hexdigest()


def dead_letter_id(event_id: str, body: bytes) -> str:
    """Return the id of one message, 20 hex digits; another message with the same event id has another."""
    return hashlib.sha256(event_id.encode(errors="surrogatepass") + b"\0" + body).hexdigest()[:20]


def minimal_dead_letter(message: StoredDeadLetter, error: BaseException) -> StoredDeadLetter:
    """Return a reduced dead letter if it could not be stored whole: plain values and the beginning of its body."""
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
    """Return text that every store accepts: no lone surrogate, and not too long."""
    return text.encode(errors="replace").decode()[:300]


INDEXES = (Index("reason", "_id"), Index("event_type", "_id"), Index("event_id", "_id"))


async def store_dead_letter(work: UnitOfWork, message: StoredDeadLetter) -> StoredDeadLetter:
    """Store the message; if it is stored already, count it (its acknowledgement may have been lost)."""
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
    """Delete the dead letter of a message that was handled after all."""
    if dead_letter := await work.get(StoredDeadLetter, dead_letter_id(event_id, body)):
        work.delete(dead_letter)


async def replay_dead_letter(work: UnitOfWork, id: str, woken: Sequence[type[Aggregate]] = ()) -> StoredDeadLetter:
    """Send it again to the queue where it failed (not to other services), and delete the dead letter.

    A timer is due again immediately, if its kind of document is among `woken`. Raises `DomainError` for a reason that
    never goes away, and if only the beginning of the message was stored.
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
    """Delete a dead letter; the audit trail has who did it and when."""
    dead_letter = await work.require(StoredDeadLetter, id)
    work.delete(dead_letter)
    return dead_letter
