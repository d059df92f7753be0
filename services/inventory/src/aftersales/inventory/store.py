"""Inventory's documents and their indexes."""

from datetime import datetime
from typing import Any

from aftersales.common.aggregate import Aggregate
from aftersales.common.archive.retained import Retained
from aftersales.common.heartbeat import Heartbeat
from aftersales.common.mongo import Index
from aftersales.common.policies import PolicyList, PublishedPolicy
from aftersales.inventory.domain.movement import Movement
from aftersales.inventory.domain.part import Part
from aftersales.inventory.domain.slip import ENDED, IssueSlip
from aftersales.inventory.domain.stock import StockItem

INDEXES: dict[type[Aggregate], tuple[Index, ...]] = {
    Heartbeat: (),
    PolicyList: (),
    PublishedPolicy: (),
    Part: (Index("jobs"),),
    StockItem: (Index("branch", "-_id"), Index("part", "-_id")),
    IssueSlip: (Index("branch", "state", "-_id"), Index("branch", "-_id"), Index("state", "-_id")),
    Movement: (Index("part", "-_id"), Index("order", "-_id")),
}


def _slips(before: datetime) -> dict[str, Any]:
    """Slips that are used up or cancelled, by the day in their number: they hold no time of their own."""
    return {"state": {"$in": ENDED}, "_id": {"$lt": f"IS-{before:%y%m%d}"}}


def _movements(before: datetime) -> dict[str, Any]:
    return {"at": {"$lt": before}}


RETAINED = (Retained(IssueSlip, _slips), Retained(Movement, _movements))
