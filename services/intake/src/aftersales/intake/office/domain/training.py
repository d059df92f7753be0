"""Training plans with attendance, also for merchants' staff, who have codes like everybody else (ALL-8)."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Annotated, ClassVar, Literal

from pydantic import Field, StrictBool, model_validator

from aftersales.common.aggregate import Aggregate
from aftersales.common.scope import EVERYWHERE
from aftersales.intake.network.domain import Codes
from aftersales.values import Code, Line, Moment, Value, Words
from aftersales.values.errors import DomainError

Crowd = Annotated[tuple[Code, ...], Field(max_length=500)]
"""Codes of people."""


class Session(Value):
    code: Code
    """The code of the session, within the training."""
    starts_at: Moment
    """The beginning of the session."""
    minutes: Annotated[int, Field(ge=1, le=24 * 60, strict=True)] = 60
    """Its length in minutes."""
    trainer: Code
    """The code of the trainer."""
    place: Line | None = None
    """The room or address."""


class TrainingForm(Value):
    """A training's topic, people and sessions."""

    title: Line
    """The title."""
    topic: Code
    """The code of the topic."""
    branch: Code | None = None
    """None means all branches."""
    roles: Codes = ()
    """People with one of these roles should attend."""
    sessions: Annotated[tuple[Session, ...], Field(min_length=1, max_length=50)]
    """The sessions."""
    participants: Crowd = ()
    """Codes of people who take part; only their attendance is recorded."""
    materials: Codes = ()
    """Ids of files."""


class TrainingPlan(Aggregate):
    """A training; its id is its code."""

    COLLECTION: ClassVar[str] = "trainings"

    title: str
    topic: str
    roles: tuple[str, ...]
    sessions: tuple[Session, ...]
    participants: tuple[str, ...]
    materials: tuple[str, ...]
    held: tuple[str, ...] = ()
    """Sessions with an attendance list."""


class AttendanceMark(Value):
    """The attendance of one person in one session."""

    person: Code
    """The code of the person."""
    status: Literal["present", "absent", "excused"]
    """`excused`: absent with a reason."""
    score: Annotated[int, Field(ge=0, le=100, strict=True)] | None = None
    """The mark in the test, from 0 to 100; only for people who were there."""
    passed: StrictBool | None = None
    """Whether the test was passed."""
    remark: Words = ""
    """A remark of the trainer."""

    @model_validator(mode="after")
    def _only_who_came_is_marked(self) -> "AttendanceMark":
        if self.status != "present" and (self.score is not None or self.passed is not None):
            raise ValueError("attendance.marked_without_presence")
        return self


class AttendanceForm(Value):
    marks: Annotated[tuple[AttendanceMark, ...], Field(max_length=500)]
    """One mark for each person."""


class Attendance(Aggregate):
    """The attendance of one session (`<training>|<session>`); stored apart, or the plan would grow with it."""

    COLLECTION: ClassVar[str] = "attendances"

    training: str
    marks: tuple[AttendanceMark, ...] = ()


class Missing(Value):
    person: str
    why: Literal["not_invited", "not_recorded", "absent", "excused", "not_passed"]


def plan_training(known: TrainingPlan | None, code: str, form: TrainingForm) -> TrainingPlan:
    """Create or change the plan; sessions that were held must stay."""
    codes = [session.code for session in form.sessions]
    if len(set(codes)) < len(codes):
        raise DomainError("training.session_twice", training=code)
    for held in known.held if known else ():
        if held not in codes:
            raise DomainError("training.session_held", training=code, session=held)
    fields = dict(form) | {"branch": form.branch or EVERYWHERE}
    return known.but(**fields) if known else TrainingPlan(id=code, **fields)


def record_attendance(
    training: TrainingPlan, session: str, known: Attendance | None, form: AttendanceForm, now: datetime
) -> tuple[TrainingPlan, Attendance]:
    """Record the attendance; a later list corrects the people that it names and leaves the others."""
    planned = next((one for one in training.sessions if one.code == session), None)
    if planned is None:
        raise DomainError("training.session_unknown", training=training.id, session=session)
    if now < planned.starts_at:
        raise DomainError("training.session_to_come", training=training.id, session=session)
    for mark in form.marks:
        if mark.person not in training.participants:
            raise DomainError("training.not_a_participant", training=training.id, person=mark.person)
    known = known or Attendance(id=f"{training.id}|{session}", branch=training.branch, training=training.id)
    marks = {mark.person: mark for mark in (*known.marks, *form.marks)}
    held = training.held if session in training.held else (*training.held, session)
    return training.but(held=held), known.but(marks=tuple(marks[person] for person in sorted(marks)))


def missing_attendees(
    training: TrainingPlan, wanted: Collection[str], attendances: Sequence[Attendance], now: datetime
) -> tuple[Missing, ...]:
    """List people who still need the training: participants, and the `wanted`, who have one of the plan's roles.

    People who attended a session and did not fail do not. Participants cannot be missing before a session began.
    """
    marks: dict[str, list[AttendanceMark]] = {}
    for attendance in attendances:
        for mark in attendance.marks:
            marks.setdefault(mark.person, []).append(mark)
    begun = any(session.starts_at <= now for session in training.sessions)
    found = []
    for person in sorted({*training.participants, *wanted}):
        if person not in training.participants:
            found.append(Missing(person=person, why="not_invited"))
        elif begun and (why := _why_missing(marks.get(person, []))):
            found.append(Missing(person=person, why=why))
    return tuple(found)


def _why_missing(marks: list[AttendanceMark]) -> Literal["not_recorded", "absent", "excused", "not_passed"] | None:
    if not marks:
        return "not_recorded"
    here = [mark for mark in marks if mark.status == "present"]
    if any(mark.passed is not False for mark in here):
        return None
    if here:
        return "not_passed"
    return "excused" if any(mark.status == "excused" for mark in marks) else "absent"
