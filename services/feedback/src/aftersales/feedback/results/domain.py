"""Results (ALL-4): what a case led to is handed to the department concerned, which says what it does about it.

Each case remembers its own facts and the results that were handed on, so that a case that ends without any says why.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any, ClassVar, Literal, NamedTuple, cast, get_args

from pydantic import AfterValidator, Field

from aftersales.common.aggregate import Aggregate
from aftersales.common.events import Event
from aftersales.common.events.dispatch import RepairCompleted
from aftersales.common.events.intake import (
    ComplaintKind,
    ProductRef,
    RequestCancelled,
    RequestCorrected,
    RequestRegistered,
)
from aftersales.common.sla_events import FEEDBACK_MARKS, Duty
from aftersales.policy import sla
from aftersales.policy.calendars import Calendar
from aftersales.policy.choose import Facts
from aftersales.policy.model import Department, Policy, ResultKind
from aftersales.policy.model.stages import KnownStage
from aftersales.policy.sla import ChangeNote, stages
from aftersales.policy.sla.stages import Situation
from aftersales.values import Code, Value, Words, sibling_number
from aftersales.values.errors import DomainError

REPLY: KnownStage = "department_reply"
RESULT_ID = r"^RS-[0-9]{6}-[0-9A-HJKMNP-TV-Z]{4}-[a-z_]{1,40}-[1-9][0-9]{0,3}$"
_LOWEST_PRIORITY = 4
ResultOutcome = Literal["accepted", "answered", "nothing_to_do"]
"""`accepted`: something will be done; `answered`: the department has answered; `nothing_to_do`: with the reason."""
ResultState = Literal["open", "acknowledged"]
NothingReason = Literal["cancelled", "duplicate", "no_repair", "no_department"]
"""Why a case that ended has no result for anybody: it was cancelled, registered twice or answered without a repair, or
its policy names no department for its kind."""
_WITHOUT_CAUSE = frozenset({"installation", "commissioning", "maintenance", "training"})
"""Kinds whose visits find no cause of a fault."""
HandKind = Literal["suggestion", "praise", "lead", "remark"]
"""What somebody may hand to a department: what a customer said in passing."""


def _said(text: str) -> str:
    if not text:
        raise ValueError("result.words_missing")
    return text


SomeWords = Annotated[Words, AfterValidator(_said)]
"""Human text that is not empty."""


class Acknowledgement(Value):
    """What a department does about results."""

    results: Annotated[tuple[Annotated[str, Field(pattern=RESULT_ID)], ...], Field(min_length=1, max_length=100)]
    """The ids of the results, up to a hundred with the same answer."""
    outcome: ResultOutcome
    """`accepted`, `answered`, or `nothing_to_do`."""
    what: SomeWords
    """What is done about it, the answer, or the reason why there is nothing to do."""
    by: Code
    """The person of the department."""


class HandedResult(Value):
    """A result that somebody hands to a department."""

    request: Annotated[str, Field(pattern=r"^SR-[0-9]{6}-[0-9A-HJKMNP-TV-Z]{4}$")]
    """The number of the request."""
    kind: HandKind
    """`suggestion`, `praise`, `lead` (the customer may buy something), or `remark`."""
    found: SomeWords
    """What was said or found."""
    by: Code
    """The person who hands it on."""


class DepartmentResult(Aggregate):
    """One result in the list of a department; its id is that of the case, the kind and a number: `RS-…-repair-1`."""

    COLLECTION: ClassVar[str] = "results"
    OF_CONTACT: ClassVar[bool] = True

    department: Department
    """The department concerned."""
    kind: ResultKind
    """What it is: `repair`, `suggestion`, `complaint_quality` …"""
    request: str = ""
    """The number of the request; empty for a complaint about no request."""
    product: ProductRef | None = None
    """The product of the case."""
    fault: str = ""
    """The code of the fault."""
    cause: str = ""
    """The cause that the technician found."""
    found: str = ""
    """The result in words: the mend of a repair, a customer's suggestion or remark."""
    reference: str = ""
    """The complaint, callback or earlier request that it comes from."""
    policy: str
    """The service policy that names the department and the time (ALL-1)."""
    handed_at: datetime
    """The time at which the department got it."""
    handed_by: str = ""
    """The person who handed it on; empty if an event did."""
    state: ResultState = "open"
    outcome: ResultOutcome | None = None
    what: str = ""
    """What is done about it, in the department's words."""
    acknowledged_by: str = ""
    """The person of the department."""
    acknowledged_at: datetime | None = None


