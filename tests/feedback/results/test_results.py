"""Results are handed to the department concerned, which says what it does about them (四个不漏, ALL-4)."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, get_args

import pytest

from aftersales.common.events.dispatch import RepairCompleted
from aftersales.common.events.feedback import FeedbackSlaBreached, FeedbackSlaEscalated
from aftersales.common.events.intake import (
    BranchRegistered,
    ComplaintReceived,
    RepeatRepairFound,
    RequestCancelled,
    RequestClosed,
    RequestCorrected,
    RequestRegistered,
)
from aftersales.feedback.results.domain import CaseResults, DepartmentResult, explain_nothing, note_unconcerned
from aftersales.policy.model import Department, ResultKind
from aftersales.policy.presets import load_presets
from aftersales.testing import ManualClock, eventually
from aftersales.testing.system import RunningService, RunningSystem

Say = Callable[..., Any]
NUMBER, REPAIR = "SR-261122-7K3F", "RS-261122-7K3F-repair-1"
GOOD = {"attitude": 5, "skill": 5, "punctuality": 5, "result": 5}
ACCEPTED = {"results": [REPAIR], "outcome": "accepted", "what": "下批封条抽检 / spot check", "by": "q-1"}


async def case_of(feedback: RunningService) -> dict[str, Any]:
    answer = await feedback.http.get(f"/cases/{NUMBER}/results")
    return answer.json() if answer.is_success else {}


async def kinds_of(feedback: RunningService) -> dict[str, str]:
    """Department by kind, of the case's results."""
    return {one["kind"]: one["department"] for one in (await case_of(feedback)).get("results", ())}


async def list_of(feedback: RunningService, department: str, **query: Any) -> list[dict[str, Any]]:
    answer = await feedback.http.get(f"/departments/{department}/results", params=query)
    assert answer.is_success, answer.text
    items: list[dict[str, Any]] = answer.json()["items"]
    return items


async def acknowledge(feedback: RunningService, department: str, **said: Any) -> Any:
    return await feedback.http.post(f"/departments/{department}/results/acknowledge", json=ACCEPTED | said)


async def nothing_of(feedback: RunningService) -> tuple[str, str] | None:
    case = (await case_of(feedback)).get("case", {})
    return (case["nothing"], case["nothing_why"]) if case.get("nothing") else None


def complaint(clock: ManualClock, number: str, kind: str, **about: Any) -> ComplaintReceived:
    said = {"complaint": number, "kind": kind, "branch": "BJ01", "request": NUMBER, "received_at": clock.now()}
    return ComplaintReceived.model_validate(said | about)


async def test_the_cause_that_a_repair_found_reaches_the_quality_department(
    built: RunningSystem, feedback: RunningService, say: Say
) -> None:
    """ALL-4."""
    await feedback.deliver(say(RequestRegistered, policy="appliance@0"))
    await feedback.deliver(say(RepairCompleted, 2, cause="seal-worn", solution="换了门封条 (door seal)"))
    await feedback.deliver(say(RepairCompleted, 2, cause="seal-worn", solution="换了门封条 (door seal)"))
    (result,) = await eventually(lambda: list_of(feedback, "quality"))
    assert (result["id"], result["kind"], result["request"], result["state"]) == (REPAIR, "repair", NUMBER, "open")
    assert (result["cause"], result["found"], result["fault"]) == ("seal-worn", "换了门封条 (door seal)", "no-cooling")
    assert result["product"]["model"] == "BCD-258"
    await built.quiet()
    assert len(await feedback.find(DepartmentResult)) == 1
    done = await acknowledge(feedback, "quality")
    assert done.is_success, done.text
    (after,) = await list_of(feedback, "quality", state="acknowledged")
    assert (after["outcome"], after["what"], after["acknowledged_by"]) == ("accepted", ACCEPTED["what"], "q-1")
    assert await list_of(feedback, "quality", state="open") == []
    assert (await feedback.http.get("/departments")).json() == [
        {"department": "quality", "open": 0, "overdue": 0, "acknowledged": 1}
    ]


async def test_only_the_department_itself_acknowledges_once_and_in_words(feedback: RunningService, say: Say) -> None:
    """ALL-4."""
    await feedback.deliver(say(RequestRegistered, policy="appliance@0"))
    await feedback.deliver(say(RepairCompleted, 2))
    await eventually(lambda: list_of(feedback, "quality"))
    for department, said, status, code in (
        ("sales", {}, 409, "result.of_other_department"),
        ("quality", {"what": "  "}, 422, "input.malformed"),
        ("quality", {"results": ["RS-261122-7K3F-repair-2"]}, 404, "results.unknown"),
        ("quality", {"results": [REPAIR, "RS-261122-7K3F-repair-2"]}, 404, "results.unknown"),
        ("quality", {"outcome": "seen"}, 422, "input.malformed"),
        ("marketing", {}, 422, "input.malformed"),
    ):
        refused = await acknowledge(feedback, department, **said)
        assert (refused.status_code, refused.json()["code"]) == (status, code), refused.text
    assert (await acknowledge(feedback, "quality", outcome="nothing_to_do", what="正常磨损")).is_success
    again = await acknowledge(feedback, "quality")
    assert (again.status_code, again.json()["code"]) == (409, "result.already_acknowledged")


