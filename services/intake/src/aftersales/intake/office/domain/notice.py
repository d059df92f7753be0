"""Notices that named readers must acknowledge (ALL-9).

A notice may have 5 000 readers, so its document stays small and readers never write it. The required readers are
stored once, on publication, in chunks of about 500 codes: ten documents instead of 5 000, or of one that every reader
rewrites. Each acknowledgement is a small document, `<notice>|<reader>`, so readers never wait for each other and
nobody can acknowledge twice. A person who gets an addressed role later finds the notice by its `audience`, but is in
no chunk and is not counted.
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import Annotated, ClassVar, NamedTuple
from zlib import crc32

from pydantic import Field

from aftersales.common.aggregate import Aggregate
from aftersales.common.events import Event
from aftersales.common.events.intake import DesignChanged, NoticeKind, NoticeOverdue, NoticePublished, Supersession
from aftersales.common.scope import EVERYWHERE
from aftersales.intake.network.domain import Codes, Person
from aftersales.values import Code, Day, Line, Moment, Value, Words
from aftersales.values.errors import DomainError

CHUNK = 500
MOST_READERS = 20_000
TOLD_UNREAD = 1000
"""The most codes that an overdue event names."""


class PartPair(Value):
    """A part, and the part that replaces it from a given day."""

    old: Code
    """The code of the part that is replaced."""
    new: Code
    """The code of the new part."""
    valid_from: Day
    """The day from which the new part is used."""


class NoticeForm(Value):
    """A notice for named people, for people with given roles in given branches, or for both.

    Roles without branches include all branches; branches without roles include everybody there.
    """

    kind: NoticeKind
    title: Line
    """The title."""
    text: Words = ""
    """The text."""
    attachments: Codes = ()
    """Ids of files."""
    people: Annotated[tuple[Code, ...], Field(max_length=500)] = ()
    """Codes of people who must read it."""
    roles: Codes = ()
    """Roles whose people must read it."""
    branches: Codes = ()
    """Branches whose people must read it."""
    due_at: Moment | None = None
    """The time by which it must be acknowledged."""
    supersessions: Annotated[tuple[PartPair, ...], Field(max_length=200)] = ()
    """The replaced parts of a design change."""


class Notice(Aggregate):
    """A published notice; its id is its number (`NT-…`)."""

    COLLECTION: ClassVar[str] = "notices"

    kind: NoticeKind
    title: str
    text: str
    attachments: tuple[str, ...]
    people: tuple[str, ...]
    roles: tuple[str, ...]
    branches: tuple[str, ...]
    due_at: datetime | None = None
    supersessions: tuple[PartPair, ...] = ()
    audience: tuple[str, ...]
    """Keys `role@branch` of the addressed roles and branches, `*` for any; people with one of these keys see it."""
    published_by: str
    published_at: datetime
    readers: int
    """The number of people who must acknowledge it."""
    chunks: int
    reminded_at: datetime | None = None


class ReaderChunk(Aggregate):
    """Some of the required readers of a notice (`<notice>|<number>`)."""

    COLLECTION: ClassVar[str] = "notice_readers"

    notice: str
    readers: tuple[str, ...]


class Acknowledgement(Aggregate):
    """One reader's acknowledgement (`<notice>|<reader>`)."""

    COLLECTION: ClassVar[str] = "acknowledgements"

    notice: str
    reader: str
    at: datetime
    counted: bool
    """False for a reader who sees the notice but need not acknowledge it."""


class Publication(NamedTuple):
    """The publisher, the time and the readers."""

    by: str
    at: datetime
    readers: Sequence[str]


class Reading(NamedTuple):
    """The required readers of a notice, and those who have acknowledged it."""

    readers: frozenset[str]
    acknowledged: frozenset[str]

    @property
    def unread(self) -> list[str]:
        return sorted(self.readers - self.acknowledged)


Published = tuple[Notice, tuple[ReaderChunk, ...], tuple[Event, ...]]