class CaseResults(Aggregate):
    """The facts of a case that decide who is concerned, and its results; its id is the request's number."""

    COLLECTION: ClassVar[str] = "case_results"
    OF_CONTACT: ClassVar[bool] = True

    kind: str = ""
    """The kind of the request (INT-4); empty until its registration is known."""
    product: ProductRef | None = None
    fault: str = ""
    policy: str = ""
    """The service policy of the request (ALL-1)."""
    calendar: Calendar | None = None
    """The branch's hours at registration."""
    corrections: int = 0
    """The number of the newest correction that was heard."""
    results: tuple[str, ...] = ()
    """The ids of the results that were handed to departments."""
    ended_at: datetime | None = None
    """The time at which it was closed or cancelled."""
    nothing: NothingReason | None = None
    """Why it ended without a result for anybody; null while it is open, and if there is a result."""
    nothing_why: str = ""
    """The reason in words: that of the cancellation, the other request, or the kind without a department."""


class Found(NamedTuple):
    """A result before it is handed on."""

    kind: ResultKind
    at: datetime
    place: int = 0
    """Makes it one of its kind: the visit; 0 is the next free number."""
    said: Mapping[str, Any] = {}
    """Further fields of the result."""
    to: Department | None = None
    """The department that somebody chose; None: the one that the policy names."""


class Concerned(NamedTuple):
    """What decides who gets a result and by when."""

    policy: Policy
    calendar: Calendar


COMPLAINTS: Mapping[ComplaintKind, ResultKind] = {
    "quality": "complaint_quality",
    "service": "complaint_service",
    "suggestion": "complaint_suggestion",
}
"""The result that a complaint of the public page is, by its kind."""
ResultDecision = tuple[DepartmentResult, tuple[Event, ...]]


def learn_case(case: CaseResults, event: RequestRegistered | RequestCorrected) -> CaseResults:
    """Take over the facts of the registration or of a newer correction. Commutative and idempotent."""
    number = event.number if isinstance(event, RequestCorrected) else 0
    if number < case.corrections or (number == case.corrections and case.kind):
        return case
    facts = {"product": event.product, "fault": event.fault, "policy": event.policy, "calendar": event.calendar}
    return case.but(branch=event.branch, kind=event.work_type or event.kind, corrections=number, **facts)


def facts_of_case(case: CaseResults, at: datetime) -> Facts:
    """Return the facts by which a policy is chosen, for a case whose policy is not known."""
    return Facts(case.branch, case.product.line if case.product else "", case.kind or "repair", "", at.date())


def hand_result(case: CaseResults, found: Found, concerned: Concerned, number: str = "") -> DepartmentResult | None:
    """Return the entry for the department that the policy names; None if it names none, or has this one already.

    `number` is that of a complaint, which has a number of its own and may be about no request.
    """
    department = found.to or concerned.policy.results.get(found.kind)
    head = f"{sibling_number(number or case.id, 'RS')}-{found.kind}"
    place = found.place or 1 + sum(id.rpartition("-")[0] == head for id in case.results)
    if department is None or f"{head}-{place}" in case.results:
        return None
    entry = DepartmentResult(
        id=f"{head}-{place}",
        branch=case.branch,
        department=department,
        kind=found.kind,
        request=case.id,
        **{"product": case.product, "fault": case.fault, **found.said},
        policy=stages.policy_id(concerned.policy),
        handed_at=found.at,
    )
    clocks = stages.reach_milestone((), "result_handed", found.at, {REPLY}, _situation(concerned))
    return _timed(entry.but(clocks=clocks))


