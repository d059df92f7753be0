"""The weekly meeting of a branch (ALL-8): an agenda of the week's cases that fits into its hour, and its minutes."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime, time, timedelta
from itertools import chain, zip_longest
from typing import Annotated, ClassVar, Literal
from zoneinfo import ZoneInfo

from pydantic import Field

from aftersales.common.aggregate import Aggregate
from aftersales.intake.network.domain import Branch
from aftersales.values import Code, Day, Line, Moment, Value, Words
from aftersales.values.errors import DomainError, Malformed

Topic = Literal["complaint", "reopened", "repeated_fault", "frequent_fault"]
"""In the order in which they take turns on the agenda."""
TOPICS: tuple[Topic, ...] = ("complaint", "reopened", "repeated_fault", "frequent_fault")


class MeetingPolicy(Value):
    """The figures of a meeting."""

    length: timedelta
    minutes: Mapping[Topic, int]
    """What one case of each kind takes."""


class AgendaCase(Value):
    """Something of the week to talk about."""

    topic: Topic
    subject: str
    """The request's number, or the fault's code."""
    fault: str
    count: int = 1
    """How often the fault came in that week."""


class AgendaItem(AgendaCase):
    minutes: int


class MeetingDecision(Value):
    what: Line
    who: Code
    until: Day | None = None
    subject: Code | None = None
    """The case it is about."""


class Presence(Value):
    person: Code
    status: Literal["present", "absent", "excused"]


class MinutesForm(Value):
    """What came of the meeting."""

    held_at: Moment
    chair: Code
    attendance: Annotated[tuple[Presence, ...], Field(max_length=500)] = ()
    minutes: Words = ""
    decisions: Annotated[tuple[MeetingDecision, ...], Field(max_length=100)] = ()


class Meeting(Aggregate):
    """The meeting about one week of a branch; its id is `<branch>|<week>`. Without `held_at` it is a proposal."""

    COLLECTION: ClassVar[str] = "meetings"

    week: str
    agenda: tuple[AgendaItem, ...]
    left_out: int = 0
    """Cases that did not fit."""
    held_at: datetime | None = None
    chair: str | None = None
    attendance: tuple[Presence, ...] = ()
    minutes: str = ""
    decisions: tuple[MeetingDecision, ...] = ()


def meeting_id(branch: str, week: str) -> str:
    return f"{branch}|{week}"


def week_span(week: str, branch: Branch) -> tuple[datetime, datetime]:
    """From Monday's midnight to the next one on the branch's wall. Raises `Malformed` for a week the year lacks."""
    year, number = week.split("-W")
    try:
        monday = date.fromisocalendar(int(year), int(number), 1)
    except ValueError as error:
        raise Malformed("week.unknown", week=week) from error
    midnight = datetime.combine(monday, time(), ZoneInfo(branch.zone))
    return midnight, midnight + timedelta(days=7)


def propose_agenda(branch: str, week: str, cases: Sequence[AgendaCase], policy: MeetingPolicy) -> Meeting:
    """Let the kinds of cases take turns until the hour is full, so that none crowds out the others.

    `cases` come in the order of their weight within each kind. Whoever does not fit is counted, and a shorter case
    behind it may still fit.
    """
    turns = zip_longest(*([case for case in cases if case.topic == topic] for topic in TOPICS))
    left = policy.length
    agenda: list[AgendaItem] = []
    for case in (case for case in chain.from_iterable(turns) if case):
        minutes = policy.minutes[case.topic]
        if timedelta(minutes=minutes) <= left:
            left -= timedelta(minutes=minutes)
            agenda.append(AgendaItem(**dict(case), minutes=minutes))
    return Meeting(
        id=meeting_id(branch, week),
        branch=branch,
        week=week,
        agenda=tuple(agenda),
        left_out=len(cases) - len(agenda),
    )


def write_minutes(meeting: Meeting, form: MinutesForm, begins: datetime, now: datetime) -> Meeting:
    """Write down what came of it; correcting the minutes leaves the agenda as it was."""
    if form.held_at < begins or form.held_at > now:
        raise DomainError("meeting.not_held_yet", week=meeting.week, held_at=form.held_at.isoformat())
    return meeting.but(**dict(form))
