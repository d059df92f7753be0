"""Use cases of results: events of a case, departments that answer, the clock and new hours."""

from aftersales.common.events.dispatch import RepairCompleted
from aftersales.common.events.intake import (
    ComplaintReceived,
    RepeatRepairFound,
    RequestCancelled,
    RequestClosed,
    RequestCorrected,
    RequestRegistered,
)
from aftersales.engine import BranchHours, PolicyCatalogue, UnitOfWork, use_case
from aftersales.feedback.timelines import handlers as timelines
from aftersales.feedback.timelines.domain import Timeline
from aftersales.policy.calendars import round_the_clock
from aftersales.policy.model import Department

from . import domain
from .domain import Acknowledgement, CaseResults, Concerned, DepartmentResult, Found, HandedResult


async def hand_result(
    work: UnitOfWork, case: CaseResults, found: Found, catalogue: PolicyCatalogue, complaint: str = ""
) -> CaseResults:
    """Hand a result to the department that the policy of the case names (ALL-4). Stages only the result."""
    if case.policy:
        policy = await catalogue.get(work, case.policy)
    else:
        policy = await catalogue.choose(work, domain.facts_of_case(case, found.at))
    hours = await work.get(BranchHours, case.branch)
    calendar = hours.calendar if hours else case.calendar or round_the_clock("UTC")
    entry = domain.hand_result(case, found, Concerned(policy, calendar), complaint)
    if entry and await work.get(DepartmentResult, entry.id) is None:
        work.put(entry)
    return domain.add_result(case, entry)


async def hand_found(work: UnitOfWork, request: str, branch: str, found: Found, catalogue: PolicyCatalogue) -> None:
    """Hand on what was found in a request, and note it with the case."""
    known = await work.get(CaseResults, request)
    case = known or CaseResults(id=request, branch=branch)
    _put_changed(work, known, await hand_result(work, case, found, catalogue))


def _put_changed(work: UnitOfWork, known: CaseResults | None, case: CaseResults) -> None:
    if case != known:
        work.put(case)


async def _settle(work: UnitOfWork, case: CaseResults, catalogue: PolicyCatalogue) -> CaseResults:
    """Hand on what the end of the case is in itself, or say why it concerns nobody."""
    if found := domain.conclude_case(case):
        case = await hand_result(work, case, found, catalogue)
    return domain.explain_nothing(case)


@use_case(preload=lambda event: ((Timeline, event.request), (CaseResults, event.request)))
async def note_facts(work: UnitOfWork, event: RequestRegistered | RequestCorrected, catalogue: PolicyCatalogue) -> None:
    """Learn what decides who is concerned with a case."""
    if isinstance(event, RequestCorrected):
        await timelines.note_correction(work, event)
    else:
        await timelines.note_milestone(work, event)
    known = await work.get(CaseResults, event.request)
    case = domain.learn_case(known or CaseResults(id=event.request, branch=event.branch), event)
    _put_changed(work, known, await _settle(work, case, catalogue))


async def note_repeat(work: UnitOfWork, event: RepeatRepairFound, catalogue: PolicyCatalogue) -> None:
    """Hand on that a repair did not hold (INT-9)."""
    await timelines.note_milestone(work, event)
    said = {"product": event.product, "fault": event.fault, "reference": event.repeats}
    found = Found("repeat_repair", event.found_at, 1, said)
    await hand_found(work, event.request, event.branch, found, catalogue)


async def note_repair(work: UnitOfWork, event: RepairCompleted, catalogue: PolicyCatalogue) -> None:
    """Hand on what the visit found."""
    known = await work.get(CaseResults, event.request)
    case = known or CaseResults(id=event.request, branch=event.branch, policy=event.policy, calendar=event.calendar)
    case = await hand_result(work, case, domain.describe_visit(case, event), catalogue)
    _put_changed(work, known, domain.note_unconcerned(case))


@use_case(preload=lambda event: ((Timeline, event.request), (CaseResults, event.request)))
async def note_close(work: UnitOfWork, event: RequestClosed, catalogue: PolicyCatalogue) -> None:
    """Hand on the outcome of a case that ends, or say why it concerns nobody."""
    await timelines.note_milestone(work, event)
    known = await work.get(CaseResults, event.request)
    case = (known or CaseResults(id=event.request, branch=event.branch)).but(ended_at=event.closed_at)
    _put_changed(work, known, await _settle(work, case, catalogue))


@use_case(preload=lambda event: ((Timeline, event.request), (CaseResults, event.request)))
async def note_cancellation(work: UnitOfWork, event: RequestCancelled) -> None:
    """Say why a cancelled case concerns nobody."""
    await timelines.note_milestone(work, event)
    known = await work.get(CaseResults, event.request)
    _put_changed(work, known, domain.cancel_case(known or CaseResults(id=event.request, branch=event.branch), event))


@use_case(preload=lambda event: ((CaseResults, event.request),) if event.request else ())
async def note_complaint(work: UnitOfWork, event: ComplaintReceived, catalogue: PolicyCatalogue) -> None:
    """Hand on a complaint of the public page, about a request or about none (INT-11)."""
    known = await work.get(CaseResults, event.request) if event.request else None
    case = known or CaseResults(id=event.request or "", branch=event.branch or "-")
    found = Found(domain.COMPLAINTS[event.kind], event.received_at, 1, {"reference": event.complaint})
    case = await hand_result(work, case, found, catalogue, event.complaint)
    if event.request:
        _put_changed(work, known, case)


@use_case(preload=lambda command: ((CaseResults, command.request),))
async def hand_words(
    work: UnitOfWork, department: Department, command: HandedResult, catalogue: PolicyCatalogue
) -> DepartmentResult:
    """Hand what somebody heard about a request to a department."""
    said = {"found": command.found, "handed_by": command.by}
    found = Found(command.kind, work.now, said=said, to=department)
    case = await hand_result(work, await work.require(CaseResults, command.request), found, catalogue)
    work.put(case)
    return await work.require(DepartmentResult, case.results[-1])


@use_case(preload=lambda command: [(DepartmentResult, id) for id in command.results])
async def acknowledge_results(
    work: UnitOfWork, department: Department, command: Acknowledgement
) -> list[DepartmentResult]:
    """Record what a department does about results; all or none."""
    done = []
    for result in await work.several(DepartmentResult, tuple(dict.fromkeys(command.results))):
        after, events = domain.acknowledge_result(result, department, command, work.now)
        done.append(work.put(after, *events))
    return done


async def wake_result(work: UnitOfWork, key: str) -> None:
    result = await work.require(DepartmentResult, key)
    woken, events = domain.wake_result(result, work.now)
    if woken != result:
        work.put(woken, *events)


async def change_result_hours(
    work: UnitOfWork, result: DepartmentResult, hours: BranchHours, catalogue: PolicyCatalogue
) -> None:
    """Apply the branch's new hours to the time of the department (ALL-3)."""
    concerned = Concerned(await catalogue.get(work, result.policy), hours.calendar)
    moved, events = domain.change_result_hours(result, concerned, hours.said, work.now)
    if moved != result:
        work.put(moved, *events)
