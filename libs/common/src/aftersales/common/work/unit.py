"""The unit of work, with which a handler reads documents and stages changes, events and tallies."""

from collections.abc import Sequence
from copy import copy
from datetime import datetime
from typing import Any, NamedTuple, TypeVar, cast

from aftersales.common.aggregate import Aggregate, Tally
from aftersales.common.events import Event
from aftersales.common.mongo import Document
from aftersales.common.mongo.reads import narrow_stages
from aftersales.common.outgoing import Outgoing
from aftersales.common.retained import Archived, archived_id
from aftersales.common.scope import WHOLE_NETWORK, Scope
from aftersales.common.work.identity import IdentityMap, Key, matches_filter
from aftersales.common.work.numbers import Numbers
from aftersales.values.errors import Forbidden, Gone, NotFound

A = TypeVar("A", bound=Aggregate)


class Trigger(NamedTuple):
    """The event, command or timer of a handler."""

    actor: str
    correlation: str
    message: str | None = None
    """The id under which the inbox stores the event; None for a command or a timer."""
    was_dead_letter: bool = False
    """Whether a message with that id became a dead letter and none has been handled since."""
    scope: Scope = WHOLE_NETWORK
    """The branches of the caller."""


class UnitOfWork:
    """The documents as a handler reads them now, and the changes that it stages.

    Nothing is written before the handler returns. If it raises, its changes are dropped, and the other jobs of the
    group are not affected. What is outside the scope of the caller is not found, and cannot be created (ALL-2).
    """

    def __init__(self, documents: IdentityMap, numbers: Numbers, trigger: Trigger, now: datetime) -> None:
        self._documents, self._numbers = documents, numbers
        self._correlation, self.actor = trigger.correlation, trigger.actor
        self.message, self.was_dead_letter = trigger.message, trigger.was_dead_letter
        self.scope = trigger.scope
        self.now = now
        self.changes: dict[Key, Aggregate | None] = {}
        self.events: list[tuple[Aggregate, Event]] = []
        self.outgoing: list[Outgoing] = []
        self.tallies: list[Tally] = []
        self.erased: set[Key] = set()
        """Documents whose values before and after are not stored."""

    @property
    def beyond_scope(self) -> "UnitOfWork":
        """This unit of work for what a rule must know or change in any branch, whoever the caller is."""
        other = copy(self)
        other.scope = WHOLE_NETWORK
        return other

    async def get(self, kind: type[A], id: str) -> A | None:
        """Return the document as this group has it now, or None. Raises `Gone` if it was archived."""
        key = (kind.COLLECTION, id)
        state = self.changes[key] if key in self.changes else await self._documents.get(kind, id)
        if state and key not in self.changes and not self.scope.sees(state):
            return None
        if state is None and kind.COLLECTION in self._documents.archivable:
            await self._check_archived(archived_id(kind, id))
        return cast("A | None", state)

    async def _check_archived(self, document: str) -> None:
        if await self.get(Archived, document):
            raise Gone("archive.archived", document=document)

    async def require(self, kind: type[A], id: str) -> A:
        """Return the document. Raises `NotFound` with the code `<collection>.unknown`."""
        state = await self.get(kind, id)
        if state is None:
            raise NotFound(f"{kind.COLLECTION}.unknown", id=id)
        return state

    async def several(self, kind: type[A], ids: Sequence[str]) -> list[A]:
        """Return the documents with these ids, in this order, in one round trip. Raises `NotFound` like `require`."""
        await self._documents.load([(kind, id) for id in ids], ())
        return [await self.require(kind, id) for id in ids]

    async def find(self, kind: type[A], **equal: Any) -> list[A]:
        """Return documents whose fields equal these (a list field: contains), with this group's changes, by id."""
        found: dict[str, Aggregate | None] = {state.id: state for state in await self._documents.find(kind, equal)}
        found |= {id: state for (collection, id), state in self.changes.items() if collection == kind.COLLECTION}
        matching = (cast("A", found[id]) for id in sorted(found) if matches_filter(found[id], equal))
        return [state for state in matching if self.scope.sees(state)]

    async def page(self, kind: type[A], where: Document, limit: int = 0) -> list[A]:
        """Return documents that match a filter in the database, by id, to process too many to load together.

        They have this group's changes, which may include the fields in the filter.
        """
        return await self._documents.page(kind, self.scope.narrow(kind, where), limit)

    async def aggregate(self, kind: type[Aggregate], pipeline: list[Document]) -> list[Document]:
        """Return what a pipeline finds in the database, without this group's changes."""
        return await self._documents.aggregate(kind, narrow_stages(self.scope, kind, pipeline))

    def put(self, state: A, *events: Event) -> A:
        """Stage the document and the events of its change, which are committed together.

        Raises `Forbidden` for a new document of a branch that is not the caller's, `NotFound` for an existing one.
        """
        slot = self._documents.slots.get((state.COLLECTION, state.id))
        if not self.scope.sees((slot and slot.current) or state) and (state.COLLECTION, state.id) not in self.changes:
            if slot and slot.current:
                raise NotFound(f"{state.COLLECTION}.unknown", id=state.id)
            raise Forbidden("scope.other_branch", branch=state.branch)
        changes: dict[str, Any] = {"version": state.version + 1, **state.derived()}
        if state.OF_CONTACT and not state.correlation:
            changes["correlation"] = self._correlation
        after = state.model_copy(update=changes)
        self.changes[after.COLLECTION, after.id] = after
        self.events += [(after, event) for event in events]
        return after

    def erase(self, before: A, after: A | None) -> None:
        """Stage a document without its personal data, or its deletion; the audit trail stores no values of it."""
        self.erased.add((before.COLLECTION, before.id))
        if after is None:
            self.delete(before)
        else:
            self.put(after)

    def put_back(self, state: Aggregate) -> None:
        """Stage a document from the archive as it was; its tallies are not counted again."""
        self.changes[state.COLLECTION, state.id] = state
        self.tallies += [tally.model_copy(update={"amount": -tally.amount}) for tally in state.tallies(None)]

    def is_new(self, state: Aggregate) -> bool:
        """Return whether this job created the document."""
        slot = self._documents.slots.get((state.COLLECTION, state.id))
        return slot is None or slot.current is None

    def is_staged(self, state: Aggregate) -> bool:
        """Return whether the document has uncommitted changes of any job; they may never be committed."""
        key = (state.COLLECTION, state.id)
        slot = self._documents.slots.get(key)
        return key in self.changes or slot is None or slot.document is not None

    def delete(self, state: Aggregate) -> None:
        """Stage the deletion of a document."""
        self.changes[state.COLLECTION, state.id] = None

    def send(self, message: Outgoing) -> None:
        """Stage a message that is not an event of this service (the replay of a dead letter)."""
        self.outgoing.append(message)

    def tally(self, name: str, amount: float = 1, **labels: str) -> None:
        """Stage a tally for Prometheus that must agree exactly with the database."""
        self.tallies.append(Tally(name=name, labels=tuple(sorted(labels.items())), amount=amount))

    async def number(self, prefix: str) -> str:
        """Return a new number for people, such as `SR-261122-7K3F`."""
        return await self._numbers.next(prefix, self.now)
