"""Reading the journal again, over HTTP."""

from fastapi import APIRouter, Request
from pydantic import BaseModel

from aftersales.common.catch_up import CatchUp, CatchUpProgress
from aftersales.common.http.problem import PROBLEMS
from aftersales.values import Moment

router = APIRouter(prefix="/events/catch-up", tags=["events"], responses=PROBLEMS)


class CatchUpForm(BaseModel):
    since: Moment
    """Read what was published from then on."""


@router.post("", status_code=202)
async def catch_up(form: CatchUpForm, request: Request) -> CatchUpProgress:
    """Read the journal again from a moment on. What this service has handled already has no second effect."""
    reader: CatchUp = request.app.state.runtime.catch_up
    return reader.request(form.since)


@router.get("")
async def show_catch_up(request: Request) -> CatchUpProgress:
    """Show how far the newest run of this process is."""
    reader: CatchUp = request.app.state.runtime.catch_up
    return reader.progress
