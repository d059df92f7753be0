"""The course of a request through all services (FBK-8), folded from events in any order, any number of times.

Only the earliest fact of each milestone and visit is stored, so the result does not depend on the order of arrival.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import ClassVar, Literal

from pydantic import ConfigDict

from aftersales.common.aggregate import Aggregate
from aftersales.common.events.dispatch import (
    AppointmentMoved,
    AssignmentAccepted,
    AssignmentDeclined,
    DiagnosisRecorded,
    OrderCancelled,
    OrderCreated,
    OrderEvent,
    RepairCompleted,
    TechnicianArrived,
    TechnicianAssigned,
    TechnicianDeparted,
)
from aftersales.common.events.feedback import FollowupDone, FollowupEvent, SurveyAnswered
from aftersales.common.events.intake import (
    RepeatRepairFound,
    RequestCancelled,
    RequestClosed,
    RequestCorrected,
    RequestRegistered,
    RequestReopened,
    RequestResolved,
)
from aftersales.common.events.inventory import PartReserved, PartShort, PartUsed, SlipEvent
from aftersales.values import Value

TimelineMilestone = Literal[
    "registered",
    "repeat_found",
    "cancelled",
    "resolved",
    "reopened",
    "closed",
    "ordered",
    "assigned",
    "accepted",
    "declined",
    "moved",
    "departed",
    "arrived",
    "diagnosed",
    "repaired",
    "order_cancelled",
    "part_short",
    "part_reserved",
    "part_used",
    "followed_up",
    "answered",
]
TimelineEvent = (
    RequestRegistered
    | RepeatRepairFound
    | RequestCancelled
    | RequestResolved
    | RequestReopened
    | RequestClosed
    | OrderEvent
    | SlipEvent
    | FollowupEvent
)
"""The events that can report a milestone."""
MILESTONES: dict[type[TimelineEvent], tuple[TimelineMilestone, str]] = {
    RequestRegistered: ("registered", "registered_at"),
    RepeatRepairFound: ("repeat_found", "found_at"),
    RequestCancelled: ("cancelled", "cancelled_at"),
    RequestResolved: ("resolved", "resolved_at"),
    RequestReopened: ("reopened", "reopened_at"),
    RequestClosed: ("closed", "closed_at"),
    OrderCreated: ("ordered", "at"),
    TechnicianAssigned: ("assigned", "at"),
    AssignmentAccepted: ("accepted", "at"),
    AssignmentDeclined: ("declined", "at"),
    AppointmentMoved: ("moved", "at"),
    TechnicianDeparted: ("departed", "at"),
    TechnicianArrived: ("arrived", "at"),
    DiagnosisRecorded: ("diagnosed", "at"),
    RepairCompleted: ("repaired", "at"),
    OrderCancelled: ("order_cancelled", "at"),
    PartShort: ("part_short", "at"),
    PartReserved: ("part_reserved", "at"),
    PartUsed: ("part_used", "at"),
    FollowupDone: ("followed_up", "at"),
    SurveyAnswered: ("answered", "at"),
}
"""The milestone of each event, and the field with its time."""


class Fact(Value):
    """A milestone that was reached; other data of the event is stored only if a KPI needs it."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    at: datetime
    milestone: TimelineMilestone
    visit: int = 0
    """0 for facts about the whole request."""
    technician: str | None = None
    """The technician of the step; of `repeat_found` the one whose repair did not hold."""
    repeats: str | None = None
    """The request whose repair did not hold (INT-9)."""
    on_time: bool | None = None
    claimed: bool = False
    """Whether the time is the word of a technician or clerk, who reported it later (ADR 18)."""
    mark: float | None = None
    satisfied: bool | None = None


class Figures(Value):
    """The request's contribution to the KPIs. All fields except the durations are simply summed."""

    resolved: int = 0
    """1 if the last requested visit is resolved."""
    cancelled: int = 0
    repaired: int = 0
    """1 if it was repaired at least once."""
    fixed_at_first: int = 0
    """1 if visit 1 repaired it and it was not reopened."""
    repeats: int = 0
    """1 if it repeats an earlier repair (INT-9)."""
    arrivals: int = 0
    on_time: int = 0
    repairs: int = 0
    callbacks: int = 0
    surveys: int = 0
    marks: float = 0
    satisfied: int = 0
    response_seconds: int | None = None
    """Time from the contact to the first assignment; an acceptance that was earlier shows one made by telephone."""
    resolution_seconds: int | None = None
    """Time from registration until the last requested visit was resolved."""


