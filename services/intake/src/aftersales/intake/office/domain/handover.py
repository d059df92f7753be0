"""Shift handover (ALL-7): the next shift settles or takes over every open request by noon."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Annotated, ClassVar, Literal, NamedTuple

from pydantic import Field, model_validator

from aftersales.common.aggregate import Aggregate
from aftersales.common.events import Event
from aftersales.common.fields import shared_fields
from aftersales.common.sla_events import INTAKE_MARKS, Duty
from aftersales.intake.network.domain import Person
from aftersales.intake.requests.domain.request import Ground
from aftersales.policy import sla
from aftersales.policy.model.stages import KnownStage
from aftersales.policy.sla import ChangeNote, stages
from aftersales.policy.sla.stages import Situation, reach_milestone, stop_stage
from aftersales.values import Code, Line, Moment, Value
from aftersales.values.errors import DomainError

MOST_LINES = 2000
"""The most lines; a shift has a few hundred, and each line rewrites the whole document."""
HANDOVER: KnownStage = "handover"
AROUND = timedelta(days=1)
"""The most time between now and the end of a shift."""


class LineNote(Value):
    request: Code
    """The number of the request."""
    note: Line
    """A note for the next shift."""


class HandoverForm(Value):
    """The shift that ends, and who comes next: a person, or the people with a role in the branch."""

    branch: Code
    """The code of the branch."""
    shift: Line
    """The name of the shift that ends."""
    ends_at: Moment
    """The end of that shift, at most a day from now."""
    from_person: Code
    """The code of the person who hands over."""
    only_own: bool = False
    """True: only requests that `from_person` owns; else all open ones of the branch."""
    to_person: Code | None = None
    """The code of the person who takes over; either this or `to_role`."""
    to_role: Code | None = None
    """The role of the people of the branch who take over."""
    notes: Annotated[tuple[LineNote, ...], Field(max_length=MOST_LINES)] = ()
    """Notes on single requests."""

    @model_validator(mode="after")
    def _to_one(self) -> "HandoverForm":
        if (self.to_person is None) == (self.to_role is None):
            raise ValueError("handover.to_person_or_role")
        return self


class Settle(Value):
    note: Line
    """What became of the request."""


class OpenRequest(NamedTuple):
    number: str
    state: str
    owner: str


class Closing(NamedTuple):
    """The outcome of a line."""

    outcome: Literal["taken", "settled"]
    by: str
    at: datetime
    remark: str = ""


class HandoverLine(Value):
    """A request as it was at the end of the shift, and what the next shift did with it."""

    request: str
    state: str
    owner: str
    note: str = ""
    outcome: Literal["open", "taken", "settled"] = "open"
    by: str | None = None
    at: datetime | None = None
    remark: str = ""


class ShiftHandover(Aggregate):
    """The list from one shift to the next; its id is its number (`SH-…`)."""

    COLLECTION: ClassVar[str] = "handovers"

    shift: str
    ends_at: datetime
    from_person: str
    to_person: str | None
    to_role: str | None
    lines: tuple[HandoverLine, ...]
    open: bool
    """Whether a line is neither settled nor taken over."""
    due_at: datetime | None
    """None when nothing is open or the policy promises nothing."""
    listed_at: datetime

    @property
    def left(self) -> tuple[str, ...]:
        return tuple(line.request for line in self.lines if line.outcome == "open")


HandoverDecision = tuple[ShiftHandover, tuple[Event, ...]]


def hand_over(
    number: str, form: HandoverForm, ground: Ground, requests: Sequence[OpenRequest], now: datetime
) -> ShiftHandover:
    """List the open requests. The clock runs from the end of the shift to the deadline of the branch's policy."""
    if abs(form.ends_at - now) > AROUND:
        raise DomainError("handover.another_day", ends_at=form.ends_at.isoformat())
    if len(requests) > MOST_LINES:
        raise DomainError("handover.too_many_lines", most=MOST_LINES)
    notes = {note.request: note.note for note in form.notes}
    if strangers := sorted(notes.keys() - {request.number for request in requests}):
        raise DomainError("handover.note_without_line", request=strangers[0])
    lines = tuple(
        HandoverLine(request=one.number, state=one.state, owner=one.owner, note=notes.get(one.number, ""))
        for one in requests
    )
    there = Situation(ground.policy, ground.calendar, priority=4)
    clocks = reach_milestone((), "shift_ended", form.ends_at, (HANDOVER,), there) if lines else ()
    return ShiftHandover(
        id=number,
        **shared_fields(form, ShiftHandover) | {"branch": ground.branch.id},
        lines=lines,
        open=bool(lines),
        due_at=clocks[0].deadline if clocks else None,
        listed_at=now,
        clocks=clocks,
        wake_at=sla.next_wake(clocks),
    )


def close_line(handover: ShiftHandover, request: str, closing: Closing, person: Person | None) -> HandoverDecision:
    """Take a line over or settle it, as a member of the next shift; the last line stops the clock."""
    _must_be_next(handover, closing.by, person)
    line = next((line for line in handover.lines if line.request == request), None)
    if line is None:
        raise DomainError("handover.no_such_line", handover=handover.id, request=request)
    if line.outcome != "open":
        raise DomainError("handover.line_closed", handover=handover.id, request=request, by=line.by)
    closed = line.model_copy(update=closing._asdict())
    lines = tuple(closed if one is line else one for one in handover.lines)
    done = handover.but(lines=lines, clocks=sla.tick_clocks(handover.clocks, closing.at))
    if not done.left:
        done = done.but(open=False, clocks=stop_stage(done.clocks, HANDOVER, closing.at))
    return _settled(handover, done, closing.at)


def tick_handover(handover: ShiftHandover, now: datetime) -> HandoverDecision:
    """Update the clock to now, and report passed thresholds with the open lines."""
    return _settled(handover, handover.but(clocks=sla.tick_clocks(handover.clocks, now)), now)


def change_handover_hours(handover: ShiftHandover, ground: Ground, said: ChangeNote, now: datetime) -> HandoverDecision:
    """Apply the branch's new hours; the next shift may have another noon (ALL-3)."""
    there = Situation(ground.policy, ground.calendar, priority=4)
    moved = handover.but(clocks=stages.change_hours(handover.clocks, there, said))
    return _settled(handover, moved.but(due_at=moved.clocks[0].deadline), now)


def _must_be_next(handover: ShiftHandover, by: str, person: Person | None) -> None:
    if handover.to_person is not None and by == handover.to_person:
        return
    if handover.to_role and person and handover.to_role in person.roles and person.branch == handover.branch:
        return
    next_shift = handover.to_person or handover.to_role
    raise DomainError("handover.for_somebody_else", handover=handover.id, to=next_shift)


def _settled(before: ShiftHandover, after: ShiftHandover, now: datetime) -> HandoverDecision:
    """Set the timer, and report passed thresholds with the lines open before."""
    owner = before.to_person or f"{before.to_role}@{before.branch}"
    passed = INTAKE_MARKS.passed(before, after, now, request="", duty=Duty(owner))
    events = tuple(mark.model_copy(update={"left": before.left}) for mark in passed)
    return after.but(wake_at=sla.next_wake(after.clocks)), events
