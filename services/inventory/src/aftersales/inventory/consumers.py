"""Events in: what dispatch says about a work order, and who deals with it."""

from aftersales.common.events.dispatch import (
    DispatchHeartbeat,
    OrderCancelled,
    OrderEvent,
    PartNeeded,
    RepairCompleted,
    TechnicianAssigned,
)
from aftersales.common.events.intake import PolicyPublished
from aftersales.common.events.inventory import InventoryHeartbeat
from aftersales.common.heartbeat import BEAT, pass_on
from aftersales.common.policies import keep_policy, needs_of
from aftersales.engine import Consumer, Heartbeat, Needs, Work, on

from .parts.domain import Part, job
from .slips import handlers as slips
from .slips.domain import IssueSlip, slip_id
from .stock.domain import StockItem, stock_id


def consumers() -> tuple[Consumer, ...]:
    return (
        on(TechnicianAssigned, slips.open_slip, needs=_slip_and_parts),
        on(PartNeeded, slips.add_part, needs=lambda e: (*_slip(e), (StockItem, stock_id(e.branch, e.part)))),
        on(RepairCompleted, slips.close_slip, needs=_slip_and_stock),
        on(OrderCancelled, slips.cancel_slip, needs=_slip),
        on(PolicyPublished, keep_policy, needs=needs_of),
        on(DispatchHeartbeat, _pass_heartbeat_on, needs=lambda _: ((Heartbeat, BEAT),)),
    )


def _slip(event: OrderEvent) -> Needs:
    """Load the visit's slip, and the stock of what is on it."""
    return (
        (
            IssueSlip,
            slip_id(event.request, event.visit),
            lambda slip: [(StockItem, stock_id(slip.branch, line.part)) for line in slip.lines],
        ),
    )


def _slip_and_parts(event: TechnicianAssigned) -> Needs:
    usual = {"jobs": job(event.product.line, event.fault)}
    return (*_slip(event), (Part, usual, lambda part: ((StockItem, stock_id(event.branch, part.id)),)))


def _slip_and_stock(event: RepairCompleted) -> Needs:
    return (*_slip(event), *((StockItem, stock_id(event.branch, used.part)) for used in event.parts_used))


async def _pass_heartbeat_on(work: Work, event: DispatchHeartbeat) -> None:
    if beat := pass_on(await work.get(Heartbeat, BEAT), event.started_at, InventoryHeartbeat):
        state, events = beat
        work.put(state, *events)
