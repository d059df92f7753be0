"""HTTP API: trainings and meetings (ALL-8), notices (ALL-9), shift handovers (ALL-7) and digests (ALL-3)."""

from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query
from pydantic import BaseModel

from aftersales.common.scope import EVERYWHERE
from aftersales.engine import PROBLEMS, Cursor, Limit, NotFound, Page, RequestContext
from aftersales.intake.network.domain import Branch, Person, local_day
from aftersales.intake.network.store import find_serving
from aftersales.intake.vocabulary import RequestNumber
from aftersales.policy.choose import Facts
from aftersales.values import Code, Value
from aftersales.values.messages import render_message

from . import handlers
from .domain import telling
from .domain import training as trainings
from .domain.digest import Digest
from .domain.handover import HandoverForm, Settle, ShiftHandover
from .domain.meeting import Meeting, MinutesForm, meeting_id, propose_agenda, week_span
from .domain.notice import Acknowledgement, Notice, NoticeForm, ReaderChunk, audience_keys
from .domain.telling import DigestMessage, ListedLine
from .domain.training import Attendance, AttendanceForm, Missing, TrainingForm, TrainingPlan
from .store import cases_of, names_for, notices_for, open_requests, week_cases

router = APIRouter(responses=PROBLEMS)
TrainingCode = Annotated[Code, Path()]
"""The code of the training."""
SessionCode = Annotated[Code, Path()]
"""The code of the session, within the training."""
OfficeBranchCode = Annotated[Code, Path()]
"""The code of the branch."""
Week = Annotated[str, Path(pattern=r"^20[0-9]{2}-W[0-5][0-9]$", description="ISO 8601, such as 2026-W47")]
NoticeNumber = Annotated[str, Path(pattern=r"^NT-[0-9]{6}-[0-9A-HJKMNP-TV-Z]{4}$")]
"""The number of the notice, such as `NT-261122-7K3F`."""
After = Annotated[
    str | None,
    Query(pattern=r"^[01]\|NT-[0-9]{6}-[0-9A-HJKMNP-TV-Z]{4}$", description="`next` of the page before"),
]
OfficeRequestNumber = Annotated[RequestNumber, Path()]
HandoverNumber = Annotated[str, Path(pattern=r"^SH-[0-9]{6}-[0-9A-HJKMNP-TV-Z]{4}$")]
"""The number of the shift handover, such as `SH-261122-7K3F`."""

DigestOwner = Annotated[str, Query(max_length=200, description="a person, a branch, or `supervisor@BJ01`")]


@router.put("/trainings/{code}")
async def plan_training(code: TrainingCode, form: TrainingForm, context: RequestContext) -> TrainingPlan:
    """Plan a training or change its plan."""
    return await context.do(handlers.plan_training, code, form)


@router.get("/trainings")
async def list_trainings(
    context: RequestContext,
    branch: Code | None = None,
    person: Code | None = None,
    cursor: Cursor = None,
    limit: Limit = 50,
) -> Page[TrainingPlan]:
    """List training plans, for example those with a given participant."""
    return await context.page(TrainingPlan, {"branch": branch, "participants": person}, cursor, limit)


@router.get("/trainings/{code}")
async def show_training(code: TrainingCode, context: RequestContext) -> TrainingPlan:
    """Show a training."""
    return await context.read(TrainingPlan, code)


@router.put("/trainings/{code}/sessions/{session}/attendance")
async def record_attendance(
    code: TrainingCode, session: SessionCode, form: AttendanceForm, context: RequestContext
) -> Attendance:
    """Record who attended a session; a second list corrects only the people that it names."""
    return await context.do(handlers.record_attendance, code, session, form)


@router.get("/trainings/{code}/attendance")
async def list_attendance(code: TrainingCode, context: RequestContext) -> list[Attendance]:
    """List the attendance of a training."""
    plan = await context.read(TrainingPlan, code)
    return await context.mongo.find(Attendance, {"training": plan.id})


