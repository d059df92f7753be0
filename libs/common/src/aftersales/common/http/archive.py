"""The archive over HTTP: list documents that may be archived, remove those in a file, and restore them.

`aftersales archive` writes the files. A document is removed only if its version and text are those that the caller
proves to have written; if it has changed since, it stays.
"""

import hashlib
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Annotated

from fastapi import APIRouter, Path, Query
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from aftersales.common.aggregate import Aggregate
from aftersales.common.http.problem import PROBLEMS
from aftersales.common.http.request_context import Limit, RequestContext
from aftersales.common.mongo import Document, from_document
from aftersales.common.mongo.extended import from_line, to_line
from aftersales.common.privacy.erasure import look_again
from aftersales.common.privacy.holdings import Holding
from aftersales.common.retained import Archived, Retained, archived_id
from aftersales.common.trail.archived import (
    last_leaving,
    leaving_records,
    may_leave,
    remove_records,
    with_values,
)
from aftersales.common.work import UnitOfWork, audit, use_case
from aftersales.values.errors import Busy, Conflict, DomainError, Gone, Malformed, NotFound

router = APIRouter(prefix="/archive", responses=PROBLEMS)
ArchivedCollection = Annotated[
    str, Path(max_length=100, pattern="^[a-z_]+$", description="e.g. `requests` or `orders`")
]
MOST_DOCUMENTS = 100
"""Documents per call, which are one unit of work."""
MOST_CHARACTERS = 8_000_000
"""Characters of a page of audit records."""


class Collected(BaseModel):
    """A collection that can be archived."""

    collection: str
    after: timedelta | None
    """How long after its end a document may be archived; None: never (`AFTERSALES_RETENTION`)."""


class Leaving(BaseModel):
    """A document that may be archived."""

    id: str
    version: int
    line: str
    """The whole document in Extended JSON."""


class LeavingPage(BaseModel):
    before: datetime
    """Documents that ended before this time may be archived."""
    items: list[Leaving]


class Written(BaseModel):
    """A document that was written to a file."""

    model_config = ConfigDict(extra="forbid")

    id: str = Field(max_length=600)
    """The id of the document."""
    sha256: str = Field(pattern="^[0-9a-f]{64}$")
    """SHA-256 of its line without the line end, as hex."""


class Removal(BaseModel):
    model_config = ConfigDict(extra="forbid")

    file: str = Field(min_length=1, max_length=200)
    """The name of the file that contains the documents."""
    items: list[Written] = Field(min_length=1, max_length=MOST_DOCUMENTS)
    """The documents to remove, with proof that they were written."""


class Removed(BaseModel):
    removed: list[str]
    """Ids of removed documents, also of those removed before."""
    kept: list[str]
    """Ids of documents that differ from what was written, or that may not be archived any more."""


class Restoration(BaseModel):
    model_config = ConfigDict(extra="forbid")

    lines: list[str] = Field(min_length=1, max_length=MOST_DOCUMENTS)
    """Lines of an archive file, each a whole document in Extended JSON."""


class Restored(BaseModel):
    restored: list[str]
    present: list[str]
    """Ids of documents that already exist; they are not changed."""


@router.get("")
async def list_collections(context: RequestContext) -> list[Collected]:
    """List the collections that can be archived, with their retention."""
    periods = context.settings.retention
    names = (*(retained.kind.COLLECTION for retained in context.service.retained), audit.COLLECTION)
    return [Collected(collection=name, after=periods.get(name)) for name in names]


@router.get("/{collection}")
async def list_leaving(
    collection: ArchivedCollection,
    context: RequestContext,
    after: Annotated[str, Query(max_length=600)] = "",
    limit: Limit = 50,
) -> LeavingPage:
    """List documents that may be archived, by id, after the one with this id."""
    if collection == audit.COLLECTION:
        before = _before(context, collection)
        records = await with_values(context.database, await leaving_records(context.database, before, after, limit))
        items = [Leaving(id=row["_id"], version=row["seq"], line=to_line(row)) for row in records]
        return LeavingPage(before=before, items=list(_within_limit(items)))
    retained, before = _chosen(context, collection)
    where = {"$and": [retained.where(before), {"_id": {"$gt": after}}]}
    rows = await context.database.rows(collection, where, sort=("_id",), limit=limit)
    items = [Leaving(id=row["_id"], version=row["version"], line=to_line(row)) for row in rows]
    return LeavingPage(before=before, items=items)


