"""What a clock is: its terms, and its ledger of pauses, new targets and marks that were passed. Pure."""

from datetime import datetime, timedelta
from typing import Annotated, Literal, NamedTuple

from pydantic import PlainSerializer, WithJsonSchema

from aftersales.policy.calendars import Calendar
from aftersales.values import Value

ClockOutcome = Literal["open", "met", "breached", "waived"]
Seconds = Annotated[timedelta, PlainSerializer(timedelta.total_seconds), WithJsonSchema({"type": "number"})]
"""A duration: stored and sent as a number of seconds, and described so in every schema."""
BREACH = "breach"
NONE = timedelta(0)


class LadderStep(Value):
    """A step of the ladder: who hears of a breach, and how much later (of used time)."""

    role: str
    after: Seconds = NONE


class Terms(Value):
    """What a stage promises. A clock keeps the terms it was started with, whatever becomes of the policy."""

    target: Seconds
    calendar: Calendar | None = None
    """None: round the clock."""
    pauses: tuple[str, ...] = ()
    """The reasons that stop this clock."""
    warn_at: tuple[float, ...] = (0.8,)
    """Shares of the target, ascending."""
    ladder: tuple[LadderStep, ...] = ()
    policy: str = ""
    """Where this comes from, such as `e-bike@3`."""
    until: datetime | None = None
    """The moment on the wall that the target leads to, where one was due or agreed; only pauses move it."""
    agreed: bool = False
    """`until` was agreed with the customer: only another agreement changes it."""


class Pause(Value):
    """An interval that does not count: why, and whose time it is."""

    reason: str
    owner: str
    since: datetime
    until: datetime | None = None


class Retarget(Value):
    """A promise that was changed while it ran: from which target and calendar, when, why and by whom."""

    at: datetime
    target: Seconds
    why: str
    by: str
    calendar: Calendar | Literal["same"] | None = "same"
    """The calendar that counted until then; None: round the clock; `same`: the one that counts after it, too."""


class Fired(Value):
    """A mark that has been passed, and when it was due."""

    mark: str
    at: datetime


class SlaClock(Value):
    """One promise. It is in exactly one outcome; once that is not `open` it stays as it is.

    `ended_at` is when the work was done (a breached clock may still be waiting for it). Where word of work that was
    in time comes only after its breach was told, the breach stands: it was told, and counted.
    """

    key: str
    stage: str
    terms: Terms
    started_at: datetime
    deadline: datetime | None
    """None while it is paused: nobody knows it then."""
    warn_at: datetime | None = None
    """When it is at risk: the last warning's moment; None while paused, or where there is no warning."""
    wake_at: datetime | None = None
    """When the next mark is due; None when there is none."""
    pauses: tuple[Pause, ...] = ()
    retargets: tuple[Retarget, ...] = ()
    fired: tuple[Fired, ...] = ()
    outcome: ClockOutcome = "open"
    ended_at: datetime | None = None
    waived_by: str = ""
    waived_for: str = ""

    @property
    def paused(self) -> bool:
        return self.ended_at is None and any(pause.until is None for pause in self.pauses)

    def has_fired(self, mark: str) -> bool:
        return any(fired.mark == mark for fired in self.fired)


Clocks = tuple[SlaClock, ...]


class ChangeNote(NamedTuple):
    """Who changed a promise, when, and why."""

    at: datetime
    by: str
    why: str


class ThresholdPassed(NamedTuple):
    """A mark that a change has passed: `breach`, a share of the target such as `80%`, or the role of a level."""

    kind: Literal["warned", "breached", "escalated"]
    clock: SlaClock
    mark: str
