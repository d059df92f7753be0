"""Clocks by policy (ALL-3): a milestone starts the stages that begin with it, stops those that wait for it. Pure."""

from collections.abc import Collection
from datetime import datetime, time, timedelta
from functools import lru_cache
from typing import NamedTuple

from aftersales.policy import sla
from aftersales.policy.business_time import local_deadline
from aftersales.policy.calendars import Calendar, never_closes, round_the_clock
from aftersales.policy.model import Policy
from aftersales.policy.model.stages import DueTime, KnownStage, PauseReason, Promise, SpecialCase, Stage, StageName
from aftersales.policy.sla import ChangeNote, Clocks, LadderStep, SlaClock, Terms


def policy_id(policy: Policy) -> str:
    """Name a version: `e-bike@3`."""
    return f"{policy.name}@{policy.version}"


class Response(NamedTuple):
    """The customer's own targets by stage, which hold instead of the policy's (INT-13)."""

    contract: str = ""
    targets: tuple[tuple[StageName, timedelta], ...] = ()


_HELD_UP: tuple[PauseReason, ...] = ("waiting_customer", "waiting_part", "waiting_approval")
USUAL: dict[KnownStage, Stage] = {
    "review": Stage(starts_on="request_registered", stops_on="request_reviewed"),
    "first_reply": Stage(starts_on="request_registered", stops_on="customer_answered"),
    "answer": Stage(starts_on="question_referred", stops_on="customer_answered"),
    "confirm": Stage(starts_on="request_registered", stops_on="appointment_agreed"),
    "resolve": Stage(starts_on="request_registered", stops_on="request_resolved", pauses=_HELD_UP),
    "dispatch": Stage(starts_on="request_registered", stops_on="technician_assigned"),
    "arrival": Stage(starts_on="technician_assigned", stops_on="technician_arrived", pauses=_HELD_UP),
    "repair": Stage(starts_on="technician_arrived", stops_on="repair_completed", pauses=_HELD_UP),
}
"""The stages that have clocks for a request, for contracts whose targets the policy has no stage for (INT-13).

They count round the clock: a contract names no calendar.
"""


class Situation(NamedTuple):
    """What the promises of one item depend on."""

    policy: Policy
    calendar: Calendar
    """The branch's."""
    priority: int
    cases: tuple[SpecialCase, ...] = ()
    round: int = 1
    """Of a request that is reopened, each visit has clocks of its own."""
    agreed: datetime | None = None
    """The deadline that was agreed with the customer, for stages that have no figure of their own."""
    again: int = 0
    """How often this has happened in the round before, where it may happen several times."""
    response: Response = Response()


def reach_milestone(
    clocks: Clocks, milestone: str, at: datetime, owned: Collection[StageName], situation: Situation
) -> Clocks:
    """Stop and start what the milestone stops and starts in this round, of the stages that this service owns."""
    stages = {name: stage for name, stage in stages_of(situation).items() if name in owned}
    again = f"-{situation.again + 1}" if situation.again else ""
    for clock in clocks:
        stage = stages.get(clock.stage)
        if stage and stage.stops_on == milestone and _is_of(clock, situation.round):
            clocks = sla.stop_clock(clocks, clock.key, at)
    for name, stage in stages.items():
        if stage.starts_on == milestone and (wanted := stage_terms(name, at, situation)):
            clocks = sla.start_clock(clocks, name, f"{name}-{situation.round}{again}", at, wanted)
    return clocks


def retarget_stages(clocks: Clocks, situation: Situation, said: ChangeNote) -> Clocks:
    """Give the clocks that run the whole terms of the situation as it is now (INT-5); an agreed moment stands."""
    for clock in clocks:
        if wanted := _wanted(clock, situation):
            clocks = sla.retarget_clock(clocks, clock.key, wanted, said)
    return clocks


def change_hours(clocks: Clocks, situation: Situation, said: ChangeNote) -> Clocks:
    """Count the time from `said.at` on by the branch's new hours (ALL-3); no moment that is due moves into the past."""
    for clock in clocks:
        wanted = _wanted(clock, situation)
        if wanted and not (wanted.until and wanted.until <= said.at):
            clocks = sla.retarget_clock(clocks, clock.key, wanted, said)
    return clocks


def _wanted(clock: SlaClock, situation: Situation) -> Terms | None:
    """What the situation promises for the clock's stage; None where neither policy nor contract decides that."""
    if clock.ended_at or clock.terms.agreed or not clock.terms.policy:
        return None
    if clock.stage not in stages_of(situation):
        return None
    return stage_terms(clock.stage, clock.started_at, situation)


def _is_of(clock: SlaClock, round: int) -> bool:
    return f"{clock.key}-".startswith(f"{clock.stage}-{round}-")


def stop_stage(clocks: Clocks, stage: KnownStage, at: datetime) -> Clocks:
    """The work of a stage is done, in whatever round."""
    for clock in clocks:
        if clock.stage == stage:
            clocks = sla.stop_clock(clocks, clock.key, at)
    return clocks


def stages_of(situation: Situation) -> dict[StageName, Stage]:
    """The stages of the policy, and the usual ones where it lacks what the customer's contract has targets for."""
    own = (name for name, _ in situation.response.targets if name in USUAL)
    return {**situation.policy.stages, **{name: USUAL[name] for name in own if name not in situation.policy.stages}}


@lru_cache(maxsize=1024)  # the items of a group start at one time, most of them alike
def stage_terms(stage: StageName, at: datetime, situation: Situation) -> Terms | None:
    """What the stage promises to an item that starts at `at`; None while nothing is agreed."""
    policy = situation.policy
    found = stages_of(situation)[stage]
    contract, targets = situation.response
    promise = found.promise(situation.priority, situation.cases)
    if own := dict(targets).get(stage):
        promise = Promise(target=own, calendar=promise.calendar)
    calendar = _calendar(policy, promise, situation.calendar)
    until = deadline_at(promise.due, situation.calendar, calendar, at) if promise.due else None
    if promise.agreed_in:
        until = situation.agreed
        if until is None:
            return None
    target = promise.target if until is None else max(until - at, sla.NONE)
    if target is None:
        return None
    return Terms(
        target=target,
        calendar=calendar if until is None else None,
        pauses=found.pauses,
        warn_at=found.warn_at,
        ladder=tuple(LadderStep(role=level.role, after=level.after) for level in policy.ladder_of(found)),
        policy=contract if own else policy_id(policy),
        until=until,
        agreed=bool(promise.agreed_in),
    )


def deadline_at(due: DueTime, branch: Calendar, calendar: Calendar | None, at: datetime) -> datetime:
    """When the wall at the branch shows the time that is due; never before `at`."""
    days = calendar if due.working and calendar else round_the_clock(branch.zone)
    hour = time.fromisoformat(due.time)
    until = local_deadline(days, at, hour, due.days)
    return until if until > at else local_deadline(days, at, hour, due.days + 1)


def _calendar(policy: Policy, promise: Promise, branch: Calendar) -> Calendar | None:
    """None: round the clock."""
    if promise.calendar == "always":
        return None
    found = branch
    if promise.calendar != "branch":
        found = Calendar.model_construct(zone=branch.zone, **dict(policy.calendars[promise.calendar]))
    return None if never_closes(found) else found
