"""One group of pieces: an identity map, the changes they stage, and the writes that come of it."""

import asyncio
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, TypeVar, cast
from zoneinfo import ZoneInfo

from pydantic_core import to_json

from aftersales.common.errors import Conflict, DomainError, Malformed, Unavailable
from aftersales.common.events import Event
from aftersales.common.mongo import Document, Mongo, Writes, digest, from_document, to_document
from aftersales.common.relay import OUTBOX, Outgoing
from aftersales.common.telemetry import log
from aftersales.common.values import Aggregate, Tally, human_number, uuid7
from aftersales.common.work import audit
from aftersales.common.work.piece import DUPLICATE, Piece, Stored, Work, matches

A = TypeVar("A", bound=Aggregate)
INBOX, ANSWERS, TALLIES = "inbox", "answers", "tallies"
_BLOCK = 500
_Wanted = defaultdict[type[Aggregate], set[str]]
_Query = tuple[str, tuple[tuple[str, Any], ...]]
"""A collection, and what fields of its documents must equal."""


def _query(kind: type[Aggregate], equal: Mapping[str, Any]) -> _Query:
    return kind.COLLECTION, tuple(sorted(equal.items()))


@dataclass(slots=True)
class Slot:
    """A document in the identity map: as it is in the database, and as the group has left it."""

    base: int
    current: Aggregate | None
    digest: str
    document: Document | None = None


class Numbers:
    """Human numbers, reserved in blocks (a crash leaves a gap, never a double)."""

    def __init__(self, mongo: Mongo, zone: str) -> None:
        self._mongo, self._zone = mongo, ZoneInfo(zone)
        self._next = self._end = 0

    async def next(self, prefix: str, now: datetime) -> str:
        if self._next == self._end:
            self._next = await self._mongo.reserve("numbers", _BLOCK)
            self._end = self._next + _BLOCK
        self._next += 1
        day: date = now.astimezone(self._zone).date()
        return human_number(prefix, day, self._next - 1)


@dataclass(frozen=True, slots=True)
class Origin:
    """Who speaks: the service and where its events go."""

    service: str
    exchange: str
    produces: frozenset[str]


