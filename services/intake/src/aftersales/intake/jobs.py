"""Time in: the heartbeat that shows whether the pipe through all services is open."""

from datetime import UTC, datetime
from functools import partial

from aftersales.common.heartbeat import Heartbeat
from aftersales.common.timers import Timer, wakes

from .domain.digest import Digest
from .domain.request import ServiceRequest
from .handlers import digests, heartbeat, requests
from .settings import Settings

SEEDS = (Heartbeat(wake_at=datetime.fromtimestamp(0, UTC)),)
"""The first beat is due at once."""


def timers(settings: Settings) -> tuple[Timer, ...]:
    return (
        wakes(Heartbeat, partial(heartbeat.beat, every=settings.heartbeat_every)),
        wakes(Digest, digests.close_hour),
        wakes(ServiceRequest, requests.wake_request),
    )
