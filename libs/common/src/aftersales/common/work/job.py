"""A job: an HTTP command, a delivered event or a due timer."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

from aftersales.common.mongo import Document
from aftersales.common.work.identity import DocumentRefs
from aftersales.common.work.unit import UnitOfWork


@dataclass(frozen=True, slots=True)
class AnswerKey:
    """An Idempotency-Key as stored: a hash of caller, route and key, and a fingerprint of what was asked under it."""

    id: str
    fingerprint: str
    render: Callable[[Any], Document | None]
    """What to store of the handler's result; None: nothing, it may be tried again under this key."""


@dataclass(frozen=True, slots=True)
class Stored:
    """The answer that the same key was given before."""

    answer: Document


class _Duplicate:
    """The result of an event that was handled before."""


DUPLICATE = _Duplicate()


@dataclass(slots=True, eq=False)
class Job:
    """One thing to do. `run` may be called several times; only its last run counts."""

    run: Callable[[UnitOfWork], Awaitable[Any]]
    why: str
    actor: str
    correlation: str
    causation: str = ""
    traceparent: str | None = None
    inbox: str | None = None
    """The id under which this event is remembered, so that its effect happens once."""
    stores_dead_letter: bool = False
    """Whether it parks the event of that id instead of handling it; one that was handled is not parked."""
    answer: AnswerKey | None = None
    preload: DocumentRefs = ()
    """Documents to load in one batch with those of the whole group."""
    message: bytes | None = None
    """Of a delivery: the message as it came."""
    is_live: Callable[[], bool] | None = None
    """Of a delivery: whether its channel is open. If not, RabbitMQ delivers the message again."""
    future: "asyncio.Future[Any]" = field(default_factory=lambda: asyncio.get_running_loop().create_future())

    def resolve(self, outcome: Any) -> None:
        """Tell whoever waits; a caller that gave up is not waiting."""
        if self.future.done():
            return
        if isinstance(outcome, Exception):
            self.future.set_exception(outcome)
        else:
            self.future.set_result(outcome)