def _within_limit(items: Sequence[Leaving]) -> Iterator[Leaving]:
    """Yield the first items, at least one; a record of a full group has the values of hundreds of changes."""
    size = 0
    for item in items:
        size += len(item.line)
        if size > MOST_CHARACTERS and item is not items[0]:
            return
        yield item


@router.post("/{collection}/removals")
async def remove_written(collection: ArchivedCollection, form: Removal, context: RequestContext) -> Removed:
    """Remove documents that an archive file contains. A mark stays, so that late events cannot create them again."""
    wanted = {item.id: item.sha256 for item in form.items}
    if collection == audit.COLLECTION:
        return await _remove_records(context, form.file, wanted)
    retained, before = _chosen(context, collection)
    where = {"$and": [retained.where(before), {"_id": {"$in": list(wanted)}}]}
    proved = {
        row["_id"]: row["version"]
        for row in await context.database.rows(collection, where)
        if _sha256(row) == wanted[row["_id"]]
    }
    versions = {id: proved.get(id) for id in wanted}
    return await context.do(archive_documents, retained.kind, form.file, versions)


@router.post("/{collection}/restorations")
async def restore_lines(collection: ArchivedCollection, form: Restoration, context: RequestContext) -> Restored:
    """Restore documents as they were, from the lines of an archive file."""
    kind = _of(context, collection).kind
    try:
        states = [from_document(kind, from_line(line)) for line in form.lines]
    except (ValueError, KeyError, ValidationError) as error:
        raise Malformed("archive.line_malformed") from error
    return await context.do(restore_documents, states, context.service.holdings)


def _of(context: RequestContext, collection: str) -> Retained:
    """Return a collection's retention. Raises `NotFound` if it has none."""
    for retained in context.service.retained:
        if collection == retained.kind.COLLECTION:
            return retained
    raise NotFound("archive.unknown", collection=collection)


def _chosen(context: RequestContext, collection: str) -> tuple[Retained, datetime]:
    """Return a collection's retention, and the time before which its documents must have ended."""
    retained = _of(context, collection)
    return retained, _before(context, collection)


def _before(context: RequestContext, collection: str) -> datetime:
    after: timedelta | None = context.settings.retention.get(collection)
    if after is None:
        raise DomainError("archive.off", collection=collection)
    return context.now - after


async def _remove_records(context: RequestContext, file: str, wanted: dict[str, str]) -> Removed:
    """Remove audit records that a file has, if they are the next ones of their chains."""
    before = _before(context, audit.COLLECTION)
    rows = await context.database.rows(audit.COLLECTION, {"_id": {"$in": list(wanted)}}, sort=("_id",))
    last = await last_leaving(context.database)
    written = {row["_id"]: _sha256(row) for row in await with_values(context.database, rows)}
    proved = [row for row in rows if may_leave(row, before, last) and written[row["_id"]] == wanted[row["_id"]]]
    if proved:
        try:
            await remove_records(context.database, context.auditor.keys, proved, file)
        except Conflict as error:
            raise Busy("write.conflict") from error
    kept = [row["_id"] for row in rows if row not in proved]
    return Removed(removed=[id for id in wanted if id not in kept], kept=kept)


def _sha256(row: Document) -> str:
    return hashlib.sha256(to_line(row).encode()).hexdigest()


@use_case(preload=lambda kind, versions: [(kind, id) for id in versions])
async def archive_documents(
    work: UnitOfWork, kind: type[Aggregate], file: str, versions: dict[str, int | None]
) -> Removed:
    """Remove each document that still has its version."""
    done = Removed(removed=[], kept=[])
    for id, version in versions.items():
        try:
            state = await work.get(kind, id)
        except Gone:
            state = None
        if state and state.version != version:
            done.kept.append(id)
            continue
        if state:
            work.delete(state)
            work.put(Archived(id=archived_id(kind, id), branch=state.branch, file=file, at=work.now))
        done.removed.append(id)
    return done


@use_case(preload=lambda states: [(type(state), state.id) for state in states])
async def restore_documents(work: UnitOfWork, states: Sequence[Aggregate], holdings: Sequence[Holding]) -> Restored:
    """Restore each document that does not exist; if its customer was erased meanwhile, it is erased, too (ALL-6)."""
    done = Restored(restored=[], present=[])
    for state in states:
        if mark := await work.get(Archived, archived_id(type(state), state.id)):
            work.delete(mark)
        if await work.get(type(state), state.id):
            done.present.append(state.id)
        else:
            work.put_back(state)
            await look_again(work, holdings, state)
            done.restored.append(state.id)
    return done
