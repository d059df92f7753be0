"""Replies at the front desk, questions that must be checked, and the daily review (INT-2, INT-8). Pure."""

from datetime import datetime
from typing import Self

from pydantic import model_validator

from aftersales.common.events.intake import RequestAnswered, RequestClosed, RequestReprioritised
from aftersales.intake.vocabulary import Channel, Urgency
from aftersales.policy import sla
from aftersales.policy.approvals import ApprovalTerms, Decider, Proposal, refuse_approval
from aftersales.policy.model.stages import CASES, KnownStage
from aftersales.policy.sla import ChangeNote, SlaClock
from aftersales.policy.sla.stages import follow_cases, retarget_stages
from aftersales.values import Code, Moment, Reason, Value, Words
from aftersales.values.errors import DomainError

from .form import VISITS
from .request import (
    OF_A_VISIT,
    STAGES,
    Answer,
    Ground,
    RequestDecision,
    RequestStep,
    ServiceRequest,
    append_step,
    finish_change,
    must_be_unresolved,
    pass_milestone,
    sla_situation,
)
from .steps import LIKE_COMPLAINTS, is_announced, promise_time, reach_step


class Reply(Value):
    """A reply to the customer."""

    channel: Channel
    """The channel on which the customer was answered."""
    text: Words
    """The text of the reply."""
    refer: bool = False
    """Whether this must be checked; the customer is told when the answer is due."""
    refer_to: Code | None = None
    """The code of the person who checks it."""
    final: bool = False
    """Whether this settles the request; only for kinds without a visit."""
    promised_by: Moment | None = None
    """The time by which the complaint is solved, as promised to the customer (承诺时间); an answer to a complaint that
    settles nothing needs one (INT-18)."""

    @model_validator(mode="after")
    def _one_of_both(self) -> Self:
        if self.promised_by and (self.refer or self.final):
            raise ValueError("request.promise_superfluous")
        if self.refer and self.final:
            raise ValueError("request.referred_and_final")
        return self


class Review(Value):
    """The form was filed and reviewed on the day it came in (当日上交审阅)."""

    remark: Words = ""
    """A remark of the reviewer."""


class Reprioritise(Value):
    urgency: Urgency
    """1 can wait, 2 is normal, 3 is pressing."""
    danger: bool = False
    """Whether somebody may be hurt."""
    far: bool | None = None
    """Whether the place is far away; None leaves it as it was (DSP-3)."""
    major: bool | None = None
    """Whether it is a major fault; None leaves it as it was (DSP-8)."""
    why: Reason


def record_reply(request: ServiceRequest, said: Reply, by: str, now: datetime, ground: Ground) -> RequestDecision:
    """Record a reply. A question that must be checked gets a deadline, which is announced (INT-8).

    Repeating that it is being checked is no answer, so the first deadline stays.
    """
    must_be_unresolved(request)
    if said.final and request.kind in VISITS:
        raise DomainError("request.needs_a_visit", request=request.id, kind=request.kind)
    told = _promised(_told(request, said, now, ground), said, now, ground)
    waiting = _waiting(told)
    answer = Answer(at=now, by=by, channel=said.channel, text=said.text, referred_to=said.refer_to)
    if said.refer and waiting and is_announced(request, _ANSWER, ground):
        answer = answer.model_copy(update={"answer_by": waiting.deadline})
    if said.promised_by:
        answer = answer.model_copy(update={"answer_by": said.promised_by})
    event = RequestAnswered(
        request=request.id, branch=request.branch, referred=said.refer, answer_by=answer.answer_by, answered_at=now
    )
    told = told.but(answers=(*told.answers, answer))
    if not said.final:
        return finish_change(request, told, now, event)
    told = pass_milestone(
        append_step(told, RequestStep(state="closed", at=now, by=by, why="answered")), "request_resolved", now, ground
    )
    ended = told.but(clocks=sla.waive_clocks(told.clocks, ChangeNote(now, by, "answered")))
    closed = RequestClosed(request=request.id, branch=request.branch, closed_at=now)
    return finish_change(request, ended, now, event, closed)


