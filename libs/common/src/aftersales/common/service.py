"""The declaration of a service. `runtime` runs it, `http.app` builds its application."""

from collections.abc import Awaitable, Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Concatenate, TypeVar

from fastapi import APIRouter

from aftersales.common.aggregate import Aggregate
from aftersales.common.clock import Clock
from aftersales.common.dead_letters import StoredDeadLetter
from aftersales.common.events import Event
from aftersales.common.mongo import Index, Mongo
from aftersales.common.partners import Sources
from aftersales.common.policies import PolicyCatalogue
from aftersales.common.privacy.holdings import Holding, PersonalData
from aftersales.common.retained import Retained
from aftersales.common.settings import ServiceSettings
from aftersales.common.sign_in.access import AccessTable, access_table
from aftersales.common.timers import Timer
from aftersales.common.work import DocumentRefs, UnitOfWork, Writer
from aftersales.common.work.use_case import preload_of

E = TypeVar("E", bound=Event)
Refused = Callable[[UnitOfWork, StoredDeadLetter], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Consumer:
    """The handler of a service for one type of event."""

    kind: type[Event]
    handle: Callable[..., Awaitable[Any]]
    """Called with the unit of work and the event; with a `receipt`, also with the `partners.Sender`."""
    preload: Callable[[Any], DocumentRefs]
    receipt: type[Aggregate] | None = None
    """For partners' events: the kind of document that states the result of each; it is preloaded."""


def consume_event(
    kind: type[E],
    handle: Callable[Concatenate[UnitOfWork, E, ...], Awaitable[Any]],
    receipt: type[Aggregate] | None = None,
) -> Consumer:
    """Return a consumer of one type of event, with the documents that the handler preloads."""
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
    """Kinds of documents with SLA clocks."""
    catalogue: PolicyCatalogue = field(default_factory=PolicyCatalogue)
    seeds: Sequence[Aggregate] = field(default=())
    """Documents that must exist; missing ones are created at the start."""
    refused: Refused | None = None
    """Called for a partner's refused event, in the transaction that stores the dead letter (INT-12)."""
    partners: Sources = field(default_factory=dict)
    """The RabbitMQ users who may send partners' events, with their sources."""
    uploads: Mapping[str, int] = field(default_factory=dict)
    """Regular expressions of paths whose bodies may be larger than `max_body`, in bytes."""
    retained: Sequence[Retained] = ()
    """Kinds of documents that can be archived once they have ended."""
    background: Mapping[str, Callable[[Mongo, Writer, Clock], Coroutine[Any, Any, None]]] = field(default_factory=dict)
    """Further parts that run until they are cancelled, by name."""
    access: AccessTable = field(default_factory=access_table)
    """Who may call which route."""
    personal: PersonalData | None = None
    """Where personal data of customers is (ALL-6)."""
    files: type[Aggregate] | None = None
    """The kind of document that describes the stored file with its id; bytes without one are deleted after a day."""

    @property
    def holdings(self) -> Sequence[Holding]:
        """Personal data by collection."""
        return self.personal.holdings if self.personal else ()
