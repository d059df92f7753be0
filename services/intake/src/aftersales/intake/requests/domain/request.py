"""A service request: its state, its clocks, its timer (INT-1, INT-2, INT-5, INT-7, ALL-3)."""

from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any, ClassVar, Literal

from aftersales.common.aggregate import Aggregate
from aftersales.common.events import Event
from aftersales.common.events.intake import IntakeSlaBreached, IntakeSlaEscalated, IntakeSlaWarned, ProductRef
from aftersales.common.sla_events import SlaEventTypes
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

from .coverage import Coverage
from .custody import CustodyStep, Escalation, Offer
from .prepaid import NOTHING

RequestState = Literal["registered", "resolved", "reopened", "closed", "cancelled"]
OPEN: tuple[RequestState, ...] = ("registered", "reopened")
"""Somebody must still do something about it."""
ENDED: tuple[RequestState, ...] = ("closed", "cancelled")
"""It never changes its state again."""
STAGES: frozenset[KnownStage] = frozenset({"review", "first_reply", "answer", "confirm", "resolve"})
"""The stages whose clocks run here; those of the visit run at dispatch."""
OF_A_VISIT: frozenset[KnownStage] = frozenset({"confirm", "resolve"})
"""Those that each visit has anew; the others are of the contact, and of round 1."""
SLA_EVENTS = SlaEventTypes(IntakeSlaWarned, IntakeSlaBreached, IntakeSlaEscalated)


@dataclass(frozen=True)
class Ground:
    """What a request stands on: the branch, and the policy that was chosen for it."""

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
    """What the customer was told at the desk (INT-8)."""

    at: datetime
    by: str
    channel: Channel
    text: str
    referred_to: str | None = None
    answer_by: datetime | None = None
    """When the customer was told that the answer comes."""


class Resolution(Value):
    visit: int
    at: datetime
    cause: str
    solution: str
    technician: str


class Acceptance(Value):
    """A quotation that the customer accepted, and how we know (INT-6)."""

    amount: Money
    accepted_by: str
    evidence: str
    file: str | None = None
    at: datetime
    noted_by: str


class PartnerReference(Value):
    """The partner's event that a request came with (INT-12)."""

    partner: str
    """The RabbitMQ user who published it."""
    source: str
    id: str
    reference: str
    """What the partner calls it: the event's `subject`, or its id."""


class ServiceRequest(Aggregate):
    """A customer's fault or wish; its id is its number (`SR-…`)."""

    COLLECTION: ClassVar[str] = "requests"
    OF_CONTACT: ClassVar[bool] = True

    channel: Channel
    customer: str
    address: str
    """Where to go, as it was said this time; the archive may know another one."""
    product: ProductRef
    kind: RequestKind
    problem_class: ProblemClass | None = None
    fault: str
    description: str
    details: dict[str, str] = {}  # noqa: RUF012 (a field, copied per instance)
    urgency: int
    danger: bool = False
    cases: tuple[SpecialCase, ...] = ()
    """What makes it another case for its policy: emergency, rush or holiday work (ALL-10)."""
    priority: int
    policy: str = ""
    """The version that it keeps for life, such as `e-bike@3` (ALL-1)."""
    owner: str
    wanted_at: datetime | None = None
    location: GeoPoint | None = None
    registered_at: datetime
    state: RequestState = "registered"
    visit: int = 1
    """Which visit is under way or was the last."""
    slip_version: int = 0
    """The newest version of this visit's issue slip that was heard of."""
    resolution: Resolution | None = None
    repeats: str | None = None
    """The request whose repair did not hold (INT-9)."""
    importance_class: str = "C"
    """The customer's class when the request came in; priority depends on it."""
    answers: tuple[Answer, ...] = ()
    reviewed_by: str | None = None
    reviewed_at: datetime | None = None
    review_remark: str = ""
    coverage: Coverage | None = None
    """Who pays, as it was decided last (INT-6)."""
    coverage_history: tuple[Coverage, ...] = ()
    """The decisions before it."""
    acceptances: tuple[Acceptance, ...] = ()
    """The last one holds."""
    history: tuple[RequestStep, ...] = ()
    offer: Offer | None = None
    """Until it is accepted, `owner` stays the owner (INT-7)."""
    custody: tuple[CustodyStep, ...] = ()
    escalations: tuple[Escalation, ...] = ()
    open: bool = True
    stage: str | None = None
    """What is due next, of its clocks; `due_at` is None while that is paused."""
    due_at: datetime | None = None
    at_risk_at: datetime | None = None
    partner: PartnerReference | None = None
    tail: str = ""
    """The end of the number, by which people ask for it."""

    def derived(self) -> dict[str, Any]:
        """What lists and boards ask for (`requests/store.py` has their indexes)."""
        is_open = self.state in OPEN
        due = next_due(self.clocks) if is_open else DueAt()
        return {"open": is_open, "tail": self.id[-4:], **due._asdict()}


RequestDecision = tuple[ServiceRequest, tuple[Event, ...]]


def sla_situation(request: ServiceRequest, ground: Ground) -> Situation:
    """What the request's promises depend on."""
    agreed = request.coverage.inputs.prepaid if request.coverage else NOTHING
    own = Response(agreed.contract or "", tuple(agreed.response.items()))
    return Situation(ground.policy, ground.calendar, request.priority, request.cases, request.visit, response=own)


def pass_milestone(
    request: ServiceRequest, milestone: str, at: datetime, ground: Ground, visit: int | None = None
) -> ServiceRequest:
    """Start and stop the clocks that the milestone starts and stops here: the contact's, and those of the visit."""
    theirs = sla_situation(request, ground)
    contact = theirs._replace(round=1, again=len(request.answers) if milestone == "question_referred" else 0)
    clocks = reach_milestone(request.clocks, milestone, at, STAGES - OF_A_VISIT, contact)
    return request.but(
        clocks=reach_milestone(clocks, milestone, at, OF_A_VISIT, theirs._replace(round=visit or request.visit))
    )


def finish_change(
    before: ServiceRequest | None, request: ServiceRequest, now: datetime, *events: Event
) -> RequestDecision:
    """End a rule: set the timer, and say which marks were passed (ALL-3)."""
    passed = SLA_EVENTS.passed(before, request, now, request=request.id, owner=request.owner)
    return request.but(wake_at=sla.next_wake(request.clocks)), (*events, *passed)


def tick_request(request: ServiceRequest, now: datetime) -> RequestDecision:
    """Let the clocks say what they have to by now."""
    return finish_change(request, request.but(clocks=sla.tick_clocks(request.clocks, now)), now)


def change_request_hours(request: ServiceRequest, ground: Ground, said: ChangeNote, now: datetime) -> RequestDecision:
    """The branch has other hours: what is still to come is promised by them (ALL-3)."""
    clocks = stages.change_hours(request.clocks, sla_situation(request, ground), said)
    return finish_change(request, request.but(clocks=clocks), now)


def must_be_unresolved(request: ServiceRequest) -> None:
    """Raises `DomainError` once the work is done, or will not be: nothing more can be asked of it."""
    if request.state in ("resolved", "closed", "cancelled"):
        raise DomainError(f"request.already_{request.state}", request=request.id)


def must_not_have_ended(request: ServiceRequest) -> None:
    """Raises `DomainError` for a request that nobody owns any more; a resolved one may come back."""
    if request.state in ENDED:
        raise DomainError("request.ended", request=request.id, state=request.state)


def append_step(request: ServiceRequest, step: RequestStep) -> ServiceRequest:
    return request.but(state=step.state, history=(*request.history, step))
