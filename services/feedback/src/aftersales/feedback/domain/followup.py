"""Callbacks (回访, FBK-1): after every repair the customer is called, within a window that is watched."""

from datetime import datetime, timedelta
from typing import ClassVar, Literal

from aftersales.common import sla
from aftersales.common.aggregate import Aggregate
from aftersales.common.errors import DomainError
from aftersales.common.events import Event
from aftersales.common.events.dispatch import RepairCompleted
from aftersales.common.events.feedback import (
    DissatisfactionRaised,
    FollowupDone,
    FollowupDue,
    SlaBreached,
    SlaEscalated,
    SlaWarned,
    SurveyAnswered,
)
from aftersales.common.promises import Marks
from aftersales.common.sla import Terms
from aftersales.common.values import Code, Value, Words, sibling

State = Literal["scheduled", "due", "done"]
Outcome = Literal["reached", "unreachable"]


class Policy(Value):
    """The figures of FBK-1 and FBK-2."""

    callback_after: timedelta
    callback_window: timedelta
    pass_mark: float


class FinishFollowUp(Value):
    """What came of the call. The survey goes out either way: another channel may reach them (INT-1)."""

    outcome: Outcome
    clerk: Code
    remark: Words = ""


class FollowUp(Aggregate):
    """One callback about one visit; its id is `FU-…-<visit>`, so that each visit has exactly one."""

    COLLECTION: ClassVar[str] = "followups"
    OF_CONTACT: ClassVar[bool] = True

    request: str
    order: str
    visit: int
    technician: str
    state: State = "scheduled"
    due_at: datetime
    done_at: datetime | None = None
    outcome: Outcome | None = None
    clerk: str | None = None
    remark: str = ""
    survey_token: str | None = None
    """Opens the survey without a login: never in an event or a log, and shown only to who made the call."""
    mark: float | None = None
    """The survey's mark, once it came back."""


Decision = tuple[FollowUp, tuple[Event, ...]]
MARKS = Marks(SlaWarned, SlaBreached, SlaEscalated)


def followup_id(request: str, visit: int) -> str:
    return f"{sibling(request, 'FU')}-{visit}"


def schedule(repair: RepairCompleted, policy: Policy) -> FollowUp:
    """Plan the callback; its clock runs from the repair, however late the news of it came."""
    target = policy.callback_after + policy.callback_window
    return _timed(
        FollowUp(
            id=followup_id(repair.request, repair.visit),
            branch=repair.branch,
            request=repair.request,
            order=repair.order,
            visit=repair.visit,
            technician=repair.technician,
            due_at=repair.at + policy.callback_after,
            clocks=sla.start((), "callback", f"callback-{repair.visit}", repair.at, Terms(target=target)),
        )
    )


def wake(followup: FollowUp, now: datetime) -> Decision:
    """Say what has become due: the call itself, a warning, a breach. Nothing, when it was woken too early."""
    due = followup.state == "scheduled" and now >= followup.due_at
    woken = followup.but(state="due" if due else followup.state, clocks=sla.tick(followup.clocks, now))
    told = (FollowupDue(**_about(followup, now)),) if due else ()
    return _settled(followup, woken, now, *told)


def finish(followup: FollowUp, command: FinishFollowUp, token: str, now: datetime) -> Decision:
    """Note what came of the call, early or late; `token` opens the customer's survey."""
    if followup.state == "done":
        raise DomainError("followup.already_done", followup=followup.id)
    done = followup.but(
        state="done",
        done_at=now,
        outcome=command.outcome,
        clerk=command.clerk,
        remark=command.remark,
        survey_token=token,
        clocks=sla.stop(followup.clocks, f"callback-{followup.visit}", now),
    )
    told = FollowupDone(**_about(followup, now), outcome=command.outcome, clerk=command.clerk)
    return _settled(followup, done, now, told)


def rate(followup: FollowUp, mark: float, now: datetime, policy: Policy) -> Decision:
    """Note the mark of the survey that came back; below the pass mark the customer is dissatisfied (FBK-2)."""
    satisfied = mark >= policy.pass_mark
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


def _settled(before: FollowUp, followup: FollowUp, now: datetime, *events: Event) -> Decision:
    """End a rule: set the timer, and say which marks the clock has passed, whoever looked at it first (ALL-3)."""
    return _timed(followup), (*MARKS.passed(before, followup, now, request=followup.request), *events)


def _timed(followup: FollowUp) -> FollowUp:
    waits = [sla.next_wake(followup.clocks), followup.due_at if followup.state == "scheduled" else None]
    return followup.but(wake_at=min((at for at in waits if at), default=None))
