"""Events in: what intake and inventory say, and who deals with it."""

from functools import partial

from aftersales.common import branch_hours
from aftersales.common.events.dispatch import DispatchHeartbeat
from aftersales.common.events.intake import (
    BranchRegistered,
    CoverageDecided,
    IntakeHeartbeat,
    PolicyPublished,
    QuotationAccepted,
    RequestCancelled,
    RequestRegistered,
    RequestReopened,
    RequestReprioritised,
)
from aftersales.common.events.inventory import PartReserved, PartShort
from aftersales.common.heartbeat import BEAT, pass_on
from aftersales.common.policies import keep_policy
from aftersales.engine import Consumer, Heartbeat, Work, on, use_case

from .orders import handlers as orders
from .orders.store import Rules


def consumers(rules: Rules) -> tuple[Consumer, ...]:
    hear_of_parts = partial(orders.hear_of_parts, rules=rules)
    return (
        on(RequestRegistered, partial(orders.open_order, rules=rules)),
        on(RequestCancelled, orders.cancel_order),
        on(RequestReopened, partial(orders.reopen_order, rules=rules)),
        on(RequestReprioritised, partial(orders.reprioritise, rules=rules)),
        on(CoverageDecided, orders.hear_of_coverage),
        on(QuotationAccepted, orders.hear_of_quotation),
        on(PartReserved, hear_of_parts),
        on(PartShort, hear_of_parts),
        on(BranchRegistered, branch_hours.hear_of_hours),
        on(PolicyPublished, keep_policy),
        on(IntakeHeartbeat, _pass_heartbeat_on),
    )


@use_case(preload=lambda: ((Heartbeat, BEAT),))
async def _pass_heartbeat_on(work: Work, event: IntakeHeartbeat) -> None:
    if beat := pass_on(await work.get(Heartbeat, BEAT), event.started_at, DispatchHeartbeat):
        state, events = beat
        work.put(state, *events)
