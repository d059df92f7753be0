"""HTTP in: the weekly meeting (ALL-8)."""

from typing import Annotated, Any

from fastapi import APIRouter, Path

from aftersales.common.errors import NotFound
from aftersales.common.service import PROBLEMS, Desk
from aftersales.common.values import Code
from aftersales.intake.domain.branch import Branch
from aftersales.intake.domain.meeting import Meeting, MinutesForm, meeting_id, propose, span
from aftersales.intake.handlers import meeting
from aftersales.intake.store.office import week_cases

router = APIRouter(responses=PROBLEMS)
BranchCode = Annotated[Code, Path()]
Week = Annotated[str, Path(pattern=r"^20[0-9]{2}-W[0-5][0-9]$", description="ISO 8601, such as 2026-W47")]


@router.get("/meetings/{branch}/{week}")
async def show_meeting(branch: BranchCode, week: Week, desk: Desk) -> Meeting:
    """Show the agenda of what happened in that week at the branch, or the minutes once there are some."""
    place = await _branch(branch, desk)
    return await desk.mongo.get(Meeting, meeting_id(branch, week)) or await _proposed(place, week, desk)


@router.put("/meetings/{branch}/{week}")
async def record_minutes(branch: BranchCode, week: Week, form: MinutesForm, desk: Desk) -> Meeting:
    """Record minutes, decisions and who came; the agenda is kept as it was then."""
    place = await _branch(branch, desk)
    proposed, begins = await _proposed(place, week, desk), span(week, place)[0]
    return await desk.do(meeting.record_minutes, proposed, form, begins, needs=((Meeting, proposed.id),))


async def _branch(code: str, desk: Any) -> Branch:
    """Like `desk.read`, without the branch's ETag, which is not the meeting's."""
    place: Branch | None = await desk.mongo.get(Branch, code)
    if place is None:
        raise NotFound("branches.unknown", id=code)
    return place


async def _proposed(place: Branch, week: str, desk: Any) -> Meeting:
    policy = desk.settings.meeting_policy()
    cases = await week_cases(desk.mongo, place.id, span(week, place))
    return propose(place.id, week, cases, policy)
