"""The weekly meeting of a branch (ALL-8): an agenda of the week's cases that fits into its hour, and minutes."""

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
"""Topics, in the order in which they alternate on the agenda."""
TOPICS: tuple[Topic, ...] = ("complaint", "reopened", "repeated_fault", "frequent_fault")


class MeetingPolicy(Value):
    """The length of a meeting and of its items."""

    length: timedelta
    minutes: Mapping[Topic, int]
    """The minutes for one case of each topic."""


class AgendaCase(Value):
    """A case of the week to discuss."""

    topic: Topic
    subject: str
    """The number of the request, or the code of the fault."""
    fault: str
    count: int = 1
    """How often the fault occurred in that week."""


class AgendaItem(AgendaCase):
    minutes: int


class MeetingDecision(Value):
    what: Line
    """The decision."""
    who: Code
    """The code of the person who does it."""
    until: Day | None = None
    """The last day."""
    subject: Code | None = None
    """The case that the decision is about."""


class Presence(Value):
    person: Code
    """The code of the person."""
    status: Literal["present", "absent", "excused"]
    """`excused`: absent with a reason."""


class MinutesForm(Value):
    """The result of the meeting."""

    held_at: Moment
    """The beginning of the meeting."""
    chair: Code
    """The code of the person who led it."""
    attendance: Annotated[tuple[Presence, ...], Field(max_length=500)] = ()
    """The people who were present, absent or excused."""
    minutes: Words = ""
    """The text of the minutes."""
    decisions: Annotated[tuple[MeetingDecision, ...], Field(max_length=100)] = ()
    """The decision."""


class Meeting(Aggregate):
    """The meeting about one week of a branch; its id is `<branch>|<week>`. Without `held_at` it is a proposal."""

    COLLECTION: ClassVar[str] = "meetings"

    week: str
    agenda: tuple[AgendaItem, ...]
    left_out: int = 0
    """The number of cases that did not fit."""
    held_at: datetime | None = None
    chair: str | None = None
    attendance: tuple[Presence, ...] = ()
    minutes: str = ""
    decisions: tuple[MeetingDecision, ...] = ()


def meeting_id(branch: str, week: str) -> str:
    return f"{branch}|{week}"


def week_span(week: str, branch: Branch) -> tuple[datetime, datetime]:
    """Return the week from Monday's local midnight to the next. Raises `Malformed` for a week that the year lacks."""
    year, number = week.split("-W")
    try:
        monday = date.fromisocalendar(int(year), int(number), 1)
    except ValueError as error:
        raise Malformed("week.unknown", week=week) from error
    midnight = datetime.combine(monday, time(), ZoneInfo(branch.zone))
    return midnight, midnight + timedelta(days=7)


def propose_agenda(branch: str, week: str, cases: Sequence[AgendaCase], policy: MeetingPolicy) -> Meeting:
    """Take cases of each topic in turn until the meeting is full, so that no topic crowds out others.

    `cases` are in order of weight within each topic. Cases that do not fit are counted; a shorter one may still follow.
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
    """Record the minutes; corrections leave the agenda as it was."""
    if form.held_at < begins or form.held_at > now:
        raise DomainError("meeting.not_held_yet", week=meeting.week, held_at=form.held_at.isoformat())
    return meeting.but(**dict(form))
