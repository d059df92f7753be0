"""Timers whose handler fails: when each is tried again, and how it becomes a dead letter."""

from datetime import datetime, timedelta
from typing import ClassVar

from aftersales.common.aggregate import Aggregate
from aftersales.common.dead_letters import StoredDeadLetter, dead_letter_id
from aftersales.common.mongo import Index
from aftersales.values.errors import DomainError

TIMER_ATTEMPTS = 8
"""How often a handler may fail in a row before its timer becomes a dead letter, within eleven minutes."""
_FIRST_PAUSE, LONGEST_PAUSE = timedelta(seconds=5), timedelta(minutes=10)
GRACE = timedelta(minutes=1)
"""A timer that has not failed within this time after its next attempt was due has succeeded."""


class FailingTimer(Aggregate):
    """A timer that failed in its last attempt; deleted an hour after its next attempt is due."""

    COLLECTION: ClassVar[str] = "failing_timers"
    AUDITED: ClassVar[bool] = False

    branch: str = "-"
    kind: str
    """The collection of the document whose timer it is."""
    tries: int = 0
    first_at: datetime
    again_at: datetime


INDEXES = (Index("again_at", ttl=timedelta(hours=1)),)


def failing_id(kind: type[Aggregate], id: str) -> str:
    """Return the name of a timer's document, such as `orders/WO-261123-0001`."""
    return f"{kind.COLLECTION}/{id}"


def first_failure(kind: type[Aggregate], id: str, now: datetime) -> FailingTimer:
    return FailingTimer(id=failing_id(kind, id), kind=kind.COLLECTION, first_at=now, again_at=now)


def failed_again(known: FailingTimer, due: datetime, now: datetime) -> FailingTimer:
    """Count one more failure, and set the next attempt: after 5 s, 10 s, 20 s and so on.

    `due` is when the timer was due; if it differs from the time set here, the document has changed in between.
    """
    if due != known.again_at:
        known = known.but(tries=0, first_at=now)
    pause = min(_FIRST_PAUSE * (1 << known.tries), LONGEST_PAUSE)
    return known.but(tries=known.tries + 1, again_at=now + pause)


def make_dead_letter(failing: FailingTimer, error: Exception, now: datetime) -> StoredDeadLetter:
    """Return the dead letter: its event id is the document, its event type the kind of timer."""
    return StoredDeadLetter(
        id=dead_letter_id(failing.id, b""),
        queue="",
        event_id=failing.id,
        event_type=f"timer.{failing.kind}",
        reason=error.code if isinstance(error, DomainError) else type(error).__name__,
        params=error.params if isinstance(error, DomainError) else {"error": str(error)[:500]},
        attempts=failing.tries,
        first_at=failing.first_at,
        last_at=now,
        body=b"",
        timer=failing.kind,
    )