def add_result(case: CaseResults, entry: DepartmentResult | None) -> CaseResults:
    """Remember a result, after which the case concerns somebody."""
    return case.but(results=(*case.results, entry.id), nothing=None, nothing_why="") if entry else case


def conclude_case(case: CaseResults) -> Found | None:
    """Return the result that the end of a case is in itself: a complaint answered, goods returned, an invoice."""
    if case.nothing or case.ended_at is None or case.kind not in get_args(ResultKind) or case.kind == "repair":
        return None
    return Found(cast("ResultKind", case.kind), case.ended_at, place=1)


def explain_nothing(case: CaseResults) -> CaseResults:
    """Say why a case that ended concerns nobody, if that is so and its kind is known."""
    if case.results or case.nothing or case.ended_at is None or not case.kind:
        return case
    return case.but(nothing="no_repair" if case.kind == "repair" else "no_department", nothing_why=case.kind)


def note_unconcerned(case: CaseResults) -> CaseResults:
    """Say of a repair that was made that the policy names no department for it, if nothing else was handed on."""
    known = case.results or case.nothing or case.kind not in ("", "repair")
    return case if known else case.but(nothing="no_department", nothing_why="repair")


def cancel_case(case: CaseResults, event: RequestCancelled) -> CaseResults:
    """Record a cancellation, and its reason unless somebody is concerned."""
    ended = case.but(ended_at=event.cancelled_at)
    if ended.results:
        return ended
    if event.duplicate_of:
        return ended.but(nothing="duplicate", nothing_why=event.duplicate_of)
    return ended.but(nothing="cancelled", nothing_why=event.reason)


def acknowledge_result(
    result: DepartmentResult, department: Department, said: Acknowledgement, now: datetime
) -> ResultDecision:
    """Record what the department does about a result (ALL-4)."""
    if result.department != department:
        raise DomainError("result.of_other_department", result=result.id, department=result.department)
    if result.state == "acknowledged":
        raise DomainError("result.already_acknowledged", result=result.id, by=result.acknowledged_by)
    done = result.but(
        state="acknowledged",
        outcome=said.outcome,
        what=said.what,
        acknowledged_by=said.by,
        acknowledged_at=now,
        clocks=sla.stop_clock(result.clocks, f"{REPLY}-1", now),
    )
    return _settled(result, done, now)


def wake_result(result: DepartmentResult, now: datetime) -> ResultDecision:
    """Publish thresholds of the reply that have passed (ALL-3)."""
    return _settled(result, result.but(clocks=sla.tick_clocks(result.clocks, now)), now)


def change_result_hours(
    result: DepartmentResult, concerned: Concerned, said: ChangeNote, now: datetime
) -> ResultDecision:
    """Count the remaining time by the branch's new hours (ALL-3)."""
    return _settled(result, result.but(clocks=stages.change_hours(result.clocks, _situation(concerned), said)), now)


def describe_visit(case: CaseResults, event: RepairCompleted) -> Found:
    """Return what a visit found: the cause and the mend."""
    kind = cast("ResultKind", case.kind) if case.kind in _WITHOUT_CAUSE else "repair"
    said = {"product": event.product, "fault": event.fault, "cause": event.cause, "found": event.solution}
    return Found(kind, event.at, event.visit, said | {"reference": event.order})


def _situation(concerned: Concerned) -> Situation:
    return Situation(concerned.policy, concerned.calendar, priority=_LOWEST_PRIORITY)


def _settled(before: DepartmentResult, after: DepartmentResult, now: datetime) -> ResultDecision:
    duty = Duty(owner=f"{after.department}@{after.branch}", mover=after.department)
    marks = FEEDBACK_MARKS.passed(before, after, now, request=after.request, duty=duty)
    return _timed(after), marks


def _timed(result: DepartmentResult) -> DepartmentResult:
    return result.but(wake_at=sla.next_wake(result.clocks))
