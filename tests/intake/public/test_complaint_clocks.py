"""A complaint from the public page has the clocks of any other complaint (FBK-3, INT-11)."""

from typing import Any

import pytest

from aftersales.common.events import Event
from aftersales.common.events.intake import IntakeSlaBreached
from aftersales.testing import ManualClock, eventually
from aftersales.testing.system import RunningService

COMPLAINT: dict[str, Any] = {"name": "王芳", "phone": "138 0013 8000", "text": "师傅迟到了两个小时"}


async def _complain(intake: RunningService, **changes: Any) -> str:
    answer = await intake.http.post("/public/complaints", json=COMPLAINT | changes)
    number: str = answer.json()["number"]
    return number


async def _clocks(intake: RunningService, number: str) -> Any:
    shown = (await intake.http.get(f"/complaints/{number}")).json()
    return {clock["stage"]: (clock["deadline"], clock["outcome"]) for clock in shown["clocks"]}


@pytest.mark.parametrize("branch", ["BJ01", None])
async def test_fbk_3_a_public_complaint_is_answered_in_a_day_and_verified_in_three_working_days(
    intake: RunningService, branch: str | None
) -> None:
    """The clock of the tests stands at nine o'clock in Beijing on Monday, 23 November."""
    number = await _complain(intake, branch=branch)
    found = await eventually(lambda: _clocks(intake, number))
    assert found == {
        "complaint_answer": ("2026-11-24T01:00:00Z", "open"),
        "complaint_verify": ("2026-11-26T15:59:00Z", "open"),
    }
    told = {"channel": "phone", "text": "已致歉"}
    answered = await intake.http.post(f"/complaints/{number}/answer", json=told, headers={"X-Actor": "desk-7"})
    assert (answered.json()["answer"], answered.json()["answered_by"]) == ("已致歉", "desk-7"), answered.text
    await intake.http.post(f"/complaints/{number}/verify", json={"founded": True, "remark": "属实"})
    assert {outcome for _, outcome in (await _clocks(intake, number)).values()} == {"met"}


async def test_fbk_3_a_public_complaint_without_an_answer_is_late_and_somebody_hears_of_it(
    intake: RunningService, clock: ManualClock, heard: Any
) -> None:
    number = await _complain(intake)
    await eventually(lambda: _clocks(intake, number))
    clock.advance(hours=25)

    async def late() -> list[Event]:
        return [event for event in await heard(IntakeSlaBreached) if event.subject == number]

    (event,) = await eventually(late)
    assert (event.stage, event.mover) == ("complaint_answer", "information_clerk")  # type: ignore[attr-defined]


async def test_a_suspect_complaint_has_no_clock_until_somebody_takes_it(
    intake: RunningService, clock: ManualClock
) -> None:
    number = await _complain(intake, website="http://spam")
    refused = await intake.http.post(f"/complaints/{number}/answer", json={"channel": "phone", "text": "x"})
    assert refused.json()["code"] == "complaint.suspect"
    assert await _clocks(intake, number) == {}
    clock.advance(hours=2)
    await intake.http.post(f"/complaints/{number}/take", headers={"X-Actor": "desk-7"})
    found = await eventually(lambda: _clocks(intake, number))
    assert found["complaint_answer"] == ("2026-11-24T01:00:00Z", "open"), "from its receipt"
