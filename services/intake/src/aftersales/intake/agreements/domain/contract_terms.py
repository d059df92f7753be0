"""Terms of contracts, and their clocks: commissioning and training by the promised day (INT-13, ALL-3). Pure."""

from datetime import UTC, date, datetime, timedelta
from typing import NamedTuple

from aftersales.common.events import Event
from aftersales.common.sla_events import INTAKE_MARKS
from aftersales.intake.network.domain import Branch
from aftersales.policy import sla
from aftersales.policy.model import Policy
from aftersales.policy.model.stages import KnownStage, Stage
from aftersales.policy.sla import ChangeNote, Clocks
from aftersales.policy.sla.stages import Situation, stage_terms, stop_stage
from aftersales.values.errors import DomainError, Malformed

from .contract import Allowance, Commission, Commissioned, Contract, ContractForm, Train, TrainingGiven

COMMISSIONING: KnownStage = "commissioning"
TRAINING: KnownStage = "training"
_STAGES: dict[KnownStage, Stage] = {
    COMMISSIONING: Stage(starts_on="contract_signed", stops_on="commissioning_completed", agreed_in="contract"),
    TRAINING: Stage(starts_on="contract_signed", stops_on="customer_trained", agreed_in="contract"),
}
"""The stages of a contract, for policies that lack them."""


ContractDecision = tuple[Contract, tuple[Event, ...]]


class ContractGround(NamedTuple):
    """The branch of a contract, and the policy whose warnings and chain its clocks have."""

    branch: Branch
    policy: Policy


def agree_contract(
    known: Contract | None, number: str, form: ContractForm, ground: ContractGround, said: ChangeNote
) -> ContractDecision:
    """Create the contract or change its terms; what was used, trained and commissioned stays."""
    if known and known.customer != form.customer:
        raise DomainError("contract.of_another_customer", contract=number)
    terms = {name: getattr(form, name) for name in ContractForm.model_fields if name != "services"}
    terms["services"] = _services(known, form)
    if known is None:
        contract = Contract(id=number, **terms)
        return _settled(None, _promised(contract, ground, said), said.at)
    changed = known.but(**terms)
    if changed == known:
        return known, ()
    return _settled(known, _promised(changed, ground, said), said.at)


def _services(known: Contract | None, form: ContractForm) -> tuple[Allowance, ...]:
    """Return the included services as now agreed, with their uses so far."""
    before = {service.kind: service for service in known.services} if known else {}
    used = {kind: service.used for kind, service in before.items()}
    after = {s.kind: Allowance(kind=s.kind, count=s.count, used=used.get(s.kind, ())) for s in form.services}
    for kind, service in before.items():
        if len(service.used) > (after[kind].count if kind in after else 0):
            raise DomainError("contract.fewer_than_used", kind=kind, used=len(service.used))
    return tuple(after.values())


def commission_contract(
    contract: Contract, form: Commission, branch: Branch, by: str, now: datetime
) -> ContractDecision:
    """Record the commissioning, and stop its clock at the end of that day or now."""
    known = contract.commissioned
    if known and (known.day, known.report) == (form.day, form.report):
        return contract, ()
    if known:
        raise DomainError("contract.already_commissioned", contract=contract.id, day=known.day.isoformat())
    _not_in_future(form.day, branch, now)
    done = Commissioned(**form.model_dump(), at=now, by=by)
    clocks = _stopped(contract, COMMISSIONING, min(now, _end(form.day, branch)))
    return _settled(contract, contract.but(commissioned=done, clocks=clocks), now)


def _stopped(contract: Contract, stage: KnownStage, at: datetime) -> Clocks:
    started = max((clock.started_at for clock in contract.clocks if clock.stage == stage), default=at)
    return stop_stage(contract.clocks, stage, max(started, at))


def record_training(contract: Contract, form: Train, branch: Branch, by: str, now: datetime) -> ContractDecision:
    """Record a training session, and stop the clock at the end of its day or now, once all hours were given."""
    _not_in_future(form.day, branch, now)
    session = TrainingGiven(**form.model_dump(), at=now, by=by)
    given = contract.but(sessions=(*contract.sessions, session), training_done=contract.training_done + form.hours)
    if not _lacks_training(given):
        last = max(one.day for one in given.sessions)
        given = given.but(clocks=_stopped(given, TRAINING, min(now, _end(last, branch))))
    return _settled(contract, given, now)


def _lacks_training(contract: Contract) -> bool:
    return bool(contract.training_hours and contract.training_done < contract.training_hours)


def tick_contract(contract: Contract, now: datetime) -> ContractDecision:
    """Update the clocks to now, and report passed thresholds (ALL-3)."""
    return _settled(contract, contract.but(clocks=sla.tick_clocks(contract.clocks, now)), now)


def _promised(contract: Contract, ground: ContractGround, said: ChangeNote) -> Contract:
    """Start a clock until the end of each promised day, and waive those of earlier promises."""
    last_day = contract.commissioning_due or contract.valid_until
    promised: dict[KnownStage, date | None] = {
        COMMISSIONING: None if contract.commissioned else contract.commissioning_due,
        TRAINING: last_day if _lacks_training(contract) else None,
    }
    clocks = contract.clocks
    for stage, day in promised.items():
        until = _end(day, ground.branch).astimezone(UTC) if day else None
        running = {clock.key for clock in clocks if clock.stage == stage and not clock.ended_at}
        if until and any(clock.terms.until == until for clock in clocks if clock.key in running):
            continue
        clocks = tuple(sla.waive_clocks((one,), said)[0] if one.key in running else one for one in clocks)
        if until:
            terms = stage_terms(stage, said.at, _situation(ground, until))
            if terms is not None:
                agreed = {"until": until, "target": until - said.at, "calendar": None, "agreed": True}
                terms = terms.model_copy(update={"policy": contract.id, **agreed})
                clocks = sla.start_clock(clocks, stage, f"{stage}-{contract.version + 1}", said.at, terms)
    return contract.but(clocks=clocks)


def _situation(ground: ContractGround, until: datetime) -> Situation:
    policy = ground.policy.model_copy(update={"stages": _STAGES | dict(ground.policy.stages)})
    return Situation(policy, ground.branch.calendar, priority=4, agreed=until)


def _settled(before: Contract | None, contract: Contract, now: datetime) -> ContractDecision:
    """Set the timer, and report the thresholds passed in this change."""
    marks = INTAKE_MARKS.passed(before, contract, now, request="")
    return contract.but(wake_at=sla.next_wake(contract.clocks)), marks


def _end(day: date, branch: Branch) -> datetime:
    """Return the end of that day at the branch."""
    if day == date.max:
        raise Malformed("time.out_of_range")
    return branch.begins(day + timedelta(days=1))


def _not_in_future(day: date, branch: Branch, now: datetime) -> None:
    if branch.begins(day) > now:
        raise DomainError("contract.day_in_future", day=day.isoformat())
