"""HTTP in: a finished call opens the survey, and the customer answers it without a login."""

from typing import Annotated

from fastapi import APIRouter, Path

from aftersales.engine import PROBLEMS, Desk, NotFound
from aftersales.feedback.followups.domain import ID, FinishFollowUp, FollowUp

from . import handlers
from .domain import Answers, Survey, SurveyForm, survey_id

router = APIRouter(responses=PROBLEMS)
FollowUpId = Annotated[str, Path(pattern=ID)]
Token = Annotated[str, Path(pattern=r"^[A-Za-z0-9_-]{43}$")]


@router.post("/followups/{key}/done")
async def finish_followup(key: FollowUpId, command: FinishFollowUp, desk: Desk) -> FollowUp:
    """Note what came of the call (FBK-1). `survey_token` opens the customer's survey and is shown only here."""
    return await desk.do(handlers.finish_followup, key, command)


@router.get("/surveys/{token}")
async def show_survey(token: Token, desk: Desk) -> SurveyForm:
    """Show the form (FBK-2) to whoever holds the token."""
    survey = await desk.mongo.get(Survey, survey_id(token))
    if survey is None:
        raise NotFound("survey.unknown")
    return SurveyForm(state=survey.state)


@router.post("/surveys/{token}")
async def answer_survey(token: Token, answers: Answers, desk: Desk) -> SurveyForm:
    """Take the customer's answers, once (FBK-2)."""
    return await desk.do(handlers.answer_survey, token, answers, desk.library, desk.settings.pass_mark)
