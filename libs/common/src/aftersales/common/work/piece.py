"""A piece of work (an HTTP command, a delivered event, a due timer) and what its handler may do."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from operator import attrgetter
from typing import TYPE_CHECKING, Any, TypeVar, cast

from aftersales.common.aggregate import Aggregate, Tally
from aftersales.common.archive.retained import Archived, archived_id
from aftersales.common.errors import Gone, NotFound
from aftersales.common.events import Event
from aftersales.common.mongo import Document
from aftersales.common.outgoing import Outgoing

if TYPE_CHECKING:
    from aftersales.common.work.group import Group

A = TypeVar("A", bound=Aggregate)
Which = str | Mapping[str, Any]
Then = Callable[[Any], Iterable["Need"]]
Need = tuple[type[Aggregate], Which] | tuple[type[Aggregate], Which, Then]
Needs = Sequence[Need]
"""Documents, each by its id, or all whose fields equal these; `then` names what each of those found leads to."""
Key = tuple[str, str]


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
class Piece:
    """One thing to do. `run` may be called several times; only its last run counts."""

    run: Callable[["Work"], Awaitable[Any]]
    why: str
    actor: str
    correlation: str
    causation: str = ""
    traceparent: str | None = None
    inbox: str | None = None
    """The id under which this event is remembered, so that its effect happens once."""
    parks: bool = False
    """Whether it parks the event of that id instead of handling it; one that was handled is not parked."""
    answer: AnswerKey | None = None
    needs: Needs = ()
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


class Work:
    """What a handler works with: a view of the documents as of now, and the changes it stages.

    Nothing is written before the handler returns; if it raises, its changes are dropped and nothing
    else of the group is.
    """

    def __init__(self, group: "Group", piece: Piece, now: datetime) -> None:
        self._group, self._correlation = group, piece.correlation
        self.now = now
        self.actor = piece.actor
        self.message = piece.inbox
        """The id under which the event that is handled is remembered; None for a command or a timer."""
        self.was_parked = group.is_parked(piece.inbox)
        """Whether a message with that id has been parked, and none handled since."""
        self.changes: dict[Key, Aggregate | None] = {}
        self.events: list[tuple[Aggregate, Event]] = []
        self.outgoing: list[Outgoing] = []
        self.tallies: list[Tally] = []

    async def get(self, kind: type[A], id: str) -> A | None:
        """The document as this group has it now, or None. Raises `Gone` where it was archived."""
        key = (kind.COLLECTION, id)
        state = self.changes[key] if key in self.changes else await self._group.documents.get(kind, id)
        if state is None and kind.COLLECTION in self._group.archivable:
            await self._check_archived(archived_id(kind, id))
        return cast("A | None", state)

    async def _check_archived(self, document: str) -> None:
        if await self.get(Archived, document):
            raise Gone("archive.archived", document=document)

    async def need(self, kind: type[A], id: str) -> A:
        """The document. Raises `NotFound` with the code `<collection>.unknown`."""
        state = await self.get(kind, id)
        if state is None:
            raise NotFound(f"{kind.COLLECTION}.unknown", id=id)
        return state

    async def several(self, kind: type[A], ids: Sequence[str]) -> list[A]:
        """The documents with these ids, in this order, read in one round trip. Raises `NotFound` as `need` does."""
        await self._group.documents.load([(kind, id) for id in ids], ())
        return [await self.need(kind, id) for id in ids]

    async def find(self, kind: type[A], **equal: Any) -> list[A]:
        """Documents whose fields equal these (a list field: contains), with what this group staged, by id."""
        found: dict[str, Aggregate | None] = {
            state.id: state for state in await self._group.documents.find(kind, equal)
        }
        found |= {id: state for (collection, id), state in self.changes.items() if collection == kind.COLLECTION}
        return [cast("A", found[id]) for id in sorted(found) if matches(found[id], equal)]

    async def page(self, kind: type[A], where: Document, limit: int = 0) -> list[A]:
        """Documents that match a filter in the database, by id: for walks through what is too much to load at once.

        They come as this group has them now, though it may have changed what the filter goes by.
        """
        return await self._group.documents.page(kind, where, limit)

    def put(self, state: A, *events: Event) -> A:
        """Stage the document and the events that its change caused; they are committed together."""
        changes: dict[str, Any] = {"version": state.version + 1, **state.derived()}
        if state.OF_CONTACT and not state.correlation:
            changes["correlation"] = self._correlation
        after = state.model_copy(update=changes)
        self.changes[after.COLLECTION, after.id] = after
        self.events += [(after, event) for event in events]
        return after

    def put_back(self, state: Aggregate) -> None:
        """Stage a document as it once was, out of the archive; what it counted then is not counted again."""
        self.changes[state.COLLECTION, state.id] = state
        self.tallies += [tally.model_copy(update={"amount": -tally.amount}) for tally in state.tallies(None)]

    def is_new(self, state: Aggregate) -> bool:
        """Whether this piece has made the document."""
        slot = self._group.documents.slots.get((state.COLLECTION, state.id))
        return slot is None or slot.current is None

    def is_staged(self, state: Aggregate) -> bool:
        """Whether a piece that is not committed yet has left the document as it is: it may never be true."""
        key = (state.COLLECTION, state.id)
        slot = self._group.documents.slots.get(key)
        return key in self.changes or slot is None or slot.document is not None

    def delete(self, state: Aggregate) -> None:
        """Stage the removal of a document that has served its purpose."""
        self.changes[state.COLLECTION, state.id] = None

    def send(self, message: Outgoing) -> None:
        """Stage a message that is not an event of ours (the replay of a parked one)."""
        self.outgoing.append(message)

    def tally(self, name: str, amount: float = 1, **labels: str) -> None:
        """Stage a count (for Prometheus) that must agree with the database to the item."""
        self.tallies.append(Tally(name=name, labels=tuple(sorted(labels.items())), amount=amount))

    async def number(self, prefix: str) -> str:
        """A fresh number for people, such as `SR-261122-7K3F`."""
        return await self._group.numbers.next(prefix, self.now)


def matches(state: Aggregate | None, equal: Mapping[str, Any]) -> bool:
    """MongoDB's equality, on a document in memory; `a.b` is a field of a field."""
    if state is None:
        return False
    for name, wanted in equal.items():
        value = attrgetter(name)(state)
        if value != wanted and not (isinstance(value, tuple) and wanted in value):
            return False
    return True
