"""Callbacks (回访, FBK-1): after every repair the customer is called, within a monitored window."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import ClassVar, Literal

from aftersales.common.aggregate import Aggregate
from aftersales.common.deeds import Deed, DeedForm, ReportReceipt, judge_deed
from aftersales.common.events import Event
from aftersales.common.events.dispatch import RepairCompleted
from aftersales.common.events.feedback import (
    DissatisfactionRaised,
    FeedbackDueChanged,
    FollowupDone,
    FollowupDue,
    SurveyAnswered,
)
from aftersales.common.fields import shared_fields
from aftersales.common.sla_events import FEEDBACK_MARKS, Duty, due_changes
from aftersales.policy import sla
from aftersales.policy.business_time import next_open
from aftersales.policy.calendars import Calendar, outside_hours, round_the_clock
from aftersales.policy.model import Policy
from aftersales.policy.model.stages import KnownStage, StageName
from aftersales.policy.sla import NONE, ChangeNote, Terms, stages
from aftersales.policy.sla.stages import Situation, deadline_at, stage_terms
from aftersales.policy.timetable import DAY
from aftersales.values import Code, Value, Words, sibling_number
from aftersales.values.errors import DomainError

FollowUpState = Literal["scheduled", "due", "done"]
"""`due`: the customer must be called now."""
CallOutcome = Literal["reached", "unreachable"]
"""Whether the customer was reached."""
CALLBACK: KnownStage = "callback"
"""The only callback if the policy plans no calls; the key of each visit's clock begins with this name."""
ID = r"^FU-[0-9]{6}-[0-9A-HJKMNP-TV-Z]{4}-[1-9][0-9]{0,3}$"


class Usual(Value):
    """The time of the callback if the service policy plans no calls (FBK-1)."""

    after: timedelta
    """Time from the repair to the call."""
    window: timedelta
    """Time from then until the clock is breached."""


class Plan(Value):
    """The time of the callback, and the clock that runs from then on (FBK-1)."""

    due_at: datetime
    stage: StageName = CALLBACK
    terms: Terms


def plan_followup(repair: RepairCompleted, policy: Policy, usual: Usual) -> Plan:
    """Return the plan for the policy's first call after a repair; `usual` is for a policy without calls.

    A call that falls into quiet hours of the policy or the customer is due when they end, and a time shorter than a
    day counts only outside them.
    """
    calendar = repair.calendar or round_the_clock("UTC")
    quiet = f"{policy.callbacks.quiet_hours if policy.callbacks else ''} {repair.quiet_hours}"
    allowed = outside_hours(quiet, calendar.zone) if repair.calendar else None  # older events do not say the zone
    call = policy.callbacks.calls[0] if policy.callbacks and policy.callbacks.calls else None
    due_at = repair.at + ((call.after or NONE) if call else usual.after)
    if call and call.due:
        due_at = deadline_at(call.due, calendar, None, repair.at)
    due_at = next_open(allowed, due_at) if allowed else due_at
    found = stage_terms(call.stage, due_at, Situation(policy, calendar, priority=4)) if call else None
    terms = found or Terms(target=usual.window)
    if allowed and terms.calendar is None and terms.until is None and terms.target < DAY:
        terms = terms.model_copy(update={"calendar": allowed})
    return Plan(due_at=due_at, stage=call.stage if call else CALLBACK, terms=terms)


class FinishFollowUp(DeedForm):
    """The outcome of the call. The survey is always sent, because another channel may reach the customer (INT-1)."""

    outcome: CallOutcome
    """Whether the customer was reached."""
    clerk: Code
    """The person who made the call."""
    remark: Words = ""
    """The customer's words."""


class FollowUp(Aggregate):
    """One callback about one visit; its id is `FU-…-<visit>`, so that each visit has exactly one."""

    COLLECTION: ClassVar[str] = "followups"
    OF_CONTACT: ClassVar[bool] = True

    request: str
    """The number of the request."""
    order: str
    """The number of the work order."""
    visit: int
    """The number of the visit."""
    technician: str
    """The code of the technician of the visit."""
    policy: str = ""
    """The service policy of the request (ALL-1)."""
    state: FollowUpState = "scheduled"
    repaired_at: datetime | None = None
    """The time of the repair; null for callbacks that were planned before it was stored."""
    due_at: datetime
    """The time at which the customer must be called."""
    done_at: datetime | None = None
    """The time of the call."""
    deed: Deed | None = None
    """The report of the call, with the time of the call and of the report (ADR 18)."""
    outcome: CallOutcome | None = None
    clerk: str | None = None
    """The person who made the call."""
    remark: str = ""
    """The customer's words."""
    survey_token: str | None = None
    """Opens the survey without a login: never in an event or a log, and shown only to the clerk who made the call."""
    mark: float | None = None
    """The survey's mark, once the survey is answered."""

    def derived_events(self, before: Aggregate | None) -> Iterable[Event]:
        """Yield the next deadline for intake's lists, if it has changed."""
        return due_changes(FeedbackDueChanged, before, self, self.request)


