"""Time in: the heartbeat, clocks, digests, notices that are due, reminders, searches that go on."""

from datetime import UTC, datetime, timedelta
from functools import partial

from aftersales.common.branch_hours import Mover, walk
from aftersales.common.events.intake import IntakeHeartbeat
from aftersales.common.heartbeat import pass_on
from aftersales.engine import BranchHours, Heartbeat, Library, Timer, Work, wakes

from .agreements import handlers as agreements
from .agreements.domain.contract import Contract
from .agreements.domain.entitlement import Entitlement
from .classification.store import packaged_rules
from .network.store import roles
from .office import handlers as office
from .office.domain.digest import Digest
from .office.domain.handover import ShiftHandover
from .office.domain.notice import Notice
from .recalls import handlers as recalls
from .recalls.domain import Recall
from .requests.domain.request import ServiceRequest
from .requests.handlers import requests
from .settings import Settings

SEEDS = (Heartbeat(wake_at=datetime.fromtimestamp(0, UTC)), packaged_rules(), *roles())
"""The first beat is due at once; rules and roles are planted where they are missing."""


def timers(settings: Settings, library: Library) -> tuple[Timer, ...]:
    movers = (
        Mover(ServiceRequest, partial(requests.change_hours, library=library)),
        Mover(ShiftHandover, partial(office.change_hours, library=library)),
    )
    return (
        wakes(BranchHours, partial(walk, movers=movers)),
        wakes(Heartbeat, partial(beat, every=settings.heartbeat_every)),
        wakes(Contract, agreements.wake_contract),
        wakes(Entitlement, agreements.wake_entitlement),
        wakes(Recall, recalls.search_archive),
        wakes(Digest, office.close_hour),
        wakes(ServiceRequest, requests.wake_request),
        wakes(Notice, office.wake_notice),
        wakes(ShiftHandover, office.wake_handover),
    )


async def beat(work: Work, key: str, every: timedelta) -> None:
    """Send the first beat of the chain through all four services."""
    heartbeat = await work.need(Heartbeat, key)
    due = heartbeat.wake_at and heartbeat.wake_at <= work.now
    if due and (beaten := pass_on(heartbeat, work.now, IntakeHeartbeat)):
        seen, news = beaten
        work.put(seen.but(wake_at=work.now + every), *news)
