"""Use cases of surveys, for the clerk who made the call and for the customer."""

import secrets

from aftersales.common.deeds import mark_claimed
from aftersales.common.events.feedback import DissatisfactionRaised
from aftersales.common.signed_links import LinkSigner
from aftersales.engine import NotFound, PolicyCatalogue, UnitOfWork, use_case
from aftersales.feedback.followups import domain as followups
from aftersales.feedback.followups.domain import FinishFollowUp, FollowUp
from aftersales.feedback.results.domain import Found
from aftersales.feedback.results.handlers import hand_found
from aftersales.feedback.timelines.handlers import note_own
from aftersales.policy.model import ResultKind

from . import domain
from .domain import Answers, OpenedSurvey, Survey


@use_case(about=lambda key: (FollowUp, key))
async def finish_followup(
    work: UnitOfWork, key: str, command: FinishFollowUp, catalogue: PolicyCatalogue, links: LinkSigner
) -> FollowUp:
    """Record the call and open the customer's survey; its token is in the response. A remark is a result (ALL-4).

    A signed token is stored nowhere. Without a key for links, a random one is stored with the callback.
    """
    token = links.sign(domain.SURVEY_LINK, key, 1, work.now) if links else secrets.token_urlsafe()
    known = await work.require(FollowUp, key)
    deed = followups.take_call(known, command, work.now, work.actor)
    followup, events = followups.record_outcome(known, command, None if links else token, deed.at)
    followup, events = followup.but(deed=deed), mark_claimed(events, deed)
    work.put(domain.prepare_survey(followup, key if links else domain.survey_id(token)))
    await note_own(work, events)
    if command.remark:
        await _hand(work, followup, catalogue, "remark", command.remark)
    return work.put(followup, *events).but(survey_token=token)


@use_case(about=lambda opened: (Survey, opened.survey))
async def answer_survey(
    work: UnitOfWork, opened: OpenedSurvey, answers: Answers, catalogue: PolicyCatalogue, pass_mark: float
) -> None:
    """Store the answers, unless the link has expired; `pass_mark` is for a policy without a survey.

    The events are about the callback, not the survey, so that they cannot reveal the token.
    """
    survey = await work.get(Survey, opened.survey)
    if survey is None:
        raise NotFound("survey.unknown")
    work.put(domain.record_answers(survey, answers, work.now, expired=opened.expired))
    followup = await work.require(FollowUp, survey.followup)
    asked = (await catalogue.get(work, followup.policy)).survey if followup.policy else None
    followup, events = followups.record_mark(followup, answers.mark, work.now, asked.pass_mark if asked else pass_mark)
    await note_own(work, events)
    if any(isinstance(event, DissatisfactionRaised) for event in events):
        await _hand(work, followup, catalogue, "dissatisfied", domain.describe_marks(answers))
    if answers.suggestions:
        await _hand(work, followup, catalogue, "suggestion", answers.suggestions)
    work.put(followup, *events)


async def _hand(work: UnitOfWork, followup: FollowUp, catalogue: PolicyCatalogue, kind: ResultKind, said: str) -> None:
    """Hand a customer's words to the department concerned."""
    found = Found(kind, work.now, said={"found": said, "reference": followup.id})
    await hand_found(work, followup.request, followup.branch, found, catalogue)
