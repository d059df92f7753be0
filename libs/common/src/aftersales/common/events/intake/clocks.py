"""Heartbeats, deadlines, and messages about them (ALL-3)."""

from datetime import datetime

from aftersales.common import events
from aftersales.common.events import Event, Part


class IntakeHeartbeat(events.Heartbeat):
    """The first heartbeat, sent by intake's timer."""

    TYPE = "intake.heartbeat.v1"


class IntakeSlaWarned(events.SlaMark):
    """A stage has used 50 % or 80 % of its time, or another share that its policy sets (ALL-3)."""

    TYPE = "intake.sla_warned.v1"
    left: tuple[str, ...] = ()
    """Only for a shift handover, where `request` is empty: the requests neither settled nor taken over (ALL-7)."""


class IntakeSlaBreached(events.SlaMark):
    """A stage passed its deadline (ALL-3)."""

    TYPE = "intake.sla_breached.v1"
    left: tuple[str, ...] = ()
    """Only for a shift handover, where `request` is empty: the requests neither settled nor taken over (ALL-7)."""


class IntakeSlaEscalated(events.SlaMark):
    """A breach was escalated to the next level of its ladder (ALL-3)."""

    TYPE = "intake.sla_escalated.v1"


class IntakeSlaWithdrawn(events.SlaMark):
    """A breach, or its escalation, was withdrawn: the work was done or paused before, and reported after it (ALL-3)."""

    TYPE = "intake.sla_withdrawn.v1"


class DigestItem(Part):
    """One mark that a clock passed."""

    subject: str
    request: str
    stage: str
    kind: str
    """`warned`, `breached`, `escalated`, or `withdrawn` if it was not late after all."""
    deadline: datetime
    mark: str = ""
    """The share of the time that was used (`50%`), `breach`, or the role that is told."""
    mover: str = ""
    """Whose move it is: a person, a role or a branch."""


class SlaDigest(Event):
    """One owner's marks of an hour; a few digests, however many marks there are (ALL-3)."""

    TYPE = "intake.sla_digest.v1"
    owner: str
    """A person's code, a branch's, or a role at a branch such as `supervisor@BJ01`."""
    branch: str
    hour: datetime
    warned: int
    breached: int
    escalated: int
    items: tuple[DigestItem, ...]
    """At most fifty, the worst first; one for each promise."""
    withdrawn: int = 0
    """Breaches and escalations that turned out to be none, because the work was done in time and reported late."""
    new: int
    """The number of marks since the previous message."""
