"""Consumers: events of dispatch about work orders and of intake about words and policies, and their handlers."""

from functools import partial

from aftersales.common.catalogues import copy_entry
from aftersales.common.events.dispatch import (
    DispatchHeartbeat,
    OrderCancelled,
    PartNeeded,
    PlanWithdrawn,
    RepairCompleted,
    TechnicianAssigned,
)
from aftersales.common.events.intake import (
    CatalogueChanged,
    CustomerErased,
    DesignChanged,
    PersonChanged,
    PolicyPublished,
)
from aftersales.common.events.inventory import InventoryHeartbeat
from aftersales.common.heartbeat import BEAT, pass_on
from aftersales.common.policies import copy_policy
from aftersales.common.privacy.erasure import begin_erasure
from aftersales.common.sign_in.accounts import follow_person
from aftersales.common.terms import CatalogueName
from aftersales.engine import Consumer, HeartbeatState, UnitOfWork, consume_event, use_case

from .slips import handlers as slips

WORDS: tuple[CatalogueName, ...] = ("lines", "faults")
"""The catalogues of which inventory keeps a copy."""


def build_consumers() -> tuple[Consumer, ...]:
    return (
        consume_event(TechnicianAssigned, slips.open_slip),
        consume_event(PartNeeded, slips.add_part),
        consume_event(RepairCompleted, slips.close_slip),
        consume_event(OrderCancelled, slips.cancel_slip),
        consume_event(PlanWithdrawn, slips.withdraw_plan),
        consume_event(CatalogueChanged, partial(copy_entry, copied=WORDS)),
        consume_event(DesignChanged, slips.follow_design),
        consume_event(CustomerErased, begin_erasure),
        consume_event(PersonChanged, follow_person),
        consume_event(PolicyPublished, copy_policy),
        consume_event(DispatchHeartbeat, _pass_heartbeat_on),
    )


@use_case(preload=lambda: ((HeartbeatState, BEAT),))
async def _pass_heartbeat_on(work: UnitOfWork, event: DispatchHeartbeat) -> None:
    if beat := pass_on(await work.get(HeartbeatState, BEAT), event.started_at, InventoryHeartbeat):
        state, events = beat
        work.put(state, *events)
