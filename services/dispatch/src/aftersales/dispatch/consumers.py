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
from aftersales.common.policies import keep_policy, needs_of
from aftersales.engine import BranchHours, Consumer, Heartbeat, Needs, Work, on
from aftersales.values import sibling

from .orders import handlers as orders
from .orders.domain.order import WorkOrder
from .orders.store import Rules
from .technicians.domain import Technician

Requested = (
    RequestRegistered | RequestCancelled | RequestReopened | RequestReprioritised | CoverageDecided | QuotationAccepted
)


def consumers(rules: Rules) -> tuple[Consumer, ...]:
    hear_of_parts = partial(orders.hear_of_parts, rules=rules)
    return (
        on(RequestRegistered, partial(orders.open_order, rules=rules), needs=_order_and_people),
        on(RequestCancelled, orders.cancel_order, needs=_order_of_request),
        on(RequestReopened, partial(orders.reopen_order, rules=rules), needs=_order_of_request),
        on(RequestReprioritised, partial(orders.reprioritise, rules=rules), needs=_order_of_request),
        on(CoverageDecided, orders.hear_of_coverage, needs=_order_of_request),
        on(QuotationAccepted, orders.hear_of_quotation, needs=_order_of_request),
        on(PartReserved, hear_of_parts, needs=_order),
        on(PartShort, hear_of_parts, needs=_order),
        on(BranchRegistered, branch_hours.hear_of_hours, needs=branch_hours.needs_of),
        on(PolicyPublished, keep_policy, needs=needs_of),
        on(IntakeHeartbeat, _pass_heartbeat_on, needs=lambda _: ((Heartbeat, BEAT),)),
    )


def _order_of_request(event: Requested) -> Needs:
    return ((WorkOrder, sibling(event.request, "WO")),)


def _order_and_people(event: RequestRegistered) -> Needs:
    return (*_order_of_request(event), (Technician, {"branch": event.branch}), (BranchHours, event.branch))


def _order(event: PartReserved | PartShort) -> Needs:
    return ((WorkOrder, event.order),)


async def _pass_heartbeat_on(work: Work, event: IntakeHeartbeat) -> None:
    if beat := pass_on(await work.get(Heartbeat, BEAT), event.started_at, DispatchHeartbeat):
        state, events = beat
        work.put(state, *events)