async def test_complaints_repeats_bad_surveys_suggestions_and_remarks_each_reach_somebody(
    feedback: RunningService, say: Say, clock: ManualClock
) -> None:
    """ALL-4, INT-9, FBK-2, FBK-3."""
    await feedback.deliver(say(RequestRegistered, policy="appliance@0"))
    await feedback.deliver(say(RepeatRepairFound))
    for n, kind in enumerate(("quality", "service", "suggestion")):
        await feedback.deliver(complaint(clock, f"CP-261122-AAA{n}", kind))
    await feedback.deliver(say(RepairCompleted, 2))
    await eventually(lambda: list_of(feedback, "quality", kind="repair"))
    call = {"outcome": "reached", "clerk": "c-1", "remark": "师傅很好、就是来晚了"}
    token = (await feedback.http.post("/followups/FU-261122-7K3F-1/done", json=call)).json()["survey_token"]
    bad = {"attitude": 1, "skill": 2, "punctuality": 1, "result": 1, "suggestions": "请换人 / send somebody else"}
    assert (await feedback.http.post(f"/surveys/{token}", json=bad)).is_success
    assert await kinds_of(feedback) == {
        "repeat_repair": "quality",
        "complaint_quality": "quality",
        "complaint_service": "service",
        "complaint_suggestion": "production",
        "repair": "quality",
        "remark": "service",
        "dissatisfied": "service",
        "suggestion": "production",
    }
    (said,) = await list_of(feedback, "production", kind="suggestion")
    assert (said["found"], said["reference"]) == ("请换人 / send somebody else", "FU-261122-7K3F-1")
    (marks,) = await list_of(feedback, "service", kind="dissatisfied")
    assert marks["found"] == "attitude 1, skill 2, punctuality 1, result 1"


async def test_a_complaint_about_no_request_and_no_branch_reaches_its_department(
    feedback: RunningService, clock: ManualClock
) -> None:
    """ALL-4, INT-11."""
    await feedback.deliver(complaint(clock, "CP-261122-AAAA", "service", request=None, branch=None))
    (result,) = await eventually(lambda: list_of(feedback, "service"))
    assert (result["request"], result["branch"], result["reference"]) == ("", "-", "CP-261122-AAAA")


async def test_a_request_that_is_itself_a_result_is_handed_on_when_it_ends(feedback: RunningService, say: Say) -> None:
    """ALL-4: an invoice concerns finance, in whatever order the events arrive."""
    await feedback.deliver(say(RequestClosed))
    await eventually(lambda: case_of(feedback))
    assert await nothing_of(feedback) is None
    await feedback.deliver(say(RequestRegistered, work_type="invoice", policy="e-commerce@0"))
    assert await eventually(lambda: kinds_of(feedback)) == {"invoice": "finance"}


@pytest.mark.parametrize(
    ("ends", "why"),
    [
        ({}, ("no_repair", "repair")),
        ({"work_type": "consultation"}, ("no_department", "consultation")),
        ({"reason": "客户自己修好了"}, ("cancelled", "客户自己修好了")),
        ({"reason": "x", "duplicate_of": "SR-261101-0001"}, ("duplicate", "SR-261101-0001")),
    ],
)
@pytest.mark.parametrize("ended_first", [False, True])
async def test_a_case_that_ends_without_a_result_says_why(
    feedback: RunningService, say: Say, ends: dict[str, Any], why: tuple[str, str], ended_first: bool
) -> None:
    """ALL-4: nothing for anybody, with the reason; the order of the events is of no account."""
    registered = {"work_type": "repair", "policy": "appliance@0"} | ends
    events = [
        say(RequestRegistered, **registered),
        say(RequestCancelled if "reason" in ends else RequestClosed, 1, **ends),
    ]
    for event in reversed(events) if ended_first else events:
        await feedback.deliver(event)
    assert await eventually(lambda: nothing_of(feedback)) == why
    handed = {"request": NUMBER, "kind": "lead", "found": "想买新冰箱 (wants a new one)", "by": "c-1"}
    assert (await feedback.http.post("/departments/sales/results", json=handed)).status_code == 201
    assert await nothing_of(feedback) is None
    (lead,) = await list_of(feedback, "sales")
    assert (lead["found"], lead["handed_by"]) == ("想买新冰箱 (wants a new one)", "c-1")


async def test_words_are_handed_on_about_known_requests_and_any_number_of_times(
    feedback: RunningService, say: Say
) -> None:
    """ALL-4."""
    praise = {"request": NUMBER, "kind": "praise", "found": "表扬李师傅", "by": "c-1"}
    unknown = await feedback.http.post("/departments/service/results", json=praise)
    assert (unknown.status_code, unknown.json()["code"]) == (404, "case_results.unknown")
    await feedback.deliver(say(RequestRegistered, policy="appliance@0"))
    await eventually(lambda: case_of(feedback))
    ids = [(await feedback.http.post("/departments/service/results", json=praise)).json()["id"] for _ in range(2)]
    assert ids == ["RS-261122-7K3F-praise-1", "RS-261122-7K3F-praise-2"]
    blank = await feedback.http.post("/departments/service/results", json=praise | {"found": " \n"})
    assert blank.status_code == 422


