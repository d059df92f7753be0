"""Use cases: trainings and minutes (ALL-8), notices (ALL-9), shift handover (ALL-7), digests (ALL-3)."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from aftersales.common.events import SlaMark
from aftersales.common.policies import POLICY_LIST
from aftersales.engine import BranchHours, PolicyCatalogue, UnitOfWork, use_case
from aftersales.intake.network.domain import Branch, Person
from aftersales.intake.network.handlers import known_branch, known_person, known_roles
from aftersales.intake.requests.domain import ownership
from aftersales.intake.requests.domain.request import Ground, ServiceRequest
from aftersales.policy.choose import Facts

from .domain import digest as digests
from .domain import handover as handovers
from .domain import notice as notices
from .domain import training as trainings
from .domain.digest import Digest
from .domain.handover import Closing, HandoverForm, OpenRequest, Settle, ShiftHandover
from .domain.meeting import Meeting, MinutesForm, write_minutes
from .domain.notice import Acknowledgement, Notice, NoticeForm, Publication, ReaderChunk, Reading
from .domain.training import Attendance, AttendanceForm, TrainingForm, TrainingPlan


@use_case(about=lambda code: (TrainingPlan, code))
async def plan_training(work: UnitOfWork, code: str, form: TrainingForm) -> TrainingPlan:
    if form.branch:
        await known_branch(work, form.branch)
    await known_roles(work, form.roles)
    known = await work.get(TrainingPlan, code)
    training = trainings.plan_training(known, code, form)
    return training if training == known else work.put(training)


@use_case(
    about=lambda code, session: (Attendance, f"{code}|{session}"),
    preload=lambda code: ((TrainingPlan, code),),
)
async def record_attendance(work: UnitOfWork, code: str, session: str, form: AttendanceForm) -> Attendance:
    training = await work.require(TrainingPlan, code)
    known = await work.get(Attendance, f"{code}|{session}")
    held, attendance = trainings.record_attendance(training, session, known, form, work.now)
    if held != training:
        work.put(held)
    return attendance if attendance == known else work.put(attendance)


@use_case(about=lambda proposed: (Meeting, proposed.id))
async def record_minutes(work: UnitOfWork, proposed: Meeting, form: MinutesForm, begins: datetime) -> Meeting:
    """Save the minutes with the agenda of their first version, which later cases do not change."""
    meeting = await work.get(Meeting, proposed.id) or proposed
    recorded = write_minutes(meeting, form, begins, work.now)
    return recorded if recorded == meeting else work.put(recorded)


@use_case(preload=lambda form: [(Person, person) for person in form.people])
async def publish_notice(work: UnitOfWork, form: NoticeForm, of_roles: Sequence[str]) -> Notice:
    """Publish to the named people and to `of_roles`, the people with the addressed roles in the addressed branches."""
    await known_roles(work, form.roles)
    for branch in form.branches:
        await known_branch(work, branch)
    for person in form.people:
        await known_person(work, person)
    readers = sorted({*form.people, *of_roles})
    number = await work.number("NT")
    notice, chunks, events = notices.publish_notice(number, form, Publication(work.actor, work.now, readers))
    for chunk in chunks:
        work.put(chunk)
    return work.put(notice, *events)


@use_case(
    about=lambda number: (Notice, number),
    preload=lambda number, reader: ((Acknowledgement, f"{number}|{reader}"), (Person, reader)),
)
async def acknowledge_notice(work: UnitOfWork, number: str, reader: str) -> Acknowledgement:
    """Acknowledge once; repeating it returns the same."""
    notice = await work.require(Notice, number)
    if known := await work.get(Acknowledgement, f"{number}|{reader}"):
        return known
    chunk = await work.get(ReaderChunk, f"{number}|{notices.chunk_of(notice, reader)}")
    person = await work.get(Person, reader)
    return work.put(notices.acknowledge_notice(notice, chunk, reader, person, work.now))


async def wake_notice(work: UnitOfWork, number: str) -> None:
    notice = await work.get(Notice, number)
    if notice is None or notice.wake_at is None or notice.wake_at > work.now:
        return
    chunks = await work.find(ReaderChunk, notice=number)
    acknowledgements = await work.find(Acknowledgement, notice=number)
    reminded, events = notices.remind_readers(notice, sum_readings(chunks, acknowledgements), work.now)
    work.put(reminded, *events)


def sum_readings(chunks: Iterable[ReaderChunk], acknowledgements: Iterable[Acknowledgement]) -> Reading:
    """Combine required readers and acknowledgements; others are left out."""
    readers = frozenset(reader for chunk in chunks for reader in chunk.readers)
    return Reading(readers, frozenset(read.reader for read in acknowledgements if read.counted))


@use_case(preload=lambda form: ((Branch, form.branch), *POLICY_LIST))
async def list_shift(
    work: UnitOfWork, form: HandoverForm, requests: Sequence[OpenRequest], catalogue: PolicyCatalogue
) -> ShiftHandover:
    branch = await known_branch(work, form.branch)
    if form.to_person:
        await known_person(work, form.to_person)
    if form.to_role:
        await known_roles(work, (form.to_role,))
    number = await work.number("SH")
    facts = Facts(branch.id, "", "", "", branch.day_of(form.ends_at))
    ground = Ground(branch, await catalogue.choose(work, facts))
    return work.put(handovers.hand_over(number, form, ground, requests, work.now))


@use_case(about=lambda handover: (ShiftHandover, handover), preload=lambda number: ((ServiceRequest, number),))
async def take_line(work: UnitOfWork, handover: str, number: str) -> ShiftHandover:
    """Make the caller the owner of the request; taking the line is the acceptance that INT-7 requires."""
    closed = await _close(work, handover, number, Closing("taken", work.actor, work.now))
    request = await work.require(ServiceRequest, number)
    owned, events = ownership.take_over_request(request, work.actor, work.now)
    if owned != request:
        work.put(owned, *events)
    return closed


@use_case(about=lambda handover: (ShiftHandover, handover))
async def settle_line(work: UnitOfWork, handover: str, number: str, form: Settle) -> ShiftHandover:
    return await _close(work, handover, number, Closing("settled", work.actor, work.now, form.note))


async def wake_handover(work: UnitOfWork, number: str) -> None:
    handover = await work.get(ShiftHandover, number)
    if handover and handover.wake_at and handover.wake_at <= work.now:
        ticked, events = handovers.tick_handover(handover, work.now)
        work.put(ticked, *events)


async def change_handover_hours(
    work: UnitOfWork, handover: ShiftHandover, hours: BranchHours, catalogue: PolicyCatalogue
) -> None:
    """Apply the branch's new hours, by the policy that the clock was started with (ALL-3)."""
    policy = await catalogue.get(work, handover.clocks[0].terms.policy)
    ground = Ground(await known_branch(work, handover.branch), policy)
    moved, events = handovers.change_handover_hours(handover, ground, hours.said, work.now)
    if moved != handover:
        work.put(moved, *events)


async def _close(work: UnitOfWork, id: str, request: str, closing: Closing) -> ShiftHandover:
    handover = await work.require(ShiftHandover, id)
    person = await work.get(Person, closing.by)
    closed, events = handovers.close_line(handover, request, closing, person)
    return work.put(closed, *events)


@use_case(preload=lambda mark: ((Digest, digests.digest_of(mark, mark.at).id),))
async def gather_mark(work: UnitOfWork, mark: SlaMark) -> None:
    fresh = digests.digest_of(mark, work.now)
    digest, events = digests.gather_mark(await work.get(Digest, fresh.id) or fresh, mark, work.now)
    work.put(digest, *events)


async def send_digest(work: UnitOfWork, id: str) -> None:
    digest = await work.require(Digest, id)
    if digest.wake_at and digest.wake_at <= work.now:
        closed, events = digests.send_waiting(digest, work.now)
        work.put(closed, *events)
