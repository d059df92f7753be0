"""A group of jobs, the changes that they stage, and the resulting writes."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from pydantic_core import to_json

from aftersales.common.aggregate import Aggregate, Tally
from aftersales.common.events import Event
from aftersales.common.mongo import Document, Mongo, Writes, document_digest, encode_document, to_document
from aftersales.common.outgoing import Outgoing, Parcel, pack_parcels
from aftersales.common.relay import OUTBOX
from aftersales.common.retained import Archived
from aftersales.common.telemetry import log
from aftersales.common.work import audit, values
from aftersales.common.work.identity import IdentityMap, Key, Read, Slot, with_ids
from aftersales.common.work.job import DUPLICATE, AnswerKey, Job, Stored
from aftersales.common.work.numbers import Numbers
from aftersales.common.work.unit import Trigger, UnitOfWork
from aftersales.values import uuid7
from aftersales.values.errors import Conflict, DomainError, Malformed, Unavailable

INBOX, ANSWERS, TALLIES = "inbox", "answers", "tallies"


@dataclass(frozen=True, slots=True)
class Origin:
    """The service of a writer, with its exchange, events and collections."""

    service: str
    exchange: str
    produces: frozenset[str]
    archivable: frozenset[str] = frozenset()
    """Collections whose documents may have been archived."""
    clocked: frozenset[str] = frozenset()
    """Collections whose documents have clocks."""
    woken: frozenset[str] = frozenset()
    """Collections that have a timer."""


class _Staged(NamedTuple):
    """A change of a job that can be encoded."""

    document: Mapping[str, Any] | None
    digest: str = ""
    values: Mapping[str, Any] | None = None


class Group:
    def __init__(self, mongo: Mongo, origin: Origin, numbers: Numbers) -> None:
        self._origin, self._numbers = origin, numbers
        self.documents = IdentityMap(mongo, origin.archivable)
        self._inbox_before: dict[str, Document] = {}
        self.answers: dict[str, Document] = {}
        self._answers_before: dict[str, Document] = {}
        self.inbox: dict[str, Document] = {}
        self._tallies: dict[tuple[str, tuple[tuple[str, str], ...]], float] = defaultdict(float)
        self._outgoing: list[Outgoing] = []
        self.audited: list[audit.Change] = []
        self._values: list[Mapping[str, Any] | None] = []
        """The values of each audited change."""
        self.parcels: list[Parcel] = []

    async def load(self, jobs: Sequence[Job]) -> None:
        """Load the documents that the jobs preload, and the rows of their inbox ids and answer keys."""
        inbox = with_ids(job.inbox for job in jobs if job.inbox)
        answers = with_ids(id for job in jobs if job.answer for id in job.answer.ids)
        others = (Read(INBOX, inbox, self._note_inbox), Read(ANSWERS, answers, self._note_answers))
        await self.documents.load([need for job in jobs for need in job.preload], others)
        if marks := [f"{collection}/{id}" for collection, id in self.documents.missing()]:
            await self.documents.load([(Archived, mark) for mark in marks], ())

    def _note_inbox(self, rows: list[Document]) -> None:
        self._inbox_before = {row["_id"]: row for row in rows}

    def _note_answers(self, rows: list[Document]) -> None:
        self._answers_before = {row["_id"]: row for row in rows}

    def follow(self, other: "Group") -> None:
        """Take over the changes of another group, which is committed before this one."""
        self.documents.follow(other.documents)
        self._inbox_before |= other.inbox
        self._answers_before |= other.answers

    def _known(self, event: str | None) -> Document | None:
        """Return the inbox row of an event, if there is one."""
        return (self.inbox.get(event) or self._inbox_before.get(event)) if event else None

    def is_dead_letter(self, event: str | None) -> bool:
        """Return whether a message with this id became a dead letter and none has been handled since."""
        row = self._known(event)
        return row is not None and "parked" in row

    async def run(self, job: Job, now: datetime) -> Any:
        """Run one job, stage its changes, and return its result or the exception that refused it."""
        if self._known(job.inbox) and not self.is_dead_letter(job.inbox):
            return DUPLICATE
        if job.answer and (old := self._answered(job.answer)):
            return _replay(job.answer, old)
        trigger = Trigger(job.actor, job.correlation, job.inbox, self.is_dead_letter(job.inbox), job.scope)
        work = UnitOfWork(self.documents, self._numbers, trigger, now)
        try:
            result = await job.run(work)
            self._accept(job, work)
        except DomainError as refusal:
            result = refusal
        except (Unavailable, Conflict):
            raise
        except Exception as bug:  # noqa: BLE001 (a bug in one handler fails only its job)
            log.exception("work.failed", why=job.why, correlation=job.correlation)
            return bug
        if job.answer:
            self._remember(job, result, now)
        return result

    def _answered(self, key: AnswerKey) -> Document | None:
        """Return the stored answer, first under the id itself."""
        found = (self.answers.get(id) or self._answers_before.get(id) for id in key.ids)
        return next(filter(None, found), None)

    def _remember(self, job: Job, result: Any, now: datetime) -> None:
        if isinstance(result, DomainError) and result.transient:
            return
        if job.answer and (answer := job.answer.render(result)):
            row = {"fingerprint": job.answer.fingerprint, "at": now + job.answer.longer, "answer": answer}
            self.answers |= {id: {"_id": id} | row for id in job.answer.ids}

    def _accept(self, job: Job, work: UnitOfWork) -> None:
        """Stage the changes of a handler. A value that cannot be encoded raises before anything is staged."""
        staged = [self._prepare(key, state, work) for key, state in work.changes.items()]
        messages = [self._envelope(event, state, job, work.now) for state, event in work.events]
        for (key, state), (document, after, changed) in zip(work.changes.items(), staged, strict=True):
            slot = self.documents.slots[key]
            if (kind := state or slot.current) and kind.AUDITED:
                self._values.append(changed)
                change = audit.Change(
                    document="/".join(key),
                    version=state.version if state else 0,
                    before=slot.before(),
                    after=after,
                    who=job.actor,
                    why=job.why,
                    correlation=job.correlation,
                    causation=job.causation,
                    values="" if changed is None else document_digest(changed),
                )
                self.audited.append(change if not job.subject else change | {"subject": job.subject})
            self.documents.change(key, state, document, after)
        for tally in work.tallies:
            self._tallies[tally.name, tally.labels] += tally.amount
        self._outgoing += messages + work.outgoing
        if job.inbox:
            row: Document = {"_id": job.inbox, "at": work.now}
            if job.stores_dead_letter:  # so that a job that handles it, here or in another replica, finds this row
                row |= {"parked": True, "version": 1}
            if not (job.stores_dead_letter and job.inbox in self._inbox_before):
                self.inbox[job.inbox] = row

    def _prepare(self, key: Key, state: Aggregate | None, work: UnitOfWork) -> _Staged:
        slot = self.documents.slots.setdefault(key, Slot())
        if state is None:
            in_archive = (Archived.COLLECTION, "/".join(key)) in work.changes  # its file has the values
            silent = in_archive or key in work.erased
            return _Staged(None, "", None if silent else values.describe_change(slot.stored(), None))
        self._check_declared(state)
        document = encode_document(to_document(state))
        work.tallies += state.tallies(slot.current)
        work.events += [(state, event) for event in state.derived_events(slot.current)]
        if not state.AUDITED:
            return _Staged(document)
        changed = None if key in work.erased else values.describe_change(slot.stored(), document)
        return _Staged(document, document_digest(document), changed)

    def _check_declared(self, state: Aggregate) -> None:
        """Raise `TypeError` for a document that would never be woken or counted: its kind is not registered."""
        if state.wake_at and state.COLLECTION not in self._origin.woken:
            raise TypeError(f"{self._origin.service} declares no timer for {state.COLLECTION}")
        if state.clocks and state.COLLECTION not in self._origin.clocked:
            raise TypeError(f"{self._origin.service} does not declare {state.COLLECTION} in what is clocked")

    def _envelope(self, event: Event, state: Aggregate, job: Job, now: datetime) -> Outgoing:
        """Return the event's message: CloudEvents 1.0, structured mode, encoded once for all attempts."""
        if event.TYPE not in self._origin.produces:
            raise TypeError(f"{self._origin.service} does not declare {event.TYPE} in what it produces")
        id = uuid7()
        attributes: Document = {
            "specversion": "1.0",
            "id": id,
            "source": f"/aftersales/{self._origin.service}",
            "type": event.TYPE,
            "subject": state.id,
            "time": now,
            "datacontenttype": "application/json",
            "correlationid": state.correlation or job.correlation,
            "causationid": job.causation,
            "sequence": state.version,
            "branch": state.branch,
        }
        if job.traceparent:
            attributes["traceparent"] = job.traceparent
        return Outgoing(id, self._origin.exchange, event.TYPE, to_json(attributes | {"data": event}))

    def writes(self, record: Document | None, writer: str, now: datetime) -> Writes:
        """Return the group's writes, for one transaction."""
        writes = Writes()
        for id, row in self.inbox.items():
            if id in self._inbox_before:  # it was a dead letter and is handled now
                writes.replaces.setdefault(INBOX, []).append((id, 1, row))
            else:
                writes.insert(INBOX, row)
        writes.insert(ANSWERS, *self.answers.values())
        if record:
            writes.insert(audit.COLLECTION, record)
            writes.insert(values.VALUES, *values.value_rows(record["_id"], self._values))
        self.parcels = pack_parcels(self._outgoing, now)
        writes.insert(OUTBOX, *(parcel.row() for parcel in self.parcels))
        for (collection, id), slot in self.documents.slots.items():
            if slot.document is not None and slot.current is not None:
                if slot.base:
                    writes.replaces.setdefault(collection, []).append((id, slot.base, slot.document))
                else:
                    writes.insert(collection, slot.document)
            elif slot.base and slot.current is None:
                writes.deletes.setdefault(collection, []).append((id, {"version": slot.base}))
        for (name, labels), amount in self._tallies.items():
            id = tally_id(writer, name, labels)
            new = {"name": name, "labels": dict(labels), "writer": writer}
            writes.increments.setdefault(TALLIES, {})[id] = (new, amount)
        return writes


def _replay(key: AnswerKey, old: Document) -> Stored | Malformed:
    changed = old["fingerprint"] != key.fingerprint
    return Malformed("idempotency_key.reused") if changed and old["_id"] == key.id else Stored(old["answer"], changed)


def tally_id(writer: str, name: str, labels: tuple[tuple[str, str], ...]) -> str:
    return "|".join((writer, name, *(f"{key}={value}" for key, value in labels)))


def tally_totals(rows: list[Document]) -> dict[tuple[str, tuple[tuple[str, str], ...]], float]:
    """Sum the writers' tallies: `(name, labels) -> amount`."""
    totals: dict[tuple[str, tuple[tuple[str, str], ...]], float] = defaultdict(float)
    for row in rows:
        tally = Tally(name=row["name"], labels=tuple(sorted(row["labels"].items())), amount=row["amount"])
        totals[tally.name, tally.labels] += tally.amount
    return dict(totals)
