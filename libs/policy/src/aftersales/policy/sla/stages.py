"""Clocks by policy (ALL-3): a milestone starts the stages that begin with it and stops those that end with it. Pure."""

from collections.abc import Collection
from datetime import datetime, time, timedelta
from functools import lru_cache
from typing import NamedTuple

from aftersales.policy import sla
from aftersales.policy.business_time import add_open_time, local_deadline
from aftersales.policy.calendars import Calendar, never_closes, round_the_clock
from aftersales.policy.model import Policy
from aftersales.policy.model.stages import DueTime, KnownStage, PauseReason, Promise, SpecialCase, Stage, StageName
from aftersales.policy.sla import ChangeNote, Clocks, LadderStep, SlaClock, Terms


def policy_id(policy: Policy) -> str:
    """Return the id of a version, such as `e-bike@3`."""
    return f"{policy.name}@{policy.version}"


class Response(NamedTuple):
    """Targets by stage in the customer's contract; they replace the policy's (INT-13)."""

    contract: str = ""
    targets: tuple[tuple[StageName, timedelta], ...] = ()


_HELD_UP: tuple[PauseReason, ...] = ("waiting_customer", "waiting_part", "waiting_approval")
USUAL: dict[KnownStage, Stage] = {
    "review": Stage(starts_on="request_registered", stops_on="request_reviewed"),
    "first_reply": Stage(starts_on="request_registered", stops_on="customer_answered"),
    "answer": Stage(starts_on="question_referred", stops_on="customer_answered", announced=True),
    "confirm": Stage(starts_on="request_registered", stops_on="appointment_agreed"),
    "resolve": Stage(starts_on="request_registered", stops_on="request_resolved", pauses=_HELD_UP),
    "dispatch": Stage(starts_on="request_registered", stops_on="technician_assigned"),
    "arrival": Stage(starts_on="technician_assigned", stops_on="technician_arrived", pauses=_HELD_UP),
    "repair": Stage(starts_on="technician_arrived", stops_on="repair_completed", pauses=_HELD_UP),
}
"""Stages of a request, for contracts with targets for stages that the policy lacks (INT-13).

They count round the clock, because a contract names no calendar.
"""


_OF_THE_WORK = ("technician_arrived", "repair_completed", "request_resolved")


class Situation(NamedTuple):
    """The facts on which the promises of one item depend."""

    policy: Policy
    calendar: Calendar
    """The branch's calendar."""
    priority: int
    cases: tuple[SpecialCase, ...] = ()
    round: int = 1
    """Number of the visit; each visit of a reopened request has its own clocks."""
    agreed: datetime | None = None
    """The deadline agreed with the customer, for stages without a figure of their own."""
    again: int = 0
    """Number of earlier occurrences in the round, if several are possible."""
    response: Response = Response()


def reach_milestone(
    clocks: Clocks, milestone: str, at: datetime, owned: Collection[StageName], situation: Situation
) -> Clocks:
    """Stop and start the clocks of this round for the milestone, among the stages that this service owns."""
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


def prove_earlier(
    clocks: Clocks, milestone: str, at: datetime, owned: Collection[StageName], situation: Situation
) -> Clocks:
    """Move a milestone that was recorded later to `at`, when it was reached: clocks that it stopped ended then.

    Clocks that it started run from then, unless something has changed them since.
    """
    stages = {name: stage for name, stage in stages_of(situation).items() if name in owned}

    def moved(clock: SlaClock) -> SlaClock:
        stage = stages.get(clock.stage)
        if stage is None or clock.outcome == "waived" or not _is_of(clock, situation.round):
            return clock
        if stage.stops_on == milestone and clock.ended_at and clock.ended_at > at:
            outcome = "breached" if clock.outcome == "breached" else "open"
            return sla.stop_clock((clock.model_copy(update={"ended_at": None, "outcome": outcome}),), clock.key, at)[0]
        if stage.starts_on == milestone and clock.started_at > at and not (clock.pauses or clock.retargets):
            until = clock.terms.until
            terms = clock.terms.model_copy(update={"target": until - at} if until else {})
            return sla.plan_clock(clock.model_copy(update={"started_at": at, "terms": terms, "deadline": None}))
        return clock

    return tuple(moved(clock) for clock in clocks)


def retarget_stages(clocks: Clocks, situation: Situation, said: ChangeNote) -> Clocks:
    """Apply the current terms to the whole time of running clocks (INT-5); an agreed moment stays."""
    for clock in clocks:
        if wanted := _wanted(clock, situation):
            clocks = sla.retarget_clock(clocks, clock.key, wanted, said)
    return clocks


def follow_cases(
    clocks: Clocks, milestone: str, owned: Collection[StageName], situation: Situation, said: ChangeNote
) -> Clocks:
    """Start stages that are promised only in the present cases, and waive those that are promised no longer (INT-5).

    A stage that started with `milestone` before its case was known starts now, at `said.at`, and only once.
    """
    for name, stage in stages_of(situation).items():
        if name not in owned or stage.starts_on != milestone or stage.target or stage.due or stage.agreed_in:
            continue
        wanted = stage_terms(name, said.at, situation)
        made = [clock for clock in clocks if clock.stage == name]
        if wanted and not made:
            clocks = sla.start_clock(clocks, name, f"{name}-{situation.round}", said.at, wanted)
        elif not wanted:
            clocks = tuple(_waived(clock, said) if clock in made and not clock.ended_at else clock for clock in clocks)
    return clocks


