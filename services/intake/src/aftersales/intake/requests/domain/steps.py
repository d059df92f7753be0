"""Steps of the desk with which stages of the policy start and end (INT-1, FBK-3, FBK-4). Pure."""

from collections.abc import Mapping
from datetime import datetime
from typing import Literal, Self

from pydantic import model_validator

from aftersales.common.events.intake import RequestAnswered
from aftersales.intake.vocabulary import OF_AN_ORDER, RequestKind
from aftersales.policy import sla
from aftersales.policy.model.stages import KnownStage
from aftersales.policy.sla import Clocks
from aftersales.policy.sla.stages import Situation, reach_milestone, stage_terms, stages_of
from aftersales.values import Moment, Value, Words
from aftersales.values.errors import DomainError

from .records import TakenStep
from .request import (
    ENDED,
    STAGES,
    Ground,
    RequestDecision,
    ServiceRequest,
    finish_change,
    sla_situation,
)

DeskStep = Literal[
    "customer_not_reached",
    "customer_contacted",
    "complaint_verified",
    "complaint_marked_serious",
    "complaint_followed_up",
    "timetable_promised",
    "complaint_resolved",
    "goods_inspected",
    "refund_paid",
    "parcel_problem_reported",
    "parcel_problem_answered",
    "parcel_problem_solved",
]
LIKE_COMPLAINTS: frozenset[RequestKind] = frozenset({"complaint", "return", "exchange", "compensation"})
"""Kinds that start the clocks of a complaint when they are registered, whichever channel they come by (FBK-3)."""
FirstStep = Literal["complaint_registered", "parcel_problem_reported"]


def first_steps(kind: RequestKind) -> frozenset[FirstStep]:
    """Return the steps that the registration itself is, beside `request_registered` (FBK-3, INT-15)."""
    found: dict[FirstStep, bool] = {
        "complaint_registered": kind in LIKE_COMPLAINTS,
        "parcel_problem_reported": kind == "parcel_problem",
    }
    return frozenset(step for step, taken in found.items() if taken)


_OF_A_PARCEL: tuple[DeskStep, ...] = (
    "parcel_problem_reported",
    "parcel_problem_answered",
    "parcel_problem_solved",
)
_ONLY: Mapping[DeskStep, frozenset[RequestKind]] = {
    "complaint_verified": LIKE_COMPLAINTS,
    "complaint_marked_serious": LIKE_COMPLAINTS,
    "complaint_followed_up": LIKE_COMPLAINTS,
    "timetable_promised": LIKE_COMPLAINTS,
    "complaint_resolved": LIKE_COMPLAINTS,
    "goods_inspected": LIKE_COMPLAINTS - {"complaint"},
    "refund_paid": LIKE_COMPLAINTS - {"complaint"},
    **dict.fromkeys(_OF_A_PARCEL, OF_AN_ORDER | LIKE_COMPLAINTS),
}


class RecordStep(Value):
    """A step, and what there is to say about it."""

    step: DeskStep
    """The step that was taken."""
    note: Words = ""
    """A note on the step."""
    until: Moment | None = None
    """The promised time; only for `timetable_promised`, which needs it."""

    @model_validator(mode="after")
    def _complete(self) -> Self:
        if (self.step == "timetable_promised") != (self.until is not None):
            raise ValueError("request.promised_time_misplaced")
        return self


def record_step(request: ServiceRequest, form: RecordStep, by: str, now: datetime, ground: Ground) -> RequestDecision:
    """Record the step, and start and stop the stages of the policy that begin or end with it."""
    if request.state in ENDED:
        raise DomainError("request.ended", request=request.id, state=request.state)
    if form.step in _ONLY and request.kind not in _ONLY[form.step]:
        raise DomainError("request.step_misplaced", request=request.id, kind=request.kind, step=form.step)
    taken = TakenStep(step=form.step, at=now, by=by, note=form.note, until=form.until)
    noted = request.but(steps=(*request.steps, taken))
    after = promise_time(noted, form.until, now, ground) if form.until else reach_step(noted, form.step, now, ground)
    if form.step != "timetable_promised" or not is_announced(request, "complaint_timetable", ground):
        return finish_change(request, after, now)
    told = RequestAnswered(
        request=request.id, branch=request.branch, referred=True, answer_by=form.until, answered_at=now
    )
    return finish_change(request, after, now, told)


def promise_time(request: ServiceRequest, until: datetime, now: datetime, ground: Ground) -> ServiceRequest:
    """Start the clock of a time promised to a customer who complained; each promise is kept or broken (INT-18).

    An earlier promise keeps its own clock until the complaint is solved.
    """
    if request.kind not in LIKE_COMPLAINTS:
        raise DomainError("request.step_misplaced", request=request.id, kind=request.kind, step="timetable_promised")
    if until <= now:
        raise DomainError("request.promise_past", request=request.id, until=until.isoformat())
    return request.but(clocks=add_promise(request.clocks, until, now, sla_situation(request, ground)))


def add_promise(clocks: Clocks, until: datetime, now: datetime, there: Situation) -> Clocks:
    """Add a clock for the promised time, unless the same is promised already."""
    made = [clock for clock in clocks if clock.stage == _PROMISE]
    if any(clock.terms.until == until for clock in made):
        return clocks
    there = there._replace(round=1, agreed=until, again=len(made))
    return reach_milestone(clocks, "timetable_promised", now, {_PROMISE}, there)


_PROMISE: KnownStage = "complaint_timetable"


def is_announced(request: ServiceRequest, name: KnownStage, ground: Ground) -> bool:
    """Whether the customer is told the deadline of this stage (INT-8)."""
    stage = stages_of(sla_situation(request, ground)).get(name)
    return bool(stage and stage.announced)


def reach_step(request: ServiceRequest, step: str, at: datetime, ground: Ground) -> ServiceRequest:
    """Start and stop clocks; a stage that still runs keeps its first deadline, one that ended may start again."""
    there = sla_situation(request, ground)._replace(round=1)
    return request.but(clocks=_reached(request.clocks, step, at, there))


def _reached(clocks: Clocks, step: str, at: datetime, there: Situation) -> Clocks:
    ours = {name: stage for name, stage in there.policy.stages.items() if name in STAGES}
    running = {clock.stage for clock in clocks if clock.ended_at is None}
    starting = {name for name, stage in ours.items() if stage.starts_on == step and name not in running}
    again = max((sum(clock.stage == name for clock in clocks) for name in starting), default=0)
    stopping = {name for name, stage in ours.items() if stage.stops_on == step and name in running}
    clocks = reach_milestone(clocks, step, at, starting | stopping, there._replace(again=again))
    for name in stopping:  # the stage runs again until the matter is closed
        if ours[name].repeats and (wanted := stage_terms(name, at, there)):
            count = sum(clock.stage == name for clock in clocks)
            clocks = sla.start_clock(clocks, name, f"{name}-1-{count + 1}", at, wanted)
    return clocks
