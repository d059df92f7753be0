"""A service request: its state, its clocks, its timer (INT-1, INT-2, INT-5, INT-7, ALL-3)."""

from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Annotated, Any, ClassVar, Literal

from aftersales.common.events import Event
from aftersales.common.events.intake import ProductRef
from aftersales.common.scope import SharedAggregate
from aftersales.common.sla_events import INTAKE_MARKS, Duty
from aftersales.common.terms import UnclearTerm
from aftersales.intake.network.domain import Branch
from aftersales.intake.vocabulary import Channel, ProblemClass, RequestKind
from aftersales.policy import sla
from aftersales.policy.calendars import Calendar
from aftersales.policy.model import Policy
from aftersales.policy.model.stages import KnownStage, SpecialCase
from aftersales.policy.sla import ChangeNote, stages
from aftersales.policy.sla.due import DueAt, next_due
from aftersales.policy.sla.stages import Response, Situation, reach_milestone
from aftersales.values import GeoPoint, Money, Value
from aftersales.values.errors import DomainError
from aftersales.values.personal import HIDDEN_TEXT, MASKED_NAME

from .coverage import Coverage
from .custody import CustodyStep, Escalation, Offer
from .due import DueElsewhere, first_due, pressing_key
from .form import Elsewhere, OrderReference
from .prepaid import NOTHING
from .records import ClaimOutcome, Correction, Flag, FurtherContact, Note, PartnerReference, Resolution, TakenStep
from .visit import VisitFact

RequestState = Literal["registered", "resolved", "reopened", "closed", "cancelled"]
"""`registered`: somebody must act; `resolved`: repaired, waiting for the callback; `reopened`: the customer was not
satisfied."""
OPEN: tuple[RequestState, ...] = ("registered", "reopened")
"""States in which somebody must still act."""
ENDED: tuple[RequestState, ...] = ("closed", "cancelled")
"""States that never change again."""
STAGES: frozenset[KnownStage] = frozenset(
    {
        *("review", "first_reply", "answer", "confirm", "resolve", "contact_again", "refund"),
        *("complaint_answer", "complaint_verify", "complaint_timetable", "complaint_followup"),
        *("logistics_reply", "logistics"),
    }
)
"""Stages whose clocks run in intake; those of the visit run in dispatch."""
OF_A_VISIT: frozenset[KnownStage] = frozenset({"confirm", "resolve"})
"""Stages that start again with each visit; the others belong to the contact and to round 1."""


@dataclass(frozen=True)
class Ground:
    """The branch of a request, and the policy chosen for it."""

    branch: Branch
    policy: Policy

    @cached_property
    def calendar(self) -> Calendar:
        return self.branch.calendar


class RequestStep(Value):
    """One change of state (ALL-5)."""

    state: RequestState
    at: datetime
    by: str
    why: str = ""


class Answer(Value):
    """A reply given to the customer at the desk (INT-8)."""

    at: datetime
    by: str
    channel: Channel
    text: Annotated[str, HIDDEN_TEXT]
    referred_to: str | None = None
    answer_by: datetime | None = None
    """The time by which the customer was promised the answer."""


class Acceptance(Value):
    """A quotation that the customer accepted, with the evidence (INT-6)."""

    amount: Money
    accepted_by: Annotated[str, MASKED_NAME]
    evidence: str
    file: str | None = None
    at: datetime
    noted_by: str