def begin_later(clocks: Clocks, agreed: datetime, situation: Situation, said: ChangeNote) -> Clocks:
    """Count the promises of the work itself from the time that the customer agreed to, if that moves them (DSP-8).

    "The same day" ends on the agreed day then, and a target of 24 hours begins at the agreed time.
    """
    for clock in clocks:
        stage = stages_of(situation).get(clock.stage)
        begun_before = stage and stage.starts_on == "request_registered" and stage.stops_on in _OF_THE_WORK
        if not begun_before or clock.ended_at or not _is_of(clock, situation.round):
            continue
        if wanted := stage_terms(clock.stage, agreed, situation):
            until = wanted.until or _reached(wanted, agreed)
            if clock.deadline is None or until > clock.deadline:
                clocks = sla.retarget_clock(clocks, clock.key, until, said)
    return clocks


def _reached(terms: Terms, start: datetime) -> datetime:
    return add_open_time(terms.calendar, start, terms.target) if terms.calendar else start + terms.target


def apply_terms(clocks: Clocks, situation: Situation, said: ChangeNote) -> Clocks:
    """Apply the terms of another situation: retarget running clocks, and waive those that it does not promise."""
    kept = (
        _waived(clock, said) if clock.terms.policy and not _is_promised(clock.stage, situation, said.at) else clock
        for clock in clocks
    )
    return retarget_stages(tuple(kept), situation, said)


def _is_promised(name: StageName, situation: Situation, at: datetime) -> bool:
    """Return whether the situation has the stage, in its present cases. A time that is agreed later counts."""
    stage = stages_of(situation).get(name)
    if stage is None:
        return False
    agreed = stage.promise(situation.priority, situation.cases).agreed_in
    return bool(agreed) or stage_terms(name, at, situation) is not None


def waive_stages(clocks: Clocks, situation: Situation, begun_by: Collection[str], said: ChangeNote) -> Clocks:
    """Waive the clocks of stages that start with one of these milestones."""
    gone = {name for name, stage in stages_of(situation).items() if stage.starts_on in begun_by}
    return tuple(_waived(clock, said) if clock.stage in gone else clock for clock in clocks)


def _waived(clock: SlaClock, said: ChangeNote) -> SlaClock:
    return sla.waive_clocks((clock,), said)[0]


def forget_wish(clocks: Clocks, situation: Situation, said: ChangeNote) -> Clocks:
    """Count the promises of the work from the report again, because the customer wants another time now."""
    for clock in clocks:
        stage = stages_of(situation).get(clock.stage)
        moved = stage and stage.starts_on == "request_registered" and clock.terms.agreed and not clock.ended_at
        if moved and (wanted := stage_terms(clock.stage, clock.started_at, situation)):
            clocks = sla.retarget_clock(clocks, clock.key, wanted, said)
    return clocks


def change_hours(clocks: Clocks, situation: Situation, said: ChangeNote) -> Clocks:
    """Count time from `said.at` by the branch's new hours (ALL-3); no due moment moves into the past."""
    for clock in clocks:
        wanted = _wanted(clock, situation)
        if wanted and not (wanted.until and wanted.until <= said.at):
            clocks = sla.retarget_clock(clocks, clock.key, wanted, said)
    return clocks


def _wanted(clock: SlaClock, situation: Situation) -> Terms | None:
    """Return the current terms for the clock's stage; None if neither policy nor contract decides them."""
    if clock.ended_at or clock.terms.agreed or not clock.terms.policy:
        return None
    if clock.stage not in stages_of(situation):
        return None
    return stage_terms(clock.stage, clock.started_at, situation)


def _is_of(clock: SlaClock, round: int) -> bool:
    return f"{clock.key}-".startswith(f"{clock.stage}-{round}-")


def stop_stage(clocks: Clocks, stage: KnownStage, at: datetime) -> Clocks:
    """Stop the clocks of a stage in every round, because its work is done."""
    for clock in clocks:
        if clock.stage == stage:
            clocks = sla.stop_clock(clocks, clock.key, at)
    return clocks


def stages_of(situation: Situation) -> dict[StageName, Stage]:
    """Return the policy's stages, plus the usual ones that it lacks and the customer's contract has targets for."""
    own = (name for name, _ in situation.response.targets if name in USUAL)
    return {**situation.policy.stages, **{name: USUAL[name] for name in own if name not in situation.policy.stages}}


@lru_cache(maxsize=1024)  # the items of a group start at the same time, and most are alike
def stage_terms(stage: StageName, at: datetime, situation: Situation) -> Terms | None:
    """Return the terms of the stage for an item that starts at `at`; None while nothing is agreed."""
    policy = situation.policy
    found = stages_of(situation)[stage]
    contract, targets = situation.response
    promise = found.promise(situation.priority, situation.cases)
    own = dict(targets).get(stage)
    if own and "emergency" in situation.cases and promise.target is not None and promise.target < own:
        own = None  # a contract makes no emergency slower
    if own:
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
    """Return when the branch's wall clock shows the due time; never before `at`."""
    days = calendar if due.working and calendar else round_the_clock(branch.zone)
    hour = time.fromisoformat(due.time)
    until = local_deadline(days, at, hour, due.days)
    return until if until > at else local_deadline(days, at, hour, due.days + 1)


def _calendar(policy: Policy, promise: Promise, branch: Calendar) -> Calendar | None:
    """Return the calendar of the promise; None means round the clock."""
    if promise.calendar == "always":
        return None
    found = branch
    if promise.calendar != "branch":
        found = Calendar.model_construct(zone=branch.zone, **dict(policy.calendars[promise.calendar]))
    return None if never_closes(found) else found
