"""HTTP: shows timelines."""

from typing import Annotated

from fastapi import APIRouter, Path

from aftersales.engine import PROBLEMS, RequestContext

from .domain import Timeline

router = APIRouter(responses=PROBLEMS)
RequestNumber = Annotated[str, Path(pattern=r"^SR-[0-9]{6}-[0-9A-HJKMNP-TV-Z]{4}$")]
"""The number of a request, such as `SR-261122-7K3F`."""


@router.get("/timelines/{request}")
async def show_timeline(request: RequestNumber, context: RequestContext) -> Timeline:
    """Show the timeline of a request: its steps in all services, in the order of time."""
    return await context.read(Timeline, request)