@router.get("/trainings/{code}/missing")
async def list_missing(code: TrainingCode, context: RequestContext) -> tuple[Missing, ...]:
    """List people who still need the training: not invited, not recorded, absent, excused, or not passed."""
    plan = await context.read(TrainingPlan, code)
    branches = () if plan.branch == EVERYWHERE else (plan.branch,)
    today = local_day(context.now, context.settings.zone)
    wanted = await find_serving(context.mongo, plan.roles, branches, today) if plan.roles else ()
    attendances = await context.mongo.find(Attendance, {"training": plan.id})
    return trainings.missing_attendees(plan, wanted, attendances, context.now)


@router.get("/meetings/{branch}/{week}")
async def show_meeting(branch: OfficeBranchCode, week: Week, context: RequestContext) -> Meeting:
    """Show the agenda of the branch's week, or the minutes if there are any."""
    place = await _branch(branch, context)
    return await context.mongo.get(Meeting, meeting_id(branch, week)) or await _proposed(place, week, context)


@router.put("/meetings/{branch}/{week}")
async def record_minutes(branch: OfficeBranchCode, week: Week, form: MinutesForm, context: RequestContext) -> Meeting:
    """Record minutes, decisions and attendance; the agenda stays as it was first recorded."""
    place = await _branch(branch, context)
    proposed, begins = await _proposed(place, week, context), week_span(week, place)[0]
    return await context.do(handlers.record_minutes, proposed, form, begins)


async def _branch(code: str, context: Any) -> Branch:
    """Return the branch, but not its ETag, which is not the meeting's."""
    context.caller.scope.must_cover(code)
    place: Branch | None = await context.mongo.get(Branch, code)
    if place is None:
        raise NotFound("branches.unknown", id=code)
    return place


async def _proposed(place: Branch, week: str, context: Any) -> Meeting:
    span = week_span(week, place)
    facts = Facts(place.id, "", "", "", place.day_of(span[0]))
    routine = (await context.catalogue.choose(context.mongo, facts)).routines.get("weekly_meeting")
    policy = context.settings.meeting_policy(routine and routine.lasts)
    cases = await week_cases(context.mongo, place.id, span)
    return propose_agenda(place.id, week, cases, policy)


class Acknowledge(Value):
    reader: Code | None = None
    """The default is the caller."""


class ForReader(BaseModel):
    """A notice, and when this reader acknowledged it."""

    notice: Notice
    acknowledged_at: datetime | None


class Unread(BaseModel):
    """People who must still acknowledge a notice."""

    readers: int
    acknowledged: int
    unread_by: list[str]


@router.post("/notices", status_code=201)
async def publish_notice(form: NoticeForm, context: RequestContext) -> Notice:
    """Publish a notice to people, roles and branches, resolved to people now; the answer has its number."""
    today = local_day(context.now, context.settings.zone)
    addressed = form.roles or form.branches
    of_roles = await find_serving(context.mongo, form.roles, form.branches, today) if addressed else ()
    return await context.do(handlers.publish_notice, form, of_roles)


@router.get("/notices")
async def list_notices(
    context: RequestContext, reader: Code, cursor: After = None, limit: Limit = 50
) -> Page[ForReader]:
    """List notices that a reader must or may read: unread first, then read, each newest first."""
    person = await context.mongo.get(Person, reader)
    found = await notices_for(context.mongo, reader, audience_keys(person) if person else (), cursor, limit + 1)
    shown = await context.mongo.find(Notice, {"_id": {"$in": [row["_id"] for row in found]}})
    notice = {one.id: one for one in shown}
    items = [ForReader(notice=notice[row["_id"]], acknowledged_at=row["at"]) for row in found[:limit]]
    last = found[limit - 1] if len(found) > limit else None
    return Page(items=items, next=f"{int(last['read'])}|{last['_id']}" if last else None)


@router.get("/notices/{number}")
async def show_notice(number: NoticeNumber, context: RequestContext) -> Notice:
    """Show a notice."""
    return await context.read(Notice, number)