class ServiceRequest(SharedAggregate):
    """A customer's fault or wish; its id is its number (`SR-…`)."""

    COLLECTION: ClassVar[str] = "requests"
    OF_CONTACT: ClassVar[bool] = True

    channel: Channel
    """The channel on which the customer contacted us."""
    customer: str
    caller: Annotated[str, MASKED_NAME] = ""
    """The name that the caller gave; the customer may be archived under another one."""
    unreachable: str | None = None
    """The reason why the caller cannot be reached, such as an anonymous letter."""
    address: Annotated[str, HIDDEN_TEXT]
    """The address given for this request; the archive may have another one."""
    product: ProductRef
    kind: RequestKind
    problem_class: ProblemClass | None = None
    fault: str
    """The fault code, or the kind of request if there is no fault."""
    description: Annotated[str, HIDDEN_TEXT]
    order: OrderReference | None = None
    """The order of an online shop that it is about (INT-15)."""
    details: dict[str, str] = {}  # noqa: RUF012 (a field, copied per instance)
    urgency: int
    """1 can wait, 2 is normal, 3 is pressing."""
    danger: bool = False
    """Whether somebody may be hurt."""
    danger_words: tuple[str, ...] = ()
    """Words of the description that count as danger until somebody confirms or denies it with the priority (INT-5)."""
    cases: tuple[SpecialCase, ...] = ()
    """Special cases of the policy that apply: emergency, rush or holiday work (ALL-10)."""
    priority: int
    """From 1 (immediately) to 4 (any time)."""
    unclear: tuple[UnclearTerm, ...] = ()
    """Words for product line and fault that no catalogue has, for somebody to clear up (ALL-1, INT-9)."""
    policy_is_general: bool = False
    """Whether the policy applies only because no policy names the product line or the branch (ALL-1)."""
    policy: str = ""
    """The policy version for the whole life of the request, such as `e-bike@3` (ALL-1)."""
    owner: str
    """Empty if nobody took the contact: an import or a partner's system brought it. The branch is then warned."""
    wanted_at: datetime | None = None
    location: GeoPoint | None = None
    registered_at: datetime
    """The time of the contact, from which its promises count."""
    entered_at: datetime | None = None
    """The time at which the contact was entered, if that was later; `registered_at` is the word of the clerk then."""
    registered_by: str = ""
    """The person who registered the form."""
    state: RequestState = "registered"
    visit: int = 1
    """The current or last visit."""
    visit_facts: tuple[VisitFact, ...] = ()
    """Reports about its appointment, its technician and its parts, oldest first (INT-11)."""
    slip_version: int = 0
    """The newest known version of the issue slip of this visit."""
    resolution: Resolution | None = None
    repeats: str | None = None
    """The request whose repair failed (INT-9)."""
    importance_class: str = "C"
    """The customer's class when the request came in; the priority depends on it."""
    member: bool = False
    """Whether the customer was a member on the day of registration (INT-16)."""
    answers: tuple[Answer, ...] = ()
    steps: tuple[TakenStep, ...] = ()
    """Steps of the desk, such as a customer who was not reached or a complaint that was verified."""
    claim_outcome: ClaimOutcome | None = None
    """The decision about the claim for compensation, if this request repeats a guaranteed repair."""
    waits: tuple[str, ...] = ()
    """Waits of the work that dispatch has reported, each as `<reason>|<time>`."""
    reviewed_by: str | None = None
    reviewed_at: datetime | None = None
    review_remark: str = ""
    coverage: Coverage | None = None
    """The latest decision on who pays (INT-6)."""
    coverage_history: tuple[Coverage, ...] = ()
    """Earlier decisions."""
    acceptances: tuple[Acceptance, ...] = ()
    """The last one applies."""
    history: tuple[RequestStep, ...] = ()
    corrections: tuple[Correction, ...] = ()
    """Corrections of the form, oldest first (INT-2)."""
    contacts: tuple[FurtherContact, ...] = ()
    """Further contacts about it, oldest first (ALL-4)."""
    notes: tuple[Note, ...] = ()
    flag: Flag | None = None
    """The flag that was set last, until somebody removes it."""
    duplicate_of: str | None = None
    """The request that goes on, if this one was registered by mistake."""
    offer: Offer | None = None
    """Until it is accepted, `owner` stays the owner (INT-7)."""
    custody: tuple[CustodyStep, ...] = ()
    escalations: tuple[Escalation, ...] = ()
    asked: str | None = None
    """The person above who must answer the last escalation (INT-18)."""
    open: bool = True
    """Whether somebody must still act."""
    due_elsewhere: tuple[DueElsewhere, ...] = ()
    """The next deadlines of its work order and its callbacks."""
    stage: str | None = None
    """The stage that is due next, in any service; `due_at` is None while its clock is paused."""
    due_service: str | None = None
    """The service whose stage that is."""
    pressing: str | None = None
    """The sort key of lists: danger first, then the earliest deadline; null unless it is open."""
    due_at: datetime | None = None
    """The earliest deadline of its running clocks."""
    at_risk_at: datetime | None = None
    """The time of the warning before that deadline."""
    partner: PartnerReference | None = None
    elsewhere: Elsewhere | None = None
    """The request in the system from which it was imported."""
    tail: str = ""
    """The end of the number, which people use to search."""

    def derived(self) -> dict[str, Any]:
        """Return the filter fields of lists and boards (`requests/store.py` has their indexes)."""
        is_open = self.state in OPEN
        service, due = first_due(next_due(self.clocks), self.due_elsewhere) if is_open else (None, DueAt())
        pressing = pressing_key(due.due_at, danger=self.danger) if is_open else None
        last = self.escalations[-1] if self.escalations and self.state not in ENDED else None
        asked = last.to if last and not last.answered_at else None
        same = {"asked": asked, "open": is_open, "tail": self.id[-4:], "due_service": service, "pressing": pressing}
        return same | due._asdict()


