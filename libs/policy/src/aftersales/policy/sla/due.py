"""The next deadline of an item among all its clocks, for lists and boards (ALL-3). Pure."""

from datetime import UTC, datetime
from typing import NamedTuple

from aftersales.policy.sla import Clocks

_NEVER = datetime.max.replace(tzinfo=UTC)


class DueAt(NamedTuple):
    """The stage that is due first, its deadline, and the time from which it is at risk; no times while it is paused."""

    stage: str | None = None
    due_at: datetime | None = None
    at_risk_at: datetime | None = None


def next_due(clocks: Clocks) -> DueAt:
    """Return the earliest deadline among clocks whose work is not done, including breached ones."""
    waiting = [clock for clock in clocks if clock.ended_at is None]
    first = min(waiting, key=lambda clock: clock.deadline or _NEVER, default=None)
    return DueAt(first.stage, first.deadline, first.warn_at) if first else DueAt()