class Group:
    def __init__(self, mongo: Mongo, origin: Origin, numbers: Numbers) -> None:
        self._mongo, self._origin, self.numbers = mongo, origin, numbers
        self._slots: dict[tuple[str, str], Slot] = {}
        self._found: dict[_Query, list[str]] = {}
        self._changed: dict[str, set[str]] = defaultdict(set)
        """What this group changed, by collection: it may match a query now that it did not match in the database."""
        self._seen: set[str] = set()
        self._answers: dict[str, Document] = {}
        self._old_answers: dict[str, Document] = {}
        self._inbox: list[Document] = []
        self._tallies: dict[tuple[str, tuple[tuple[str, str], ...]], float] = defaultdict(float)
        self.entries: list[audit.Entry] = []
        self.outgoing: list[Outgoing] = []

    async def load(self, pieces: Sequence[Piece]) -> None:
        """Everything the pieces said they need, one query per collection, all at once; then what that leads to."""
        wanted: _Wanted = defaultdict(set)
        queries: dict[_Query, type[Aggregate]] = {}
        for piece in pieces:
            for kind, which in piece.needs:
                if isinstance(which, str):
                    wanted[kind].add(which)
                else:
                    queries[_query(kind, which)] = kind
        inbox = [piece.inbox for piece in pieces if piece.inbox]
        answers = [piece.answer.id for piece in pieces if piece.answer]
        await asyncio.gather(
            self._load_seen(inbox),
            self._load_answers(answers),
            *(self._load(kind, ids) for kind, ids in wanted.items()),
            *(self._search(kind, query) for query, kind in queries.items()),
        )
        further: _Wanted = defaultdict(set)
        for slot in self._slots.values():
            for kind, id in slot.current.leads_to() if slot.current else ():
                further[kind].add(id)
        await asyncio.gather(*(self._load(kind, ids) for kind, ids in further.items()))

    async def _load(self, kind: type[Aggregate], ids: set[str]) -> None:
        missing = [id for id in ids if (kind.COLLECTION, id) not in self._slots]
        if not missing:
            return
        for row in await self._mongo.rows(kind.COLLECTION, {"_id": {"$in": missing}}):
            self._adopt(kind, row)
        for id in missing:
            self._slots.setdefault((kind.COLLECTION, id), Slot(0, None, ""))

    async def _search(self, kind: type[Aggregate], query: _Query) -> None:
        rows = await self._mongo.rows(kind.COLLECTION, dict(query[1]))
        for row in rows:
            self._adopt(kind, row)
        self._found[query] = [row["_id"] for row in rows]

    async def _load_seen(self, ids: list[str]) -> None:
        if ids:
            self._seen.update(row["_id"] for row in await self._mongo.rows(INBOX, {"_id": {"$in": ids}}, only=("_id",)))

    async def _load_answers(self, ids: list[str]) -> None:
        if ids:
            self._old_answers = {row["_id"]: row for row in await self._mongo.rows(ANSWERS, {"_id": {"$in": ids}})}

    def _adopt(self, kind: type[Aggregate], row: Document) -> None:
        if (kind.COLLECTION, row["_id"]) not in self._slots:
            state = from_document(kind, row)
            self._slots[kind.COLLECTION, state.id] = Slot(state.version, state, digest(row) if kind.AUDITED else "")

    async def get(self, kind: type[A], id: str) -> A | None:
        key = (kind.COLLECTION, id)
        if key not in self._slots:
            await self._load(kind, {id})
        return cast("A | None", self._slots[key].current)

    async def find(self, kind: type[A], equal: dict[str, Any]) -> list[A]:
        query = _query(kind, equal)
        if query not in self._found:
            await self._search(kind, query)
        ids = {*self._found[query], *self._changed[kind.COLLECTION]}
        states = (self._slots[kind.COLLECTION, id].current for id in ids)
        return [cast("A", state) for state in states if matches(state, equal)]

    async def run(self, piece: Piece, now: datetime) -> Any:
        """Run one piece and stage what it did. Its result, or the exception that refused it."""
        if piece.inbox in self._seen:
            return DUPLICATE
        if piece.answer and (old := self._answers.get(piece.answer.id) or self._old_answers.get(piece.answer.id)):
            return self._replay(piece, old)
        work = Work(self, piece, now)
        try:
            result = await piece.run(work)
            self._accept(piece, work)
        except DomainError as refusal:
            result = refusal
        except (Unavailable, Conflict):
            raise
        except Exception as bug:  # noqa: BLE001 (a bug in one handler is that piece's alone)
            log.exception("work.failed", why=piece.why, correlation=piece.correlation)
            return bug
        if piece.answer:
            self._remember(piece, result, now)
        return result

    def _replay(self, piece: Piece, old: Document) -> Any:
        if piece.answer and old["fingerprint"] != piece.answer.fingerprint:
            return Malformed("idempotency_key.reused")
        return Stored(old["answer"])

    def _remember(self, piece: Piece, result: Any, now: datetime) -> None:
        if piece.answer:
            row = {"_id": piece.answer.id, "fingerprint": piece.answer.fingerprint, "at": now}
            self._answers[piece.answer.id] = row | {"answer": piece.answer.render(result)}

    def _accept(self, piece: Piece, work: Work) -> None:
        staged = [self._stage(key, state, piece, work) for key, state in work.changes.items()]
        rows = [self._envelope(event, state, piece, work.now) for state, event in work.events]
        for slot, document, new_digest, state in staged:
            slot.current, slot.document, slot.digest = state, document, new_digest
        for collection, id in work.changes:
            self._changed[collection].add(id)
        for tally in work.tallies:
            self._tallies[tally.name, tally.labels] += tally.amount
        self.outgoing += rows + work.outgoing
        if piece.inbox:
            self._seen.add(piece.inbox)
            self._inbox.append({"_id": piece.inbox, "at": work.now})

    def _stage(self, key: tuple[str, str], state: Aggregate | None, piece: Piece, work: Work) -> Any:
        slot = self._slots.setdefault(key, Slot(0, None, ""))
        document = to_document(state) if state else None
        kind = state or slot.current
        audited = kind is not None and kind.AUDITED
        new_digest = digest(document) if document and audited else ""
        if state:
            work.tallies += state.tallies(slot.current)
        if audited:
            version = state.version if state else 0
            self.entries.append(
                audit.Entry(
                    "/".join(key),
                    version,
                    slot.digest,
                    new_digest,
                    work.now,
                    piece.actor,
                    piece.why,
                    piece.correlation,
                    piece.causation,
                )
            )
        return slot, document, new_digest, state

    def _envelope(self, event: Event, state: Aggregate, piece: Piece, now: datetime) -> Outgoing:
        """CloudEvents 1.0, structured mode, encoded once for all its tries."""
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
            "correlationid": state.correlation or piece.correlation,
            "causationid": piece.causation,
            "sequence": state.version,
            "branch": state.branch,
        }
        if piece.traceparent:
            attributes["traceparent"] = piece.traceparent
        return Outgoing(id, self._origin.exchange, event.TYPE, to_json(attributes | {"data": event}), now)

    def writes(self, chain_rows: list[Document], writer: str) -> Writes:
        """All of it as one transaction's writes."""
        writes = Writes()
        writes.insert(INBOX, *self._inbox)
        writes.insert(ANSWERS, *self._answers.values())
        writes.insert(audit.COLLECTION, *chain_rows)
        writes.insert(OUTBOX, *(message.row() for message in self.outgoing))
        for (collection, id), slot in self._slots.items():
            if slot.document is not None and slot.current is not None:
                if slot.base:
                    writes.replaces.setdefault(collection, []).append((slot.base, slot.document))
                else:
                    writes.insert(collection, slot.document)
            elif slot.base and slot.current is None:
                writes.deletes.setdefault(collection, []).append((id, slot.base))
        for (name, labels), amount in self._tallies.items():
            id = "|".join((writer, name, *(f"{key}={value}" for key, value in labels)))
            new = {"name": name, "labels": dict(labels), "writer": writer}
            writes.increments.setdefault(TALLIES, {})[id] = (new, amount)
        return writes


def tally_totals(rows: list[Document]) -> dict[tuple[str, tuple[tuple[str, str], ...]], float]:
    """Sum the writers' tallies: `(name, labels) -> amount`."""
    totals: dict[tuple[str, tuple[tuple[str, str], ...]], float] = defaultdict(float)
    for row in rows:
        tally = Tally(name=row["name"], labels=tuple(sorted(row["labels"].items())), amount=row["amount"])
        totals[tally.name, tally.labels] += tally.amount
    return dict(totals)
