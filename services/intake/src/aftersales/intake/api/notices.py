"""HTTP in: notices (ALL-9)."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Path, Query
from pydantic import BaseModel

from aftersales.common.service import PROBLEMS, Desk, Limit, Page
from aftersales.common.values import Code, Value
from aftersales.intake.domain.branch import local_day
from aftersales.intake.domain.notice import Acknowledgement, Notice, NoticeForm, ReaderChunk, keys
from aftersales.intake.domain.people import Person
from aftersales.intake.handlers import notices
from aftersales.intake.store.network import serving
from aftersales.intake.store.office import notices_for

router = APIRouter(responses=PROBLEMS)
NoticeNumber = Annotated[str, Path(pattern=r"^NT-[0-9]{6}-[0-9A-HJKMNP-TV-Z]{4}$")]
After = Annotated[
    str | None,
    Query(pattern=r"^[01]\|NT-[0-9]{6}-[0-9A-HJKMNP-TV-Z]{4}$", description="`next` of the page before"),
]


class Acknowledge(Value):
    reader: Code | None = None
    """None: whoever asks (X-Actor)."""


class ForReader(BaseModel):
    """A notice, and when this reader acknowledged it."""

    notice: Notice
    acknowledged_at: datetime | None


class Unread(BaseModel):
    """Who must still acknowledge a notice."""

    readers: int
    acknowledged: int
    unread_by: list[str]


@router.post("/notices", status_code=201)
async def publish_notice(form: NoticeForm, desk: Desk) -> Notice:
    """Publish it to named people, roles and branches, resolved to people now; the number is in the answer."""
    today = local_day(desk.now, desk.settings.zone)
    addressed = form.roles or form.branches
    of_roles = await serving(desk.mongo, form.roles, form.branches, today) if addressed else ()
    needs = [(Person, person) for person in form.people]
    return await desk.do(notices.publish_notice, form, of_roles, needs=needs)


@router.get("/notices")
async def list_notices(desk: Desk, reader: Code, cursor: After = None, limit: Limit = 50) -> Page[ForReader]:
    """List what a reader must or may read: the unread first, then the read, each newest first."""
    person = await desk.mongo.get(Person, reader)
    found = await notices_for(desk.mongo, reader, keys(person) if person else (), cursor, limit + 1)
    shown = await desk.mongo.find(Notice, {"_id": {"$in": [row["_id"] for row in found]}})
    notice = {one.id: one for one in shown}
    items = [ForReader(notice=notice[row["_id"]], acknowledged_at=row["at"]) for row in found[:limit]]
    last = found[limit - 1] if len(found) > limit else None
    return Page(items=items, next=f"{int(last['read'])}|{last['_id']}" if last else None)


@router.get("/notices/{number}")
async def show_notice(number: NoticeNumber, desk: Desk) -> Notice:
    return await desk.read(Notice, number)


@router.post("/notices/{number}/acknowledge")
async def acknowledge_notice(number: NoticeNumber, form: Acknowledge, desk: Desk) -> Acknowledgement:
    """Say that it was read: by the reader named, else by whoever asks; once, however often it is said."""
    reader = form.reader or desk.actor
    needs = ((Notice, number), (Acknowledgement, f"{number}|{reader}"), (Person, reader))
    return await desk.do(notices.acknowledge_notice, number, reader, needs=needs)


@router.get("/notices/{number}/unread")
async def list_unread(number: NoticeNumber, desk: Desk) -> Unread:
    """List who must acknowledge it and has not."""
    notice = await desk.read(Notice, number)
    chunks = await desk.mongo.find(ReaderChunk, {"notice": number})
    read = notices.reading(chunks, await desk.mongo.find(Acknowledgement, {"notice": number}))
    return Unread(readers=notice.readers, acknowledged=len(read.acknowledged), unread_by=read.unread)