RequestDecision = tuple[ServiceRequest, tuple[Event, ...]]


def sla_situation(request: ServiceRequest, ground: Ground) -> Situation:
    """Return the facts that the targets depend on."""
    agreed = request.coverage.inputs.prepaid if request.coverage else NOTHING
    own = Response(agreed.contract or "", tuple(agreed.response.items()))
    return Situation(ground.policy, ground.calendar, request.priority, request.cases, request.visit, response=own)


def pass_milestone(
    request: ServiceRequest, milestone: str, at: datetime, ground: Ground, visit: int | None = None
) -> ServiceRequest:
    """Start and stop intake's clocks for a milestone: those of the contact and those of the visit."""
    theirs = sla_situation(request, ground)
    contact = theirs._replace(round=1, again=len(request.answers) if milestone == "question_referred" else 0)
    clocks = reach_milestone(request.clocks, milestone, at, STAGES - OF_A_VISIT, contact)
    return request.but(
        clocks=reach_milestone(clocks, milestone, at, OF_A_VISIT, theirs._replace(round=visit or request.visit))
    )


def count_from_wish(request: ServiceRequest, wanted: datetime, said: ChangeNote, ground: Ground) -> ServiceRequest:
    """Count the promise of the work from the time that the customer wants, if that is later (INT-8)."""
    return request.but(clocks=stages.begin_later(request.clocks, wanted, sla_situation(request, ground), said))


def finish_change(
    before: ServiceRequest | None, request: ServiceRequest, now: datetime, *events: Event
) -> RequestDecision:
    """Finish a rule: set the timer, and report passed thresholds (ALL-3)."""
    passed = INTAKE_MARKS.passed(before, request, now, request=request.id, duty=Duty(request.owner))
    return request.but(wake_at=sla.next_wake(request.clocks)), (*events, *passed)


def tick_request(request: ServiceRequest, now: datetime) -> RequestDecision:
    """Update the clocks to now, and report passed thresholds."""
    return finish_change(request, request.but(clocks=sla.tick_clocks(request.clocks, now)), now)


def change_request_hours(request: ServiceRequest, ground: Ground, said: ChangeNote, now: datetime) -> RequestDecision:
    """Apply the branch's new hours to the deadlines still to come (ALL-3)."""
    clocks = stages.change_hours(request.clocks, sla_situation(request, ground), said)
    return finish_change(request, request.but(clocks=clocks), now)


def must_be_unresolved(request: ServiceRequest) -> None:
    """Raise `DomainError` for a resolved, closed or cancelled request."""
    if request.state in ("resolved", "closed", "cancelled"):
        raise DomainError(f"request.already_{request.state}", request=request.id)


def must_not_have_ended(request: ServiceRequest) -> None:
    """Raise `DomainError` for a request that has ended; a resolved one may be reopened."""
    if request.state in ENDED:
        raise DomainError("request.ended", request=request.id, state=request.state)


def append_step(request: ServiceRequest, step: RequestStep) -> ServiceRequest:
    return request.but(state=step.state, history=(*request.history, step))
