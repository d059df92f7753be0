"""Consumers: events of intake and inventory, and their handlers."""

from functools import partial

from aftersales.common import branch_hours
from aftersales.common.catalogues import copy_entry
from aftersales.common.events.dispatch import DispatchHeartbeat
from aftersales.common.events.intake import (
    BranchRegistered,
    CatalogueChanged,
    CoverageDecided,
    CustomerErased,
    IntakeHeartbeat,
    PersonChanged,
    PolicyPublished,
    QuotationAccepted,
    RequestCancelled,
    RequestContacted,
    RequestCorrected,
    RequestRegistered,
    RequestReopened,
    RequestReprioritised,
)
from aftersales.common.events.inventory import PartReserved, PartShort
from aftersales.common.heartbeat import BEAT, pass_on
from aftersales.common.policies import copy_policy
from aftersales.common.privacy.erasure import begin_erasure
from aftersales.common.sign_in.accounts import follow_person
from aftersales.common.terms import CatalogueName
from aftersales.engine import Consumer, HeartbeatState, UnitOfWork, consume_event, use_case

from .orders import handlers as orders
from .orders.store import Rules

WORDS: tuple[CatalogueName, ...] = ("lines",)
"""The catalogues of which dispatch keeps a copy."""


def build_consumers(rules: Rules) -> tuple[Consumer, ...]:
    hear_of_parts = partial(orders.hear_of_parts, rules=rules)
    return (
        consume_event(RequestRegistered, partial(orders.open_order, rules=rules)),
        consume_event(RequestCorrected, partial(orders.correct_order, rules=rules)),
        consume_event(RequestContacted, orders.hear_of_contact),
        consume_event(RequestCancelled, orders.cancel_order),
        consume_event(RequestReopened, partial(orders.reopen_order, rules=rules)),
        consume_event(RequestReprioritised, partial(orders.reprioritise_order, rules=rules)),
        consume_event(CoverageDecided, orders.hear_of_coverage),
        consume_event(QuotationAccepted, orders.hear_of_quotation),
        consume_event(PartReserved, hear_of_parts),
        consume_event(PartShort, hear_of_parts),
        consume_event(BranchRegistered, branch_hours.follow_hours),
        consume_event(CatalogueChanged, partial(copy_entry, copied=WORDS)),
        consume_event(CustomerErased, begin_erasure),
        consume_event(PersonChanged, follow_person),
        consume_event(PolicyPublished, copy_policy),
        consume_event(IntakeHeartbeat, _pass_heartbeat_on),
    )


@use_case(preload=lambda: ((HeartbeatState, BEAT),))
async def _pass_heartbeat_on(work: UnitOfWork, event: IntakeHeartbeat) -> None:
    if beat := pass_on(await work.get(HeartbeatState, BEAT), event.started_at, DispatchHeartbeat):
        state, events = beat
        work.put(state, *events)
