"""Use cases of surveys, for the clerk who made the call and for the customer."""

import secrets

from aftersales.engine import NotFound, PolicyCatalogue, UnitOfWork, use_case
from aftersales.feedback.followups import domain as followups
from aftersales.feedback.followups.domain import FinishFollowUp, FollowUp
from aftersales.feedback.timelines.handlers import note_own

from . import domain
from .domain import Answers, Survey, SurveyForm


@use_case(about=lambda key: (FollowUp, key))
async def finish_followup(work: UnitOfWork, key: str, command: FinishFollowUp) -> FollowUp:
    """Record the call and open the customer's survey; its token is in the response."""
    token = secrets.token_urlsafe()
    followup, events = followups.record_outcome(await work.require(FollowUp, key), command, token, work.now)
    work.put(domain.prepare_survey(followup, token))
    await note_own(work, events)
    return work.put(followup, *events)


@use_case(about=lambda token: (Survey, domain.survey_id(token)))
async def answer_survey(
    work: UnitOfWork, token: str, answers: Answers, catalogue: PolicyCatalogue, pass_mark: float
) -> SurveyForm:
    """Store the answers; `pass_mark` is for a policy without a survey.

    The events are about the callback, not the survey, so that they cannot reveal the token.
    """
    survey = await work.get(Survey, domain.survey_id(token))
    if survey is None:
        raise NotFound("survey.unknown")
    work.put(domain.record_answers(survey, answers, work.now))
    followup = await work.require(FollowUp, survey.followup)
    asked = (await catalogue.get(work, followup.policy)).survey if followup.policy else None
    followup, events = followups.record_mark(followup, answers.mark, work.now, asked.pass_mark if asked else pass_mark)
    await note_own(work, events)
    work.put(followup, *events)
    return SurveyForm(state="answered")