def publish_notice(number: str, form: NoticeForm, publication: Publication) -> Published:
    """Publish a notice to its readers as of today; only a design change may supersede parts."""
    by, now, readers = publication
    if bool(form.supersessions) != (form.kind == "design_change"):
        raise DomainError("notice.supersessions_misplaced", kind=form.kind)
    for pair in form.supersessions:
        if pair.old == pair.new or sum(pair.old == other.old for other in form.supersessions) > 1:
            raise DomainError("notice.supersession_unclear", part=pair.old)
    if form.due_at and form.due_at <= now:
        raise DomainError("notice.due_in_the_past", due_at=form.due_at.isoformat())
    if not readers:
        raise DomainError("notice.no_readers")
    if len(readers) > MOST_READERS:
        raise DomainError("notice.too_many_readers", readers=len(readers), most=MOST_READERS)
    notice = Notice(
        id=number,
        branch=form.branches[0] if len(form.branches) == 1 and not form.people else EVERYWHERE,
        **dict(form),
        audience=tuple(_audience(form)),
        published_by=by,
        published_at=now,
        readers=len(readers),
        chunks=-(-len(readers) // CHUNK),
        wake_at=form.due_at,
    )
    return notice, tuple(_chunked(notice, readers)), tuple(_news(notice))


def _audience(form: NoticeForm) -> Iterator[str]:
    for role in form.roles or ("*",) if form.branches else form.roles:
        for branch in form.branches or ("*",):
            yield f"{role}@{branch}"


def _chunked(notice: Notice, readers: Iterable[str]) -> Iterator[ReaderChunk]:
    chunks: dict[int, list[str]] = {number: [] for number in range(notice.chunks)}
    for reader in sorted(readers):
        chunks[chunk_of(notice, reader)].append(reader)
    for number, some in chunks.items():
        yield ReaderChunk(id=f"{notice.id}|{number}", branch=notice.branch, notice=notice.id, readers=tuple(some))


def _news(notice: Notice) -> Iterator[Event]:
    about = {"notice": notice.id, "published_at": notice.published_at}
    yield NoticePublished(**about, kind=notice.kind, readers=notice.readers, due_at=notice.due_at)
    if notice.supersessions:
        pairs = tuple(Supersession(**dict(pair)) for pair in notice.supersessions)
        yield DesignChanged(**about, supersessions=pairs)


def chunk_of(notice: Notice, reader: str) -> int:
    """Return the only chunk in which the reader can be."""
    return crc32(reader.encode()) % notice.chunks


def audience_keys(person: Person) -> tuple[str, ...]:
    """Return the keys one of which `audience` must contain for this person."""
    return tuple(f"{role}@{branch}" for role in (*person.roles, "*") for branch in (person.branch, "*"))


def acknowledge_notice(
    notice: Notice, chunk: ReaderChunk | None, reader: str, person: Person | None, now: datetime
) -> Acknowledgement:
    """Record that a required reader, or one who may see the notice, has read it."""
    counted = chunk is not None and reader in chunk.readers
    if not counted and (person is None or not set(audience_keys(person)) & set(notice.audience)):
        raise DomainError("notice.not_addressed", notice=notice.id, reader=reader)
    id = f"{notice.id}|{reader}"
    return Acknowledgement(id=id, branch=notice.branch, notice=notice.id, reader=reader, at=now, counted=counted)


def remind_readers(notice: Notice, reading: Reading, now: datetime) -> tuple[Notice, tuple[Event, ...]]:
    """Publish once, at the due time, who has not acknowledged the notice, if anybody."""
    done = notice.but(wake_at=None, reminded_at=now)
    unread = reading.unread
    if not unread or notice.due_at is None:
        return done, ()
    overdue = NoticeOverdue(
        notice=notice.id,
        kind=notice.kind,
        readers=notice.readers,
        acknowledged=len(reading.acknowledged),
        unread_by=tuple(unread[:TOLD_UNREAD]),
        due_at=notice.due_at,
    )
    return done, (overdue,)
