"""Work orders, their indexes, and the figures for planning each of them."""

from datetime import datetime
from typing import Any, NamedTuple

from aftersales.engine import Aggregate, Index, PolicyCatalogue, Retained, UnitOfWork
from aftersales.policy.choose import Facts
from aftersales.policy.model import Policy as ServicePolicy

from .domain.order import ENDED, Figures, OrderPolicy, WorkOrder

INDEXES: dict[type[Aggregate], tuple[Index, ...]] = {
    WorkOrder: (
        Index("branch", "state", "-_id"),
        Index("branch", "-_id"),
        Index("state", "-_id"),
        Index("technician", "-_id"),
    ),
}


def _ended(before: datetime) -> dict[str, Any]:
    """Return the filter for orders that are completed or cancelled, and unchanged since `before`."""
    return {"state": {"$in": ENDED}, "registered_at": {"$lt": before}, "history.at": {"$not": {"$gte": before}}}


RETAINED = (Retained(WorkOrder, _ended),)


class Rules(NamedTuple):
    """The source of an order's figures: its service policy, or `usual` if that has none."""

    catalogue: PolicyCatalogue
    usual: Figures

    async def of(self, work: UnitOfWork, order: WorkOrder) -> OrderPolicy:
        facts = Facts(order.branch, order.product.line, "", "", order.registered_at.date())
        return self.figures(await self.catalogue.of(work, order.policy, facts))

    def figures(self, service: ServicePolicy) -> OrderPolicy:
        own, usual = service.appointments, self.usual
        return OrderPolicy(
            service=service,
            lead=own.lead if own else usual.lead,
            window=own.window if own else usual.window,
            shortage_delay=own.part_delay if own else usual.shortage_delay,
            retry_after=usual.retry_after,
        )
