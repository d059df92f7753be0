"""The audit trail over HTTP: a document's history, the state of the trail, and the anchors to store elsewhere."""

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Path, Query
from pydantic import BaseModel

from aftersales.common.http import paging
from aftersales.common.http.paging import Page
from aftersales.common.http.problem import PROBLEMS
from aftersales.common.http.request_context import Cursor, Limit, RequestContext
from aftersales.common.mongo import Document
from aftersales.common.trail.anchors import ANCHORS
from aftersales.common.trail.auditor import Run
from aftersales.common.trail.balance import BASES, find_unaudited
from aftersales.common.work import audit, values
from aftersales.values.anchors import Anchor
from aftersales.values.errors import NotFound

AuditedCollection = Annotated[str, Path(max_length=100, pattern="^[a-z_]+$", description="e.g. `requests` or `orders`")]
AuditedId = Annotated[str, Path(max_length=600)]
"""The id or number of the document."""


class CutText(BaseModel):
    """A long text, of which the trail stores the beginning."""

    start: str
    """Its first 1000 characters."""
    length: int
    """The number of characters of the whole text."""
    sha256: str
    """SHA-256 of the whole text (UTF-8), as hex; it proves a copy of the text."""


class AuditedField(BaseModel):
    """One field that a change replaced, added or removed."""

    path: str
    """The field's place in the document, such as `product.serial` or `clocks[2].ended_at`."""
    before: Any = None
    """The value before; null also if the field did not exist."""
    after: Any = None
    """The value after; null also if the field was removed."""
    before_cut: CutText | None = None
    """Set instead of `before` for a text of more than 1000 characters."""
    after_cut: CutText | None = None
    """Set instead of `after` for a text of more than 1000 characters."""


class AuditedChange(BaseModel):
    """One change of a document: who made it, when and why, and the values before and after."""

    at: datetime
    version: int
    """The document's version after the change; 0: it was removed."""
    who: str
    """The person or program, by code or name."""
    subject: str = ""
    """The subject of their token; empty for events, timers and changes without sign-in."""
    why: str
    """The command, event or timer that made the change."""
    correlation: str
    causation: str
    before: str
    """The digest of the document before the change; empty if there was none."""
    after: str
    values: Literal["readable", "erased", "digest_only", "altered", "withheld"]
    """Whether the values can be read: `readable` and proved by the record; `erased` later; `digest_only` if they were
    never stored (older records; removals by the archive, whose file has them); `altered` if they are not those that the
    record proves; `withheld` from callers who may not read personal data."""
    fields: list[AuditedField]
    """The fields that changed; of a new document those that are not empty."""
    more_fields: int
    """Further changed fields that were too many to store (more than 200 fields or 32 kB)."""
    writer: str
    seq: int
    """The place of the record in its writer's chain."""


class History(Page[AuditedChange]):
    """A page of a document's history, oldest change first."""

    intact: bool
    """Whether the current document matches its audit records, and the values on this page match theirs."""
    sealed: bool
    """Whether a key is set (`AFTERSALES_AUDIT_KEY`). Without one, somebody with write access to the database can write
    the whole trail again, unnoticed unless anchors were stored elsewhere."""
    earlier_archived: bool
    """Whether earlier records of it are in an archive file."""


class AuditStatus(BaseModel):
    """The state of the audit trail."""

    sealed: bool
    """Whether a key is set, so that records and anchors cannot be forged without it."""
    now: datetime
    anchored_at: datetime | None
    """When the heads of all chains were last anchored."""
    anchors: int
    last: Run | None
    """The last verification that was finished."""


router = APIRouter(prefix="/audit", responses=PROBLEMS)


@router.get("")
async def read_audit_status(context: RequestContext) -> AuditStatus:
    """Show the last anchor and the last verification."""
    auditor = context.auditor
    anchor, last = await auditor.last_anchor(), await auditor.last_run()
    return AuditStatus(
        sealed=bool(auditor.keys),
        now=context.now,
        anchored_at=anchor and anchor.at,
        anchors=anchor.number if anchor else 0,
        last=last,
    )


@router.post("/verifications", status_code=202)
async def request_verification(context: RequestContext) -> AuditStatus:
    """Verify the whole trail in the background; `GET /audit` shows the result once it is finished."""
    before = await read_audit_status(context)
    context.auditor.ask()
    return before


@router.get("/anchors")
async def list_anchors(
    context: RequestContext, after: Annotated[int, Query(ge=0, le=2**53)] = 0, limit: Limit = 50
) -> list[Anchor]:
    """List anchors with a higher number than `after`, to be stored where the database's owner cannot write."""
    rows = await context.database.rows(ANCHORS, {"_id": {"$gt": after}}, sort=("_id",), limit=limit)
    return [Anchor.of(context.auditor.service, row) for row in rows]


@router.get("/{collection}/{id:path}")
async def read_history(
    collection: AuditedCollection, id: AuditedId, context: RequestContext, cursor: Cursor = None, limit: Limit = 50
) -> History:
    """Show who changed a document, when and why, and each field before and after; also for removed documents."""
    name = f"{collection}/{id}"
    place = paging.parse_cursor("at", cursor)
    records: list[Document] = []
    for run in place.runs():
        where = {"$and": [{"changes.document": name}, run]}
        records += await context.database.rows(audit.COLLECTION, where, sort=place.keys, limit=limit + 1 - len(records))
        if len(records) > limit:
            break
    if not records and cursor is None:
        raise NotFound("audit.unknown", document=name)
    items = await _changes_of(context, name, records[:limit])
    more = place.at(records[limit - 1]).cursor() if len(records) > limit else None
    intact = not await find_unaudited(context.database, context.auditor.keys, [name])
    earlier = bool(await context.database.rows(BASES, {"_id": name}, limit=1, only=("_id",)))
    return History(
        items=items,
        next=more,
        intact=intact and all(item.values != "altered" for item in items),
        sealed=bool(context.auditor.keys),
        earlier_archived=earlier,
    )


async def _changes_of(context: RequestContext, name: str, records: Sequence[Document]) -> list[AuditedChange]:
    """Return the changes of a document in these records, with their values."""
    made = {
        (record["_id"], place): (record, change)
        for record in records
        for place, change in enumerate(record["changes"])
        if change["document"] == name
    }
    found = await values.read_values(context.database, made)
    withheld = not context.caller.may("read_personal_data")
    return [_show_change(record, change, found.get(place), withheld) for place, (record, change) in made.items()]


def _show_change(record: Document, change: Document, found: Document | None, withheld: bool) -> AuditedChange:
    state = values.state_of(change.get("values"), found)
    shown = state == "readable" and not withheld
    fields, more = values.fields_of(found) if found and shown else ([], 0)
    return AuditedChange(
        **{**change, "values": "withheld" if withheld and state == "readable" else state},
        fields=[AuditedField(**json.loads(values.as_json(field))) for field in fields],
        more_fields=more,
        at=record["at"],
        writer=record["writer"],
        seq=record["seq"],
    )