async def test_a_corrected_kind_decides_who_is_concerned(
    feedback: RunningService, say: Say, clock: ManualClock
) -> None:
    """ALL-4, INT-2."""
    changed = {"number": 1, "changed": ("kind",), "was_on_site": False, "by": "c", "corrected_at": clock.now()}
    facts = {"registered_at": clock.now(), "policy": "appliance@0"}
    await feedback.deliver(say(RequestCorrected, work_type="compensation", **changed, **facts))
    await feedback.deliver(say(RequestRegistered, work_type="repair", policy="appliance@0"))
    await feedback.deliver(say(RequestClosed, 1))
    assert await eventually(lambda: kinds_of(feedback)) == {"compensation": "finance"}


async def test_a_department_that_does_not_answer_is_overdue_and_escalated(
    feedback: RunningService, say: Say, clock: ManualClock, heard: Any
) -> None:
    """ALL-4, ALL-3: the third working day of the branch; three weekdays after Sunday, 22 November."""
    hours = {"week": [*["08:30-17:30"] * 5, "", ""]}
    branch = {"branch": "BJ01", "name": "北京", "zone": "Asia/Shanghai", "location": {"lat": 39.9, "lon": 116.4}}
    registered = BranchRegistered.model_validate(
        branch | {"hours": hours, "hours_since": clock.now(), "hours_by": "hq"}
    )
    await feedback.deliver(registered)
    await feedback.deliver(say(RequestRegistered, policy="appliance@0"))
    await feedback.deliver(say(RepairCompleted))
    (result,) = await eventually(lambda: list_of(feedback, "quality"))
    (clock_row,) = result["clocks"]
    assert clock_row["deadline"] == "2026-11-25T15:59:00Z"
    assert await list_of(feedback, "quality", overdue=True) == []
    clock.advance(days=5)
    (late,) = await eventually(lambda: list_of(feedback, "quality", overdue=True))
    assert late["id"] == REPAIR
    assert (await feedback.http.get("/departments")).json()[0]["overdue"] == 1

    async def told(kind: type[Any]) -> list[Any]:
        return [event for event in await heard(kind) if event.subject == REPAIR]

    (breached,) = await eventually(lambda: told(FeedbackSlaBreached))
    assert (breached.stage, breached.request) == ("department_reply", NUMBER)
    assert (breached.owner, breached.mover) == ("quality@BJ01", "quality")
    assert [event.mark for event in await told(FeedbackSlaEscalated)] == [
        *("owner", "supervisor", "centre", "headquarters", "leadership")
    ]
    assert (await acknowledge(feedback, "quality", outcome="answered")).is_success
    assert await list_of(feedback, "quality", overdue=True) == []


async def test_new_hours_of_the_branch_move_the_deadline(
    feedback: RunningService, say: Say, clock: ManualClock
) -> None:
    """ALL-3, ALL-4: Wednesday and Thursday are closed after all."""
    await feedback.deliver(say(RequestRegistered, policy="appliance@0"))
    await feedback.deliver(say(RepairCompleted))
    await eventually(lambda: list_of(feedback, "quality"))
    hours = {"week": ["08:30-17:30", "08:30-17:30", "", "", "08:30-17:30", "", ""]}
    branch = {"branch": "BJ01", "name": "北京", "zone": "Asia/Shanghai", "location": {"lat": 39.9, "lon": 116.4}}
    moved = branch | {"hours": hours, "hours_since": clock.now(), "hours_by": "hq"}
    await feedback.deliver(BranchRegistered.model_validate(moved))
    clock.advance(seconds=10)

    async def friday() -> bool:
        ((clock_row,),) = [one["clocks"] for one in await list_of(feedback, "quality")]
        return bool(clock_row["deadline"] == "2026-11-27T15:59:00Z")

    assert await eventually(friday)


@pytest.mark.parametrize("policy", load_presets(), ids=lambda policy: policy.name)
def test_each_preset_names_departments_and_a_time_for_their_reply(policy: Any) -> None:
    """ALL-4."""
    assert set(policy.results) <= set(get_args(ResultKind))
    assert set(policy.results.values()) <= set(get_args(Department))
    assert policy.stages["department_reply"].due.days == 3


def test_a_repair_that_no_department_hears_of_is_not_called_no_repair_all_4() -> None:
    """A policy that names no departments, as those published before there were any."""
    case = note_unconcerned(CaseResults(id="SR-261122-7K3F", branch="BJ01", kind="repair"))
    ended = explain_nothing(case.but(ended_at=datetime(2026, 11, 22, tzinfo=UTC)))
    assert (ended.nothing, ended.nothing_why) == ("no_department", "repair")
