"""Time in: the heartbeat that shows whether the pipe through all services is open, clocks, reminders, searches."""

from datetime import UTC, datetime
from functools import partial

from aftersales.common.heartbeat import Heartbeat
from aftersales.common.timers import Timer, wakes

from .domain.contract import Contract
from .domain.digest import Digest
from .domain.entitlement import Entitlement
from .domain.recall import Recall
from .domain.request import ServiceRequest
from .handlers import contracts, digests, entitlements, heartbeat, recalls, requests
from .settings import Settings

SEEDS = (Heartbeat(wake_at=datetime.fromtimestamp(0, UTC)),)
"""The first beat is due at once."""


def timers(settings: Settings) -> tuple[Timer, ...]:
    return (
        wakes(Heartbeat, partial(heartbeat.beat, every=settings.heartbeat_every)),
        wakes(Contract, contracts.wake_contract),
        wakes(Entitlement, entitlements.wake_entitlement),
        wakes(Recall, recalls.search_archive),
        wakes(Digest, digests.close_hour),
        wakes(ServiceRequest, requests.wake_request),
    )
