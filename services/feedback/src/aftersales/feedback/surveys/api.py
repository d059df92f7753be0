"""HTTP: a finished call opens the survey, and the customer answers it without a login."""

from typing import Annotated

from fastapi import APIRouter, Path

from aftersales.engine import PROBLEMS, NotFound, RequestContext
from aftersales.feedback.followups.domain import ID, FinishFollowUp, FollowUp
from aftersales.values.messages import render_message

from . import handlers
from .domain import RANDOM_TOKEN, SURVEY_LINK, Answers, OpenedSurvey, Survey, SurveyForm, SurveyState, survey_id

router = APIRouter(responses=PROBLEMS)
SurveyedFollowUpId = Annotated[str, Path(pattern=ID)]
"""The id of a callback, such as `FU-261122-7K3F-1`."""
Token = Annotated[str, Path(pattern=r"^[A-Za-z0-9._-]{43,600}$")]
"""The token in the link that the customer was sent."""


@router.post("/followups/{key}/done")
async def finish_followup(key: SurveyedFollowUpId, command: FinishFollowUp, context: RequestContext) -> FollowUp:
    """Record the outcome of the call (FBK-1). `survey_token` opens the customer's survey and is shown only here."""
    return await context.do(handlers.finish_followup, key, command, context.catalogue, context.settings.link_signer)


@router.get("/surveys/{token}")
async def show_survey(token: Token, context: RequestContext) -> SurveyForm:
    """Show the form (FBK-2) to the holder of the token, or in words why it takes no answers. It changes nothing."""
    link = _read_token(token, context)
    survey = await context.mongo.get(Survey, link.survey)
    if survey is None:
        raise NotFound("survey.unknown")
    return _shown("expired" if survey.state == "open" and link.expired else survey.state, context)


@router.post("/surveys/{token}")
async def answer_survey(token: Token, answers: Answers, context: RequestContext) -> SurveyForm:
    """Store the customer's answers, once (FBK-2)."""
    link = _read_token(token, context)
    await context.do(handlers.answer_survey, link, answers, context.catalogue, context.settings.pass_mark)
    return _shown("answered", context)


def _read_token(token: str, context: RequestContext) -> OpenedSurvey:
    """Return what a token opens. Raises `NotFound` if it was not made here."""
    if RANDOM_TOKEN.fullmatch(token):
        return OpenedSurvey(survey_id(token))
    try:
        link = context.settings.link_signer.read(SURVEY_LINK, token)
    except NotFound as error:
        raise NotFound("survey.unknown") from error
    return OpenedSurvey(link.subject, link.has_expired(context.now))


def _shown(state: SurveyState, context: RequestContext) -> SurveyForm:
    return SurveyForm(state=state, words=_words(state, context.locale))


def _words(state: SurveyState, locale: str) -> str:
    match state:
        case "open":
            return render_message("survey.open", locale, {})
        case "answered":
            return render_message("survey.already_answered", locale, {})
        case "expired":
            return render_message("survey.expired", locale, {})
