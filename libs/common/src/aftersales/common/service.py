"""What a service declares: its table of events in, and everything else that makes it different from the others.

`runtime` runs it, `http.app` builds its application.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Concatenate, TypeVar

from fastapi import APIRouter

from aftersales.common.aggregate import Aggregate
from aftersales.common.dead_letters import StoredDeadLetter
from aftersales.common.events import Event
from aftersales.common.mongo import Index
from aftersales.common.partners import Sources
from aftersales.common.policies import PolicyCatalogue
from aftersales.common.retained import Retained
from aftersales.common.settings import ServiceSettings
from aftersales.common.timers import Timer
from aftersales.common.work import DocumentRefs, UnitOfWork
from aftersales.common.work.use_case import preload_of

E = TypeVar("E", bound=Event)
Refused = Callable[[UnitOfWork, StoredDeadLetter], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Consumer:
    """What a service does with one type of event."""

    kind: type[Event]
    handle: Callable[..., Awaitable[Any]]
    """Called with the work and the event; where there is a `receipt`, also with the `partners.Sender`."""
    preload: Callable[[Any], DocumentRefs]
    receipt: type[Aggregate] | None = None
    """Of partners' events: the kind of document that says what became of each, loaded along."""


def consume_event(
    kind: type[E],
    handle: Callable[Concatenate[UnitOfWork, E, ...], Awaitable[Any]],
    receipt: type[Aggregate] | None = None,
) -> Consumer:
    """A row of a service's table of events in; the documents that the handler preloads are loaded with the group's."""
    return Consumer(kind, handle, preload_of(handle), receipt)


@dataclass(frozen=True)
class Service:
    """Everything that makes one service different from the others."""

    name: str
    settings: ServiceSettings
    indexes: Mapping[type[Aggregate], Sequence[Index]]
    router: APIRouter
    produces: Sequence[type[Event]]
    consumers: Sequence[Consumer] = ()
    timers: Sequence[Timer] = ()
    clocked: Sequence[type[Aggregate]] = ()
    """Kinds whose documents carry SLA clocks."""
    catalogue: PolicyCatalogue = field(default_factory=PolicyCatalogue)
    """The service policies, as this process knows them."""
    seeds: Sequence[Aggregate] = field(default=())
    """Documents that must exist; planted at the start where they are missing."""
    refused: Refused | None = None
    """What else is done with a partner's event that is refused; in the transaction that parks it (INT-12)."""
    partners: Sources = field(default_factory=dict)
    """Who may send partners' events, of which sources."""
    uploads: Mapping[str, int] = field(default_factory=dict)
    """Paths, as regular expressions, whose bodies may be larger than `max_body`: in bytes."""
    retained: Sequence[Retained] = ()
    """Kinds of documents that can be archived once they have ended."""
    files: type[Aggregate] | None = None
    """Kind of document that stands for a stored file of its id; bytes without one are removed after a day."""
