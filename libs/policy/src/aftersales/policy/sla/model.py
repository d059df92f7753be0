"""The data of a clock: its terms, and its ledger of pauses, retargets and passed thresholds. Pure."""

from datetime import datetime, timedelta
from typing import Annotated, Literal, NamedTuple

from pydantic import PlainSerializer, WithJsonSchema

from aftersales.policy.calendars import Calendar
from aftersales.values import Value

ClockOutcome = Literal["open", "met", "breached", "waived"]
Seconds = Annotated[timedelta, PlainSerializer(timedelta.total_seconds), WithJsonSchema({"type": "number"})]
"""A duration that is stored, sent and described in every schema as a number of seconds."""
BREACH = "breach"
NONE = timedelta(0)


class LadderStep(Value):
    """A step of the ladder: the role that is told of a breach, and how much used time later."""

    role: str
    after: Seconds = NONE


class Terms(Value):
    """The promise of a stage. A clock keeps the terms with which it was started, even if the policy changes."""

    target: Seconds
    calendar: Calendar | None = None
    """None means round the clock."""
    pauses: tuple[str, ...] = ()
    """The reasons that pause this clock."""
    warn_at: tuple[float, ...] = (0.8,)
    """Shares of the target, ascending."""
    ladder: tuple[LadderStep, ...] = ()
    policy: str = ""
    """The source of the terms, such as `e-bike@3`."""
    until: datetime | None = None
    """The wall-clock deadline that gives the target, if one was due or agreed; only pauses move it."""
    agreed: bool = False
    """`until` was agreed with the customer: only another agreement changes it."""


class Pause(Value):
    """An interval that does not count, its reason, and the party that is waited for."""

    reason: str
    owner: str
    since: datetime
    until: datetime | None = None


class Retarget(Value):
    """A change of a running promise: previous target and calendar, when, why and by whom."""

    at: datetime
    target: Seconds
    why: str
    by: str
    calendar: Calendar | Literal["same"] | None = "same"
    """The calendar that counted until `at`; None means round the clock, `same` the calendar that counts afterwards."""


class Fired(Value):
    """A threshold that was passed, and when it was due."""

    mark: str
    at: datetime


class SlaClock(Value):
    """One promise with one outcome, which is final once the work is done.

    `ended_at` is when the work was done (a breached clock may still be waiting for it). If a report of timely work
    arrives after the breach was published, the breach is taken back (ADR 18); until then it counts.
    """

    key: str
    """Identifies the clock within its document: the stage, and a round if it runs again."""
    stage: str
    """The stage of the policy that it measures."""
    terms: Terms
    started_at: datetime
    """The time of its start."""
    deadline: datetime | None
    """None while the clock is paused, because the deadline is unknown then."""
    warn_at: datetime | None = None
    """Time of the last warning, from which it is at risk; None while paused, or if there is no warning."""
    wake_at: datetime | None = None
    """Time of the next threshold; None if there is none."""
    pauses: tuple[Pause, ...] = ()
    """Its pauses, the last one open while it is paused."""
    retargets: tuple[Retarget, ...] = ()
    """Changes of its deadline."""
    fired: tuple[Fired, ...] = ()
    """Warnings, breach and escalations so far."""
    taken_back: tuple[Fired, ...] = ()
    """Marks that were published, and taken back because the work was done or paused earlier, but reported later."""
    outcome: ClockOutcome = "open"
    """The result: `open` as long as it runs in time."""
    ended_at: datetime | None = None
    """The time at which the work was done."""
    waived_by: str = ""
    """The person who waived it."""
    waived_for: str = ""
    """The reason for waiving it."""

    @property
    def paused(self) -> bool:
        return self.ended_at is None and any(pause.until is None for pause in self.pauses)

    def has_fired(self, mark: str) -> bool:
        return any(fired.mark == mark for fired in self.fired)


Clocks = tuple[SlaClock, ...]


class ChangeNote(NamedTuple):
    """The person who changed a promise, the time, and the reason."""

    at: datetime
    by: str
    why: str


class ThresholdPassed(NamedTuple):
    """A threshold passed by a change: `breach`, a share of the target such as `80%`, or the role of a level.

    `withdrawn`: the change took back a breach, or the escalation to a level.
    """

    kind: Literal["warned", "breached", "escalated", "withdrawn"]
    clock: SlaClock
    mark: str
