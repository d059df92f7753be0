"""Training plans with attendance, shared with merchants (ALL-8)."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from intake.staff import ask, say, staff
from pydantic import ValidationError

from aftersales.intake.office.domain.training import (
    Attendance,
    AttendanceForm,
    AttendanceMark,
    TrainingForm,
    TrainingPlan,
    missing_attendees,
    plan_training,
    record_attendance,
)
from aftersales.testing import ManualClock
from aftersales.testing.system import RunningService
from aftersales.values.errors import DomainError

MONDAY = datetime(2026, 11, 23, 1, 0, tzinfo=UTC)
FORM: dict[str, Any] = {
    "title": "新机型拆装",
    "topic": "disassembly",
    "roles": ["technician"],
    "sessions": [
        {"code": "s1", "starts_at": "2026-11-23T09:00:00+08:00", "trainer": "trainer-1"},
        {"code": "s2", "starts_at": "2026-11-24T09:00:00+08:00", "trainer": "trainer-1"},
    ],
    "participants": ["T-1", "T-2", "shop-5"],
}


def _plan(known: TrainingPlan | None = None, **changes: Any) -> TrainingPlan:
    return plan_training(known, "new-model", TrainingForm.model_validate(FORM | changes))


def _list(*marks: dict[str, Any]) -> AttendanceForm:
    return AttendanceForm.model_validate({"marks": marks})


def _mark(person: str, status: str = "present", **more: Any) -> dict[str, Any]:
    return {"person": person, "status": status} | more


def test_a_plan_without_a_branch_is_for_all() -> None:
    assert (_plan().branch, _plan(branch="BJ01").branch) == ("-", "BJ01")


def test_a_session_that_was_held_stays_in_the_plan() -> None:
    held, _ = record_attendance(_plan(), "s1", None, _list(_mark("T-1")), MONDAY)
    assert held.held == ("s1",)
    assert _plan(held, sessions=FORM["sessions"][:1]).held == ("s1",)
    with pytest.raises(DomainError, match=r"training\.session_held"):
        _plan(held, sessions=FORM["sessions"][1:])
    with pytest.raises(DomainError, match=r"training\.session_twice"):
        _plan(sessions=FORM["sessions"][:1] * 2)


def test_a_second_list_corrects_whom_it_names_and_leaves_the_others() -> None:
    training, first = record_attendance(
        _plan(), "s1", None, _list(_mark("T-2", "absent"), _mark("T-1", score=90)), MONDAY
    )
    again, second = record_attendance(training, "s1", first, _list(_mark("T-2", "excused")), MONDAY)
    assert [(mark.person, mark.status, mark.score) for mark in second.marks] == [
        ("T-1", "present", 90),
        ("T-2", "excused", None),
    ]
    assert again == training


@pytest.mark.parametrize(
    ("session", "person", "code"),
    [
        ("s9", "T-1", "training.session_unknown"),
        ("s2", "T-1", "training.session_to_come"),
        ("s1", "T-9", "training.not_a_participant"),
    ],
)
def test_nobody_is_marked_who_cannot_have_been_there(session: str, person: str, code: str) -> None:
    with pytest.raises(DomainError, match=code.replace(".", r"\.")):
        record_attendance(_plan(), session, None, _list(_mark(person)), MONDAY)


@pytest.mark.parametrize("marks", [{"score": 0}, {"passed": False}])
def test_somebody_who_was_not_there_has_no_marks(marks: dict[str, Any]) -> None:
    with pytest.raises(ValidationError, match=r"attendance\.marked_without_presence"):
        AttendanceMark.model_validate(_mark("T-1", "excused", **marks))


def _missing(*lists: AttendanceForm, wanted: tuple[str, ...] = (), now: datetime = MONDAY) -> dict[str, str]:
    training, later = _plan(), MONDAY + timedelta(days=1)
    kept: list[Attendance] = []
    for session, marks in zip(("s1", "s2"), lists, strict=False):
        training, attendance = record_attendance(training, session, None, marks, later)
        kept.append(attendance)
    return {one.person: one.why for one in missing_attendees(training, wanted, kept, now)}


def test_who_is_missing_is_told_with_the_reason() -> None:
    """ALL-8: merchants' staff are missed like everybody else."""
    first = _list(_mark("T-1", passed=False, score=40), _mark("T-2", "absent"))
    assert _missing(first) == {"T-1": "not_passed", "T-2": "absent", "shop-5": "not_recorded"}
    second = _list(_mark("T-1", passed=True), _mark("T-2", "excused"), _mark("shop-5"))
    assert _missing(first, second) == {"T-2": "excused"}
    assert _missing(first, second, wanted=("T-1", "T-8")) == {"T-2": "excused", "T-8": "not_invited"}


def test_nobody_invited_is_missed_before_a_session_began() -> None:
    assert _missing(now=MONDAY - timedelta(seconds=1), wanted=("T-8",)) == {"T-8": "not_invited"}
    assert len(_missing()) == 3


async def test_a_training_is_planned_held_and_asked_for_who_is_missing(
    intake: RunningService, clock: ManualClock
) -> None:
    """ALL-8, S4: a merchant's technician of another branch is not wanted here, and one who left is not missed."""
    technician = {"name": "郑", "roles": ["technician"]}
    more = {"T-2": technician, "T-7": technician, "T-8": technician | {"until": "2026-11-22"}}
    await staff(intake, **more, **{"T-9": technician | {"branch": "HQ"}})
    await say(intake, "PUT", "/trainings/new-model", **FORM | {"branch": "BJ01"})
    assert await say(intake, "PUT", "/trainings/x", **FORM | {"roles": ["pilot"]}, status=409) == "role.unknown"
    at = "/trainings/new-model/sessions/s1/attendance"
    await say(intake, "PUT", at, marks=[_mark("shop-5", score=80, passed=True), _mark("T-2", "absent")])
    found = {one["person"]: one["why"] for one in await ask(intake, "/trainings/new-model/missing")}
    assert found == {"T-1": "not_recorded", "T-2": "absent", "T-7": "not_invited"}
    (attendance,) = await ask(intake, "/trainings/new-model/attendance")
    assert [mark["score"] for mark in attendance["marks"]] == [None, 80]
    for query, number in (({"person": "shop-5"}, 1), ({"person": "T-7"}, 0), ({"branch": "BJ01"}, 1)):
        assert len((await ask(intake, "/trainings", **query))["items"]) == number
    again = await say(intake, "PUT", at, marks=[_mark("T-2", "absent")])
    assert again["version"] == attendance["version"]
    for where in ({"branch": "BJ01"}, {"participants": "T-2"}, {}):
        assert "IXSCAN" in str(await intake.runtime.mongo.explain(TrainingPlan, where, sort=("-_id",)))
