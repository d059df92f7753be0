"""HTTP: a finished call opens the survey, and the customer answers it without a login."""

from typing import Annotated

from fastapi import APIRouter, Path

from aftersales.engine import PROBLEMS, NotFound, RequestContext
from aftersales.feedback.followups.domain import ID, FinishFollowUp, FollowUp

from . import handlers
from .domain import Answers, Survey, SurveyForm, survey_id

router = APIRouter(responses=PROBLEMS)
SurveyedFollowUpId = Annotated[str, Path(pattern=ID)]
"""The id of a callback, such as `FU-261122-7K3F-1`."""
Token = Annotated[str, Path(pattern=r"^[A-Za-z0-9_-]{43}$")]
"""The token in the link that the customer was sent."""


@router.post("/followups/{key}/done")
async def finish_followup(key: SurveyedFollowUpId, command: FinishFollowUp, context: RequestContext) -> FollowUp:
    """Record the outcome of the call (FBK-1). `survey_token` opens the customer's survey and is shown only here."""
    return await context.do(handlers.finish_followup, key, command, context.catalogue)


@router.get("/surveys/{token}")
async def show_survey(token: Token, context: RequestContext) -> SurveyForm:
    """Show the form (FBK-2) to the holder of the token."""
    survey = await context.mongo.get(Survey, survey_id(token))
    if survey is None:
        raise NotFound("survey.unknown")
    return SurveyForm(state=survey.state)


@router.post("/surveys/{token}")
async def answer_survey(token: Token, answers: Answers, context: RequestContext) -> SurveyForm:
    """Store the customer's answers, once (FBK-2)."""
    return await context.do(handlers.answer_survey, token, answers, context.catalogue, context.settings.pass_mark)
