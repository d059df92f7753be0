"""Beats, deadlines, and what people are told of them (ALL-3)."""

from datetime import datetime

from aftersales.common import events
from aftersales.common.events import Event, Part


class IntakeHeartbeat(events.Heartbeat):
    """The first beat, sent by intake's timer."""

    TYPE = "intake.heartbeat.v1"


class SlaWarned(events.SlaMark):
    """A stage has used a good part of its time: 50 % or 80 %, unless its policy says otherwise (ALL-3)."""

    TYPE = "intake.sla_warned.v1"
    left: tuple[str, ...] = ()
    """Of a shift handover, whose `request` is empty: the requests that nobody settled or took over yet (ALL-7)."""


class SlaBreached(events.SlaMark):
    """A stage's time is over (ALL-3)."""

    TYPE = "intake.sla_breached.v1"
    left: tuple[str, ...] = ()
    """Of a shift handover, whose `request` is empty: the requests that nobody settled or took over yet (ALL-7)."""


class SlaEscalated(events.SlaMark):
    """A breach climbed to the next level of its ladder (ALL-3)."""

    TYPE = "intake.sla_escalated.v1"


class DigestItem(Part):
    """One mark that a clock went past."""

    subject: str
    request: str
    stage: str
    kind: str
    """`warned`, `breached` or `escalated`."""
    deadline: datetime


class SlaDigest(Event):
    """What one owner is told of an hour: twice at most, whatever the flood (ALL-3)."""

    TYPE = "intake.sla_digest.v1"
    owner: str
    """A person's code, a branch's, or a role at a branch such as `supervisor@BJ01`."""
    branch: str
    hour: datetime
    warned: int
    breached: int
    escalated: int
    items: tuple[DigestItem, ...]
    """Fifty of them at most, the worst first."""
    new: int
    """How many have come since the message before."""
