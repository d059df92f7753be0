"""How far the visit of a request is, from what dispatch and inventory reported in any order (INT-11). Pure."""

from datetime import datetime
from typing import Literal, NamedTuple, get_args

from aftersales.common.events.dispatch import (
    AppointmentMoved,
    AssignmentDeclined,
    PlanWithdrawn,
    TechnicianArrived,
    TechnicianAssigned,
    TechnicianDeparted,
    WorkPaused,
    WorkResumed,
)
from aftersales.common.events.inventory import PartReserved, PartShort
from aftersales.values import Value

VisitEvent = (
    TechnicianAssigned
    | AppointmentMoved
    | AssignmentDeclined
    | PlanWithdrawn
    | TechnicianDeparted
    | TechnicianArrived
    | WorkPaused
    | WorkResumed
    | PartShort
    | PartReserved
)
VisitNews = Literal[
    "unplanned", "planned", "moved", "departed", "arrived", "broken_off", "continued", "part_missing", "part_reserved"
]
"""The order of those that happen at the same time."""
_NEWS: dict[type[VisitEvent], VisitNews] = {
    AssignmentDeclined: "unplanned",
    PlanWithdrawn: "unplanned",
    TechnicianAssigned: "planned",
    AppointmentMoved: "moved",
    TechnicianDeparted: "departed",
    TechnicianArrived: "arrived",
    WorkPaused: "broken_off",
    WorkResumed: "continued",
    PartShort: "part_missing",
    PartReserved: "part_reserved",
}
VisitStep = Literal["unplanned", "planned", "on_the_way", "arrived", "interrupted"]
AWAY = ("interrupted", "meal_break")
"""The waits during which the technician has left the customer."""


class VisitFact(Value):
    """A report about one visit."""

    visit: int
    at: datetime
    news: VisitNews
    technician: str | None = None
    start: datetime | None = None
    """The appointment's beginning, or the time at which an interrupted work goes on."""
    end: datetime | None = None


class VisitProgress(NamedTuple):
    """How far a visit is: who comes when, and whether a part is missing."""

    step: VisitStep = "unplanned"
    technician: str | None = None
    start: datetime | None = None
    end: datetime | None = None
    part_missing: bool = False


def note_fact(known: tuple[VisitFact, ...], event: VisitEvent) -> tuple[VisitFact, ...]:
    """Add a report in the order of time; those about earlier visits go."""
    fact = VisitFact(
        visit=event.visit,
        at=event.at,
        news=_NEWS[type(event)],
        technician=getattr(event, "technician", None),
        start=getattr(event, "appointment_start", getattr(event, "until", None)),
        end=getattr(event, "appointment_end", None),
    )
    if fact in known:
        return known
    order = get_args(VisitNews).index
    same = [one for one in known if one.visit == event.visit]
    return tuple(sorted([*same, fact], key=lambda one: (one.at, order(one.news))))


def read_progress(facts: tuple[VisitFact, ...], visit: int) -> VisitProgress:
    """Return how far this visit is after all reports about it."""
    progress = VisitProgress()
    for fact in facts:
        if fact.visit == visit:
            progress = _after(progress, fact)
    return progress


def _after(before: VisitProgress, fact: VisitFact) -> VisitProgress:
    if fact.news in ("part_missing", "part_reserved"):
        gone = fact.news == "part_missing" and before.step in (
            "arrived",
            "interrupted",
        )  # they come again, at a time not known yet
        left = before._replace(step="unplanned", start=None, end=None) if gone else before
        return left._replace(part_missing=fact.news == "part_missing")
    if fact.news in ("broken_off", "continued"):
        return _after_break(before, fact)
    if fact.news == "unplanned":
        return VisitProgress(part_missing=before.part_missing)
    if fact.news == "moved":  # a technician under way stays under way
        step: VisitStep = "on_the_way" if before.step == "on_the_way" else "planned"
        return before._replace(step=step, start=fact.start, end=fact.end)
    if fact.news == "planned":
        return before._replace(step="planned", technician=fact.technician, start=fact.start, end=fact.end)
    return before._replace(step="on_the_way" if fact.news == "departed" else "arrived", technician=fact.technician)


def _after_break(before: VisitProgress, fact: VisitFact) -> VisitProgress:
    """Return the visit after the technician has left for a while, or is back."""
    if fact.news == "broken_off":
        return before._replace(step="interrupted", start=fact.start, end=None)
    return before._replace(step="arrived", start=None, end=None) if before.step == "interrupted" else before
