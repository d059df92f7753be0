"""HTTP in: trainings and meetings (ALL-8), notices (ALL-9), shift handover (ALL-7), digests (ALL-3)."""

from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query
from pydantic import BaseModel

from aftersales.engine import PROBLEMS, Cursor, Desk, Limit, NotFound, Page
from aftersales.intake.network.domain import EVERYWHERE, Branch, Person, local_day
from aftersales.intake.network.store import serving
from aftersales.intake.vocabulary import RequestNumber
from aftersales.values import Code, Value

from . import handlers
from .domain import training as trainings
from .domain.digest import Digest
from .domain.handover import HandoverForm, Settle, ShiftHandover
from .domain.meeting import Meeting, MinutesForm, meeting_id, propose, span
from .domain.notice import Acknowledgement, Notice, NoticeForm, ReaderChunk, keys
from .domain.training import Attendance, AttendanceForm, Missing, TrainingForm, TrainingPlan
from .store import notices_for, open_requests, week_cases

router = APIRouter(responses=PROBLEMS)
TrainingCode = Annotated[Code, Path()]
SessionCode = Annotated[Code, Path()]
BranchCode = Annotated[Code, Path()]
Week = Annotated[str, Path(pattern=r"^20[0-9]{2}-W[0-5][0-9]$", description="ISO 8601, such as 2026-W47")]
NoticeNumber = Annotated[str, Path(pattern=r"^NT-[0-9]{6}-[0-9A-HJKMNP-TV-Z]{4}$")]
After = Annotated[
    str | None,
    Query(pattern=r"^[01]\|NT-[0-9]{6}-[0-9A-HJKMNP-TV-Z]{4}$", description="`next` of the page before"),
]
Number = Annotated[RequestNumber, Path()]
HandoverNumber = Annotated[str, Path(pattern=r"^SH-[0-9]{6}-[0-9A-HJKMNP-TV-Z]{4}$")]


@router.put("/trainings/{code}")
async def plan_training(code: TrainingCode, form: TrainingForm, desk: Desk) -> TrainingPlan:
    return await desk.do(handlers.plan_training, code, form)


@router.get("/trainings")
async def list_trainings(
    desk: Desk, branch: Code | None = None, person: Code | None = None, cursor: Cursor = None, limit: Limit = 50
) -> Page[TrainingPlan]:
    """List plans, for instance those that a person takes part in."""
    return await desk.page(TrainingPlan, {"branch": branch, "participants": person}, cursor, limit)


@router.get("/trainings/{code}")
async def show_training(code: TrainingCode, desk: Desk) -> TrainingPlan:
    return await desk.read(TrainingPlan, code)


@router.put("/trainings/{code}/sessions/{session}/attendance")
async def record_attendance(code: TrainingCode, session: SessionCode, form: AttendanceForm, desk: Desk) -> Attendance:
    """Write down who came to a session; a second list corrects the marks of whom it names."""
    return await desk.do(handlers.record_attendance, code, session, form)


@router.get("/trainings/{code}/attendance")
async def list_attendance(code: TrainingCode, desk: Desk) -> list[Attendance]:
    plan = await desk.read(TrainingPlan, code)
    return await desk.mongo.find(Attendance, {"training": plan.id})


@router.get("/trainings/{code}/missing")
async def list_missing(code: TrainingCode, desk: Desk) -> tuple[Missing, ...]:
    """List who has not been taught: not invited, not recorded, absent, excused, or not passed."""
    plan = await desk.read(TrainingPlan, code)
    branches = () if plan.branch == EVERYWHERE else (plan.branch,)
    today = local_day(desk.now, desk.settings.zone)
    wanted = await serving(desk.mongo, plan.roles, branches, today) if plan.roles else ()
    attendances = await desk.mongo.find(Attendance, {"training": plan.id})
    return trainings.missing(plan, wanted, attendances, desk.now)


@router.get("/meetings/{branch}/{week}")
async def show_meeting(branch: BranchCode, week: Week, desk: Desk) -> Meeting:
    """Show the agenda of what happened in that week at the branch, or the minutes once there are some."""
    place = await _branch(branch, desk)
    return await desk.mongo.get(Meeting, meeting_id(branch, week)) or await _proposed(place, week, desk)


@router.put("/meetings/{branch}/{week}")
async def record_minutes(branch: BranchCode, week: Week, form: MinutesForm, desk: Desk) -> Meeting:
    """Record minutes, decisions and who came; the agenda is kept as it was then."""
    place = await _branch(branch, desk)
    proposed, begins = await _proposed(place, week, desk), span(week, place)[0]
    return await desk.do(handlers.record_minutes, proposed, form, begins)


async def _branch(code: str, desk: Any) -> Branch:
    """Like `desk.read`, without the branch's ETag, which is not the meeting's."""
    place: Branch | None = await desk.mongo.get(Branch, code)
    if place is None:
        raise NotFound("branches.unknown", id=code)
    return place


async def _proposed(place: Branch, week: str, desk: Any) -> Meeting:
    policy = desk.settings.meeting_policy()
    cases = await week_cases(desk.mongo, place.id, span(week, place))
    return propose(place.id, week, cases, policy)


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
    return await desk.do(handlers.publish_notice, form, of_roles)


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
    return await desk.do(handlers.acknowledge_notice, number, reader)


@router.get("/notices/{number}/unread")
async def list_unread(number: NoticeNumber, desk: Desk) -> Unread:
    """List who must acknowledge it and has not."""
    notice = await desk.read(Notice, number)
    chunks = await desk.mongo.find(ReaderChunk, {"notice": number})
    read = handlers.reading(chunks, await desk.mongo.find(Acknowledgement, {"notice": number}))
    return Unread(readers=notice.readers, acknowledged=len(read.acknowledged), unread_by=read.unread)


@router.post("/handovers", status_code=201)
async def list_shift(form: HandoverForm, desk: Desk) -> ShiftHandover:
    """List what is open at the end of a shift for the next one, which has until noon."""
    requests = await open_requests(desk.mongo, form.branch, form.from_person if form.only_own else None)
    return await desk.do(handlers.list_shift, form, requests, desk.library)


@router.get("/handovers")
async def list_handovers(
    desk: Desk, branch: Code | None = None, open: bool | None = None, cursor: Cursor = None, limit: Limit = 50
) -> Page[ShiftHandover]:
    return await desk.page(ShiftHandover, {"branch": branch, "open": open}, cursor, limit)


@router.get("/handovers/{id}")
async def show_handover(id: HandoverNumber, desk: Desk) -> ShiftHandover:
    return await desk.read(ShiftHandover, id)


@router.post("/handovers/{id}/lines/{number}/take")
async def take_line(id: HandoverNumber, number: Number, desk: Desk) -> ShiftHandover:
    """Take the request over, as somebody of the next shift (X-Actor): from now on they own it."""
    return await desk.do(handlers.take_line, id, number)


@router.post("/handovers/{id}/lines/{number}/settle")
async def settle_line(id: HandoverNumber, number: Number, form: Settle, desk: Desk) -> ShiftHandover:
    """Say what became of it, as somebody of the next shift (X-Actor)."""
    return await desk.do(handlers.settle_line, id, number, form)


@router.get("/digests")
async def list_digests(
    owner: Annotated[str, Query(max_length=200)], desk: Desk, cursor: Cursor = None, limit: Limit = 50
) -> Page[Digest]:
    """Newest first: an owner's code, a branch's, or a role at a branch such as `supervisor@BJ01`."""
    return await desk.page(Digest, {"owner": owner}, cursor, limit)
