"""HTTP in: callbacks for clerks, surveys for customers (no login), timelines and key figures."""

from typing import Annotated

from fastapi import APIRouter, Path, Query

from aftersales.common.errors import Malformed, NotFound
from aftersales.common.service import PROBLEMS, Cursor, Desk, Limit, Page
from aftersales.common.values import Code, Moment

from . import handlers, store
from .domain.followup import FinishFollowUp, FollowUp, State
from .domain.kpi import Kpis
from .domain.survey import Answers, Survey, SurveyForm, survey_id
from .domain.timeline import Timeline

router = APIRouter(responses=PROBLEMS)
_TAIL = r"[0-9]{6}-[0-9A-HJKMNP-TV-Z]{4}"
FollowUpId = Annotated[str, Path(pattern=rf"^FU-{_TAIL}-[1-9][0-9]{{0,3}}$")]
RequestNumber = Annotated[str, Path(pattern=rf"^SR-{_TAIL}$")]
Token = Annotated[str, Path(pattern=r"^[A-Za-z0-9_-]{43}$")]


@router.get("/followups", response_model_exclude={"items": {"__all__": {"survey_token"}}})
async def list_followups(
    desk: Desk, branch: Code | None = None, state: State | None = None, cursor: Cursor = None, limit: Limit = 50
) -> Page[FollowUp]:
    return await desk.page(FollowUp, {"branch": branch, "state": state}, cursor, limit)


@router.get("/followups/{key}", response_model_exclude={"survey_token"})
async def show_followup(key: FollowUpId, desk: Desk) -> FollowUp:
    return await desk.read(FollowUp, key)


@router.post("/followups/{key}/done")
async def finish_followup(key: FollowUpId, command: FinishFollowUp, desk: Desk) -> FollowUp:
    """Note what came of the call (FBK-1). `survey_token` opens the customer's survey and is shown only here."""
    return await desk.do(handlers.finish_followup, key, command, needs=((FollowUp, key),))


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
    needs = ((Survey, survey_id(token)),)
    return await desk.do(handlers.answer_survey, token, answers, desk.library, desk.settings.pass_mark, needs=needs)


@router.get("/timelines/{request}")
async def show_timeline(request: RequestNumber, desk: Desk) -> Timeline:
    return await desk.read(Timeline, request)


@router.get("/kpis")
async def show_kpis(
    desk: Desk,
    since: Annotated[Moment, Query(alias="from")],
    until: Annotated[Moment, Query(alias="to")],
    branch: Code | None = None,
) -> Kpis:
    """Give the key figures of the requests registered from `from` to before `to` (FBK-8)."""
    if since >= until:
        raise Malformed("kpi.range_malformed")
    return await store.key_figures(desk.mongo, since, until, branch)