def record_review(request: ServiceRequest, command: Review, by: str, now: datetime, ground: Ground) -> RequestDecision:
    """Record that the form was filed and reviewed.

    Raises `DomainError` the second time, and for the person who registered it unless the policy allows that.
    """
    if request.reviewed_by:
        raise DomainError("request.already_reviewed", request=request.id, by=request.reviewed_by)
    concerned = () if ground.policy.review_by_registrar else (request.registered_by,)
    if refuse_approval(Proposal(frozenset(concerned)), Decider(by), ApprovalTerms(), now):
        raise DomainError("request.review_by_registrar", request=request.id, by=by, policy=request.policy)
    reviewed = request.but(reviewed_by=by, reviewed_at=now, review_remark=command.remark)
    return finish_change(request, pass_milestone(reviewed, "request_reviewed", now, ground), now)


def reprioritise_request(
    request: ServiceRequest, command: Reprioritise, by: str, now: datetime, ground: Ground
) -> RequestDecision:
    """Change urgency or danger; running clocks get the targets of the new priority and keep their pauses (INT-5)."""
    must_be_unresolved(request)
    again = ground.policy.repeat_repair
    raised = again.raises_by if again and request.repeats else 0
    rank = ground.policy.priority.rank(request.importance_class, command.urgency, danger=command.danger, raised=raised)
    said = {"emergency": command.danger, "far": command.far, "major": command.major}
    cases = tuple(case for case in CASES if (case in request.cases if said.get(case) is None else said[case]))
    changed = request.but(urgency=command.urgency, danger=command.danger, danger_words=(), priority=rank, cases=cases)
    situation, note = sla_situation(changed, ground), ChangeNote(now, by, command.why)
    clocks = retarget_stages(changed.clocks, situation, note)
    if not changed.answers:
        contact = situation._replace(round=1)
        clocks = follow_cases(clocks, "request_registered", STAGES - OF_A_VISIT, contact, note)
    event = RequestReprioritised(
        request=request.id,
        branch=request.branch,
        priority=rank,
        cases=cases,
        on_site=request.kind in VISITS,
        why=command.why,
        by=by,
        changed_at=now,
    )
    return finish_change(request, changed.but(clocks=clocks), now, *((event,) if changed != request else ()))


def _promised(request: ServiceRequest, said: Reply, now: datetime, ground: Ground) -> ServiceRequest:
    """Start the clock of the promised time. Raises `DomainError` for an answer to a complaint without one (INT-18)."""
    if said.promised_by:
        return promise_time(request, said.promised_by, now, ground)
    due = request.kind == "complaint" and _PROMISE in ground.policy.stages
    if due and not (said.refer or said.final or any(clock.stage == _PROMISE for clock in request.clocks)):
        raise DomainError("complaint.promise_missing", complaint=request.id)
    return request


def _told(request: ServiceRequest, said: Reply, now: datetime, ground: Ground) -> ServiceRequest:
    told, waiting = pass_milestone(request, "customer_answered", now, ground), _waiting(request)
    told = reach_step(told, "customer_contacted", now, ground)
    if not said.refer:
        if request.kind in LIKE_COMPLAINTS:
            told = reach_step(told, "complaint_answered", now, ground)
        if request.kind == "parcel_problem":
            told = reach_step(told, "parcel_problem_answered", now, ground)
        if not said.final:
            return told
        return reach_step(reach_step(told, "parcel_problem_solved", now, ground), "complaint_resolved", now, ground)
    if waiting is None:
        return pass_milestone(told, "question_referred", now, ground)
    return told.but(clocks=tuple(waiting if clock.key == waiting.key else clock for clock in told.clocks))


_ANSWER: KnownStage = "answer"
_PROMISE: KnownStage = "complaint_timetable"


def _waiting(request: ServiceRequest) -> SlaClock | None:
    """Return the clock of a question that is being checked."""
    return next((clock for clock in request.clocks if clock.stage == _ANSWER and clock.ended_at is None), None)
