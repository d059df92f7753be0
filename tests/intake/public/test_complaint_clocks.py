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
    told = {"channel": "phone", "text": "已致歉", "settled": True}
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


async def test_int_18_the_answer_to_a_public_complaint_carries_a_promised_time_which_the_page_tells(
    intake: RunningService, clock: ManualClock
) -> None:
    number = await _complain(intake, branch="BJ01")
    path, said = f"/complaints/{number}/answer", {"channel": "phone", "text": "给您换一位师傅"}
    refused = await intake.http.post(path, json=said)
    assert (refused.status_code, refused.json()["code"]) == (409, "complaint.promise_missing")
    past = await intake.http.post(path, json=said | {"promised_by": "2026-11-22T18:00:00+08:00"})
    assert past.json()["code"] == "request.promise_past"
    for day in ("24", "26"):
        answer = await intake.http.post(path, json=said | {"promised_by": f"2026-11-{day}T18:00:00+08:00"})
        assert answer.status_code == 200, answer.text
    shown = (await intake.http.get(f"/complaints/{number}")).json()
    promises = [clock["deadline"] for clock in shown["clocks"] if clock["stage"] == "complaint_timetable"]
    assert promises == ["2026-11-24T10:00:00Z", "2026-11-26T10:00:00Z"]
    assert await _promise(intake, number) == ("running", "Promised by Thu 26 Nov, 18:00")
    clock.advance(hours=24 * 4)
    assert await _promise(intake, number) == (
        "broken",
        "Promised by Thu 26 Nov, 18:00, and not kept. We are sorry.",
    )
    settled = await intake.http.post(path, json={"channel": "phone", "text": "已换人", "settled": True})
    assert settled.json()["settled_at"]
    assert (await _promise(intake, number))[0] == "broken"


async def test_int_18_a_promise_that_was_kept_is_told_on_the_page(intake: RunningService, clock: ManualClock) -> None:
    number = await _complain(intake)
    path = f"/complaints/{number}/answer"
    said = {"channel": "phone", "text": "好的", "promised_by": "2026-11-24T18:00:00+08:00"}
    await intake.http.post(path, json=said)
    clock.advance(hours=3)
    await intake.http.post(path, json={"channel": "phone", "text": "已换人", "settled": True})
    assert await _promise(intake, number) == ("kept", "Promised by Tue 24 Nov, 18:00, and kept")
    page = await intake.http.post("/public/?lang=en", data={"do": "look", "number": number, "phone_tail": "8000"})
    assert "Promised by Tue 24 Nov, 18:00, and kept" in page.text
    assert "Solved" in page.text


async def _promise(intake: RunningService, number: str) -> tuple[str, str]:
    asked = {"params": {"phone_tail": "8000"}, "headers": {"Accept-Language": "en"}}
    shown = (await intake.http.get(f"/public/complaints/{number}", **asked)).json()  # type: ignore[arg-type]
    return shown["solution_promised"], shown["solution_promised_words"]


async def test_all_3_new_hours_of_a_branch_move_the_clocks_of_public_complaints(
    intake: RunningService, clock: ManualClock
) -> None:
    number = await _complain(intake, branch="BJ01")
    await eventually(lambda: _clocks(intake, number))
    branch = (await intake.http.get("/branches/BJ01")).json()
    form = {name: branch[name] for name in ("name", "zone", "location")}
    hours = {"days": [{"day": f"2026-11-{day}", "hours": "", "why": "台风"} for day in ("24", "25")]}
    changed = await intake.http.put("/branches/BJ01", json=form | {"hours": branch["hours"] | hours})
    assert changed.status_code == 200, changed.text
    clock.advance(minutes=1)

    async def moved() -> bool:
        return (await _clocks(intake, number))["complaint_verify"][0] == "2026-11-28T15:59:00Z"

    assert await eventually(moved), "two of the three working days are closed now"
