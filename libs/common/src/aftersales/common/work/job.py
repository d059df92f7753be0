"""A job: an HTTP command, a delivered event or a due timer."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from aftersales.common.mongo import Document
from aftersales.common.scope import WHOLE_NETWORK, Scope
from aftersales.common.work.identity import DocumentRefs
from aftersales.common.work.unit import UnitOfWork


@dataclass(frozen=True, slots=True)
class AnswerKey:
    """An Idempotency-Key as stored: a hash of caller, route and key, and a fingerprint of the request."""

    id: str
    fingerprint: str
    render: Callable[[Any], Document | None]
    """Returns what to store of the handler's result; None stores nothing, so the key can be used again."""
    also: tuple[str, ...] = ()
    """Further ids of the same thing. An answer under one of them counts, even if the request reads differently."""
    longer: timedelta = timedelta()
    """Time to store the answer beyond the usual one."""

    @property
    def ids(self) -> tuple[str, ...]:
        return self.id, *self.also


@dataclass(frozen=True, slots=True)
class Stored:
    """The stored answer to an earlier request with the same key."""

    answer: Document
    changed: bool = False
    """Whether the earlier request had other content, and was found by one of the further ids."""


class _Duplicate:
    """The result of an event that was handled before."""


DUPLICATE = _Duplicate()


@dataclass(slots=True, eq=False)
class Job:
    """A job of the writer. `run` may be called several times; only the last run counts."""

    run: Callable[[UnitOfWork], Awaitable[Any]]
    why: str
    actor: str
    correlation: str
    causation: str = ""
    subject: str = ""
    """The subject of the caller's token; empty for events, timers and without sign-in."""
    scope: Scope = WHOLE_NETWORK
    traceparent: str | None = None
    inbox: str | None = None
    """The id under which the inbox stores this event, so that it has its effect once."""
    stores_dead_letter: bool = False
    """Whether the job stores the event with that id as a dead letter; an event that was handled is not stored."""
    answer: AnswerKey | None = None
    preload: DocumentRefs = ()
    """Documents to load in one batch with those of the whole group."""
    message: bytes | None = None
    """The message as it arrived, if this is a delivery."""
    is_live: Callable[[], bool] | None = None
    """Whether the channel of the delivery is open. If not, RabbitMQ delivers the message again."""
    future: "asyncio.Future[Any]" = field(default_factory=lambda: asyncio.get_running_loop().create_future())

    def resolve(self, outcome: Any) -> None:
        """Set the outcome for the caller, unless the caller gave up."""
        if self.future.done():
            return
        if isinstance(outcome, Exception):
            self.future.set_exception(outcome)
        else:
            self.future.set_result(outcome)