SUMMED = tuple(name for name in Figures.model_fields if not name.endswith("_seconds"))


class Timeline(Aggregate):
    """All milestones of one request; its id is the request's number. Any event may start it."""

    COLLECTION: ClassVar[str] = "timelines"
    OF_CONTACT: ClassVar[bool] = True

    registered_at: datetime | None = None
    facts: tuple[Fact, ...] = ()
    """Facts in the order in which they happened."""
    figures: Figures = Figures()
    duplicate_of: str | None = None
    """The request that goes on, if this one was registered by mistake; the KPIs leave it out."""
    corrections: int = 0
    """The number of the newest correction that was heard; its branch holds."""


def fold_event(timeline: Timeline | None, event: TimelineEvent) -> Timeline:
    """Add one more event to the timeline. Commutative and idempotent."""
    known = timeline or Timeline(id=event.request, branch=event.branch)
    fact = fact_of(event)
    same = [old for old in known.facts if (old.milestone, old.visit) == (fact.milestone, fact.visit)]
    others = [old for old in known.facts if old not in same]
    facts = tuple(sorted((*others, min(*same, fact, key=_order) if same else fact), key=_order))
    duplicate_of = known.duplicate_of or (event.duplicate_of if isinstance(event, RequestCancelled) else None)
    registered_at, figures = _first(facts, "registered"), derive_figures(facts)
    return known.but(facts=facts, registered_at=registered_at, figures=figures, duplicate_of=duplicate_of)


def fold_correction(timeline: Timeline | None, event: RequestCorrected) -> Timeline:
    """Count the request under the branch of its newest correction. Commutative and idempotent."""
    known = timeline or Timeline(id=event.request, branch=event.branch)
    return known.but(branch=event.branch, corrections=event.number) if event.number > known.corrections else known


def fact_of(event: TimelineEvent) -> Fact:
    """Return the milestone of an event."""
    milestone, time = MILESTONES[type(event)]
    said = dict(event)
    return Fact.model_validate(said | {"milestone": milestone, "at": said[time]})


def derive_figures(facts: tuple[Fact, ...]) -> Figures:
    """Return what the request adds to the KPIs (FBK-8)."""
    by: dict[str, list[Fact]] = {}
    for fact in facts:
        by.setdefault(fact.milestone, []).append(fact)
    arrived, repaired, answered = by.get("arrived", []), by.get("repaired", []), by.get("answered", [])
    wanted = max((fact.visit for fact in by.get("reopened", ())), default=1)
    resolved = [fact.at for fact in by.get("resolved", ()) if fact.visit == wanted]
    registered = _first(facts, "registered")
    return Figures(
        resolved=len(resolved),
        cancelled=len(by.get("cancelled", ())),
        repaired=bool(repaired),
        fixed_at_first=any(fact.visit == 1 for fact in repaired) and "reopened" not in by,
        repeats=len(by.get("repeat_found", ())),
        arrivals=len(arrived),
        on_time=_count(fact.on_time for fact in arrived),
        repairs=len(repaired),
        callbacks=len(by.get("followed_up", ())),
        surveys=len(answered),
        marks=sum(fact.mark or 0 for fact in answered),
        satisfied=_count(fact.satisfied for fact in answered),
        response_seconds=_seconds(registered, _first(facts, "assigned", "accepted")),
        resolution_seconds=_seconds(registered, resolved[0] if resolved else None),
    )


def _first(facts: Iterable[Fact], *milestones: TimelineMilestone) -> datetime | None:
    return min((fact.at for fact in facts if fact.milestone in milestones), default=None)


def _count(flags: Iterable[bool | None]) -> int:
    return sum(1 for flag in flags if flag)


def _seconds(begin: datetime | None, end: datetime | None) -> int | None:
    """Return whole seconds; never negative, although the clocks of two machines may differ a little."""
    return max(0, int((end - begin).total_seconds())) if begin and end else None


def _order(fact: Fact) -> tuple[datetime, str]:
    """Return a sort key: the time, then the content, so that the order is total."""
    return fact.at, fact.model_dump_json()
