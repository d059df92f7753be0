"""Feedback's use cases: what an event, the clock, a callback clerk or a customer asks for."""

import secrets

from aftersales.common.branch_hours import BranchHours
from aftersales.common.errors import NotFound
from aftersales.common.events import Event
from aftersales.common.events.dispatch import RepairCompleted
from aftersales.common.events.feedback import FollowupEvent
from aftersales.common.policies import Library
from aftersales.common.policy.choose import Facts
from aftersales.common.work import Work

from .domain import followup as followups
from .domain import survey as surveys
from .domain.followup import FinishFollowUp, FollowUp, Usual, followup_id
from .domain.survey import Answers, Survey, SurveyForm
from .domain.timeline import MILESTONES, News, Timeline, fold


async def note(work: Work, event: News) -> None:
    """Put a milestone on the request's timeline."""
    known = await work.get(Timeline, event.request)
    timeline = fold(known, event)
    if timeline != known:
        work.put(timeline)


async def schedule_followup(work: Work, event: RepairCompleted, library: Library, usual: Usual) -> None:
    """Plan the callback about this visit, once (FBK-1)."""
    await note(work, event)
    if await work.get(FollowUp, followup_id(event.request, event.visit)) is None:
        facts = Facts(event.branch, event.product.line, "repair", "", event.at.date())
        policy = await library.of(work, event.policy, facts)
        planned = followups.schedule(event, followups.plan(event, policy, usual))
        hours = await work.get(BranchHours, event.branch)
        marks: tuple[Event, ...] = ()
        if hours and hours.since >= event.at:  # its walk has missed this one
            planned, marks = followups.change_hours(planned, hours.calendar, hours.said, work.now, policy)
        work.put(planned, *marks)


async def change_hours(work: Work, followup: FollowUp, hours: BranchHours, library: Library) -> None:
    """Go over to the branch's new hours, by the request's own policy (ALL-3)."""
    if followup.policy:
        policy = await library.get(work, followup.policy)
        moved, marks = followups.change_hours(followup, hours.calendar, hours.said, work.now, policy)
        if moved != followup:
            work.put(moved, *marks)


async def wake_followup(work: Work, key: str) -> None:
    followup = await work.need(FollowUp, key)
    woken, news = followups.wake(followup, work.now)
    if woken != followup:
        work.put(woken, *news)


async def finish_followup(work: Work, key: str, command: FinishFollowUp) -> FollowUp:
    """Note the call and open the customer's survey; its token is in the answer."""
    token = secrets.token_urlsafe()
    followup, news = followups.finish(await work.need(FollowUp, key), command, token, work.now)
    work.put(surveys.prepare(followup, token))
    await _note_own(work, news)
    return work.put(followup, *news)


async def answer_survey(work: Work, token: str, answers: Answers, library: Library, pass_mark: float) -> SurveyForm:
    """Keep the answers; `pass_mark` is for a policy without a survey.

    The events are the callback's, not the survey's: they cannot tell the token.
    """
    survey = await work.get(Survey, surveys.survey_id(token))
    if survey is None:
        raise NotFound("survey.unknown")
    work.put(surveys.answer(survey, answers, work.now))
    followup = await work.need(FollowUp, survey.followup)
    asked = (await library.get(work, followup.policy)).survey if followup.policy else None
    followup, news = followups.rate(followup, answers.mark, work.now, asked.pass_mark if asked else pass_mark)
    await _note_own(work, news)
    work.put(followup, *news)
    return SurveyForm(state="answered")


async def _note_own(work: Work, news: tuple[Event, ...]) -> None:
    """Put what this service says itself on the timeline, in the same transaction."""
    for event in news:
        if isinstance(event, FollowupEvent) and type(event) in MILESTONES:
            await note(work, event)