FollowUpDecision = tuple[FollowUp, tuple[Event, ...]]


def followup_id(request: str, visit: int) -> str:
    return f"{sibling_number(request, 'FU')}-{visit}"


def schedule_followup(repair: RepairCompleted, planned: Plan) -> FollowUp:
    """Plan the callback, counted from the repair even if the event arrived late."""
    return _timed(
        FollowUp(
            id=followup_id(repair.request, repair.visit),
            **shared_fields(repair, FollowUp),
            repaired_at=repair.at,
            due_at=planned.due_at,
            clocks=sla.start_clock((), planned.stage, f"{CALLBACK}-{repair.visit}", planned.due_at, planned.terms),
        )
    )


def wake_followup(followup: FollowUp, now: datetime) -> FollowUpDecision:
    """Publish what has become due: the call itself, a warning, a breach. An early wake-up changes nothing."""
    due = followup.state == "scheduled" and now >= followup.due_at
    woken = followup.but(state="due" if due else followup.state, clocks=sla.tick_clocks(followup.clocks, now))
    told = (FollowupDue(**_about(followup, now)),) if due else ()
    return _settled(followup, woken, now, *told)


def change_followup_hours(
    followup: FollowUp, calendar: Calendar, said: ChangeNote, now: datetime, policy: Policy
) -> FollowUpDecision:
    """Apply the branch's new hours to the remaining time of the promise (ALL-3), if it counts by them."""
    stage = next((policy.stages.get(clock.stage) for clock in followup.clocks), None)
    if stage and stage.calendar == "always" and not stage.due:
        return followup, ()
    there = Situation(policy, calendar, priority=4)
    return _settled(followup, followup.but(clocks=stages.change_hours(followup.clocks, there, said)), now)


def take_call(followup: FollowUp, form: DeedForm, now: datetime, by: str) -> Deed:
    """Return the call as it counts: after the repair, and not after its report."""
    return judge_deed("done", form, followup.repaired_at or followup.due_at, ReportReceipt(now, by, followup.version))


def record_outcome(followup: FollowUp, command: FinishFollowUp, token: str | None, now: datetime) -> FollowUpDecision:
    """Record the outcome of the call, early or late; a random `token` that opens the customer's survey is kept."""
    if followup.state == "done":
        raise DomainError("followup.already_done", followup=followup.id)
    done = followup.but(
        state="done",
        done_at=now,
        outcome=command.outcome,
        clerk=command.clerk,
        remark=command.remark,
        survey_token=token,
        clocks=sla.stop_clock(followup.clocks, f"{CALLBACK}-{followup.visit}", now),
    )
    told = FollowupDone(**_about(followup, now), outcome=command.outcome, clerk=command.clerk)
    return _settled(followup, done, now, told)


def record_mark(followup: FollowUp, mark: float, now: datetime, pass_mark: float) -> FollowUpDecision:
    """Record the mark of an answered survey; below the pass mark the customer is dissatisfied (FBK-2)."""
    satisfied = mark >= pass_mark
    about = _about(followup, now)
    answered = SurveyAnswered(**about, mark=mark, satisfied=satisfied)
    raised = () if satisfied else (DissatisfactionRaised(**about, mark=mark),)
    return followup.but(mark=mark), (answered, *raised)


def _about(followup: FollowUp, now: datetime) -> dict[str, object]:
    return {
        "followup": followup.id,
        "request": followup.request,
        "order": followup.order,
        "branch": followup.branch,
        "visit": followup.visit,
        "at": now,
    }


def _settled(before: FollowUp, followup: FollowUp, now: datetime, *events: Event) -> FollowUpDecision:
    """Finish a change: set the timer, and add events for the thresholds that the clock passed in it (ALL-3)."""
    marks = FEEDBACK_MARKS.passed(before, followup, now, request=followup.request, duty=Duty(mover="callback_clerk"))
    return _timed(followup), (*marks, *events)


def _timed(followup: FollowUp) -> FollowUp:
    waits = [sla.next_wake(followup.clocks), followup.due_at if followup.state == "scheduled" else None]
    return followup.but(wake_at=min((at for at in waits if at), default=None))
