"""Consumers: every milestone and result of a request, policies, branches' hours, and the end of the heartbeat."""

from collections.abc import Awaitable, Callable
from functools import partial

from aftersales.common.events.dispatch import RepairCompleted
from aftersales.common.events.feedback import PRODUCES
from aftersales.common.events.intake import (
    BranchRegistered,
    ComplaintReceived,
    CustomerErased,
    PersonChanged,
    PolicyPublished,
    RepeatRepairFound,
    RequestCancelled,
    RequestClosed,
    RequestCorrected,
    RequestRegistered,
)
from aftersales.common.events.inventory import InventoryHeartbeat
from aftersales.common.heartbeat import BEAT, pass_on
from aftersales.common.policies import copy_policy
from aftersales.common.privacy.erasure import begin_erasure
from aftersales.common.sign_in.accounts import follow_person
from aftersales.engine import Consumer, Event, HeartbeatState, PolicyCatalogue, UnitOfWork, consume_event, use_case

from .claims import handlers as claims
from .followups import handlers as followups
from .followups.domain import Usual
from .kpis import handlers as kpis
from .results import handlers as results
from .timelines import handlers as timelines
from .timelines.domain import MILESTONES


def build_consumers(catalogue: PolicyCatalogue, usual: Usual) -> tuple[Consumer, ...]:
    """Return the consumers. This service's own milestones are recorded when they are made."""
    concerned: dict[type[Event], Callable[..., Awaitable[None]]] = {
        RequestRegistered: results.note_facts,
        RequestCorrected: results.note_facts,
        RepeatRepairFound: claims.take_repeat_repair,
        RequestClosed: results.note_close,
        ComplaintReceived: results.note_complaint,
    }
    others = [kind for kind in MILESTONES if kind not in {*PRODUCES, *concerned, RepairCompleted, RequestCancelled}]
    return (
        *(consume_event(kind, timelines.note_milestone) for kind in others),
        *(consume_event(kind, partial(handle, catalogue=catalogue)) for kind, handle in concerned.items()),
        consume_event(RequestCancelled, results.note_cancellation),
        consume_event(RepairCompleted, partial(followups.schedule_followup, catalogue=catalogue, usual=usual)),
        consume_event(BranchRegistered, kpis.follow_branch),
        consume_event(CustomerErased, begin_erasure),
        consume_event(PersonChanged, follow_person),
        consume_event(PolicyPublished, copy_policy),
        consume_event(InventoryHeartbeat, _note_beat),
    )


@use_case(preload=lambda: ((HeartbeatState, BEAT),))
async def _note_beat(work: UnitOfWork, event: InventoryHeartbeat) -> None:
    """Record the heartbeat, whose chain ends here."""
    seen = pass_on(await work.get(HeartbeatState, BEAT), event.started_at)
    if seen:
        work.put(seen[0])
