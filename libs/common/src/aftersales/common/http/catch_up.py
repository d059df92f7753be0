"""Catch-up over HTTP, which reads the journal again."""

from fastapi import APIRouter, Request
from pydantic import BaseModel

from aftersales.common.catch_up import CatchUp, CatchUpProgress
from aftersales.common.http.problem import PROBLEMS
from aftersales.values import Moment

router = APIRouter(prefix="/events/catch-up", responses=PROBLEMS)


class CatchUpForm(BaseModel):
    since: Moment
    """Events published from this time on are read."""


@router.post("", status_code=202)
async def catch_up(form: CatchUpForm, request: Request) -> CatchUpProgress:
    """Read the journal again, from a given time on. Events that this service has handled have no second effect."""
    reader: CatchUp = request.app.state.runtime.catch_up
    return reader.request(form.since)


@router.get("")
async def show_catch_up(request: Request) -> CatchUpProgress:
    """Show the progress of the newest run of this process."""
    reader: CatchUp = request.app.state.runtime.catch_up
    return reader.progress
