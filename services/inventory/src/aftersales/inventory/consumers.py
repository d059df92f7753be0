"""Events in: what dispatch says about a work order, and who deals with it."""

from aftersales.common.events.dispatch import (
    DispatchHeartbeat,
    OrderCancelled,
    PartNeeded,
    RepairCompleted,
    TechnicianAssigned,
)
from aftersales.common.events.intake import PolicyPublished
from aftersales.common.events.inventory import InventoryHeartbeat
from aftersales.common.heartbeat import BEAT, pass_on
from aftersales.common.policies import keep_policy
from aftersales.engine import Consumer, Heartbeat, Work, on, use_case

from .slips import handlers as slips


def consumers() -> tuple[Consumer, ...]:
    return (
        on(TechnicianAssigned, slips.open_slip),
        on(PartNeeded, slips.add_part),
        on(RepairCompleted, slips.close_slip),
        on(OrderCancelled, slips.cancel_slip),
        on(PolicyPublished, keep_policy),
        on(DispatchHeartbeat, _pass_heartbeat_on),
    )


@use_case(preload=lambda: ((Heartbeat, BEAT),))
async def _pass_heartbeat_on(work: Work, event: DispatchHeartbeat) -> None:
    if beat := pass_on(await work.get(Heartbeat, BEAT), event.started_at, InventoryHeartbeat):
        state, events = beat
        work.put(state, *events)
