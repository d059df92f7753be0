"""Heartbeats through all four services, which detect a blocked path. Pure."""

from collections.abc import Callable
from datetime import datetime
from typing import ClassVar

from aftersales.common import events
from aftersales.common.aggregate import Aggregate
from aftersales.common.events import Event

BEAT = "heartbeat"
"""The id of the only document."""


class HeartbeatState(Aggregate):
    """The newest heartbeat that this service has seen; the metric is its age."""

    COLLECTION: ClassVar[str] = "heartbeats"
    AUDITED: ClassVar[bool] = False

    id: str = BEAT
    branch: str = "-"
    seen_at: datetime | None = None


def pass_on(
    state: HeartbeatState | None,
    started_at: datetime,
    make_event: Callable[..., events.Heartbeat] | None = None,
) -> tuple[HeartbeatState, tuple[Event, ...]] | None:
    """Store the heartbeat and make the next event, `make_event(started_at=…)`; None if it is not newer than the last.

    The last service of the chain makes no event.
    """
    state = state or HeartbeatState()
    if state.seen_at and state.seen_at >= started_at:
        return None
    return state.but(seen_at=started_at), (make_event(started_at=started_at),) if make_event else ()
