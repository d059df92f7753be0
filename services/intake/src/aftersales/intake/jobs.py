"""Timers: heartbeat, clocks, digests, due notices, reminders and archive searches."""

from datetime import UTC, datetime, timedelta
from functools import partial

from aftersales.common.branch_hours import Mover, move_page
from aftersales.common.events.intake import IntakeHeartbeat
from aftersales.common.heartbeat import pass_on
from aftersales.engine import BranchHours, HeartbeatState, PolicyCatalogue, Timer, UnitOfWork, wake_with

from .agreements import handlers as agreements
from .agreements.domain.contract import Contract
from .agreements.domain.entitlement import Entitlement
from .archive import handlers as archive
from .archive.domain.search import SEARCH_RULES, SearchUpgrade
from .catalogues.domain import CatalogueAnnouncement
from .catalogues.handlers import announce_catalogues
from .catalogues.store import packaged_catalogues
from .classification.store import packaged_rules
from .messages import handlers as messages
from .messages.domain.message import CustomerMessage
from .network.store import packaged_roles
from .office import handlers as office
from .office.domain.digest import Digest
from .office.domain.handover import ShiftHandover
from .office.domain.notice import Notice
from .public import handlers as public
from .public.domain.complaint import PublicComplaint
from .recalls import handlers as recalls
from .recalls.domain import Recall, RecallCase
from .requests.domain.request import ServiceRequest
from .requests.handlers import requests
from .settings import Settings

SEEDS = (
    HeartbeatState(wake_at=datetime.fromtimestamp(0, UTC)),
    SearchUpgrade(id=SEARCH_RULES, branch="-", wake_at=datetime.fromtimestamp(0, UTC)),
    packaged_rules(),
    *packaged_roles(),
    *packaged_catalogues(),
)
"""The first heartbeat and an upgrade of the search are due immediately; rules, roles and catalogues are inserted."""


def build_timers(settings: Settings, catalogue: PolicyCatalogue) -> tuple[Timer, ...]:
    movers = (
        Mover(ServiceRequest, partial(requests.change_request_hours, catalogue=catalogue)),
        Mover(ShiftHandover, partial(office.change_handover_hours, catalogue=catalogue)),
        Mover(PublicComplaint, partial(public.change_complaint_hours, catalogue=catalogue, zone=settings.zone)),
    )
    return (
        wake_with(BranchHours, partial(move_page, movers=movers)),
        wake_with(HeartbeatState, partial(send_heartbeat, every=settings.heartbeat_every)),
        wake_with(CatalogueAnnouncement, announce_catalogues),
        wake_with(SearchUpgrade, archive.upgrade_search),
        wake_with(Contract, agreements.wake_contract),
        wake_with(Entitlement, agreements.wake_entitlement),
        wake_with(Recall, recalls.search_archive),
        wake_with(RecallCase, messages.tell_of_recall),
        wake_with(
            CustomerMessage, partial(messages.plan_message, catalogue=catalogue, gateways=tuple(settings.gateways))
        ),
        wake_with(Digest, office.send_digest),
        wake_with(ServiceRequest, requests.wake_request),
        wake_with(Notice, office.wake_notice),
        wake_with(PublicComplaint, partial(public.wake_complaint, catalogue=catalogue, zone=settings.zone)),
        wake_with(ShiftHandover, office.wake_handover),
    )


async def send_heartbeat(work: UnitOfWork, key: str, every: timedelta) -> None:
    """Send the first heartbeat of the chain through all four services."""
    heartbeat = await work.require(HeartbeatState, key)
    due = heartbeat.wake_at and heartbeat.wake_at <= work.now
    if due and (beaten := pass_on(heartbeat, work.now, IntakeHeartbeat)):
        seen, events = beaten
        work.put(seen.but(wake_at=work.now + every), *events)