@router.post("/notices/{number}/acknowledge")
async def acknowledge_notice(number: NoticeNumber, form: Acknowledge, context: RequestContext) -> Acknowledgement:
    """Acknowledge a notice for the named reader, by default the caller; repeating it changes nothing."""
    reader = form.reader or context.actor
    return await context.do(handlers.acknowledge_notice, number, reader)


@router.get("/notices/{number}/unread")
async def list_unread(number: NoticeNumber, context: RequestContext) -> Unread:
    """List the readers who have not acknowledged it."""
    notice = await context.read(Notice, number)
    chunks = await context.mongo.find(ReaderChunk, {"notice": number})
    read = handlers.sum_readings(chunks, await context.mongo.find(Acknowledgement, {"notice": number}))
    return Unread(readers=notice.readers, acknowledged=len(read.acknowledged), unread_by=read.unread)


@router.post("/handovers", status_code=201)
async def list_shift(form: HandoverForm, context: RequestContext) -> ShiftHandover:
    """List the open requests at the end of a shift for the next shift, which has until noon."""
    requests = await open_requests(context.mongo, form.branch, form.from_person if form.only_own else None)
    return await context.do(handlers.list_shift, form, requests, context.catalogue)


@router.get("/handovers")
async def list_handovers(
    context: RequestContext,
    branch: Code | None = None,
    open: bool | None = None,
    cursor: Cursor = None,
    limit: Limit = 50,
) -> Page[ShiftHandover]:
    """List shift handovers."""
    return await context.page(ShiftHandover, {"branch": branch, "open": open}, cursor, limit)


@router.get("/handovers/{id}")
async def show_handover(id: HandoverNumber, context: RequestContext) -> ShiftHandover:
    """Show a shift handover with its lines."""
    return await context.read(ShiftHandover, id)


@router.get("/handovers/{id}/lines")
async def list_lines(id: HandoverNumber, context: RequestContext) -> list[ListedLine]:
    """List the lines with the customer's name and what each is about (ALL-7)."""
    handover = await context.read(ShiftHandover, id)
    return telling.list_lines(handover, await cases_of(context.mongo, (line.request for line in handover.lines)))


@router.post("/handovers/{id}/lines/{number}/take")
async def take_line(id: HandoverNumber, number: OfficeRequestNumber, context: RequestContext) -> ShiftHandover:
    """Take the request over and own it, as somebody of the next shift."""
    return await context.do(handlers.take_line, id, number)


@router.post("/handovers/{id}/lines/{number}/settle")
async def settle_line(
    id: HandoverNumber, number: OfficeRequestNumber, form: Settle, context: RequestContext
) -> ShiftHandover:
    """Record the outcome, as somebody of the next shift."""
    return await context.do(handlers.settle_line, id, number, form)


@router.get("/digests")
async def list_digests(
    owner: DigestOwner, context: RequestContext, cursor: Cursor = None, limit: Limit = 50
) -> Page[Digest]:
    """List digests, newest first; `owner` is a person, a branch, or a role at a branch such as `supervisor@BJ01`."""
    return await context.page(Digest, {"owner": owner}, cursor, limit)


@router.get("/digests/messages")
async def list_digest_messages(
    owner: DigestOwner, context: RequestContext, cursor: Cursor = None, limit: Limit = 50
) -> Page[DigestMessage]:
    """List digests as people read them, in their language (Accept-Language): who, what, how late, whose move."""
    page = await context.page(Digest, {"owner": owner}, cursor, limit)
    names = await names_for(context.mongo, page.items, context.locale)
    places = await context.mongo.find(Branch, {"_id": {"$in": sorted({digest.branch for digest in page.items})}})
    zones = {branch.id: branch.zone for branch in places}

    def say(code: str, /, **params: object) -> str:
        return render_message(code, context.locale, params)

    readers = [telling.Reader(zones.get(one.branch, "UTC"), context.now, say) for one in page.items]
    told = [telling.tell_digest(one, names, reader) for one, reader in zip(page.items, readers, strict=True)]
    return Page(items=told, next=page.next)
