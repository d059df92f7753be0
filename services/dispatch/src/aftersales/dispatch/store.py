"""Dispatch's documents and their indexes."""

from datetime import datetime
from typing import Any

from aftersales.common.aggregate import Aggregate
from aftersales.common.archive.retained import Retained
from aftersales.common.branch_hours import BranchHours
from aftersales.common.heartbeat import Heartbeat
from aftersales.common.mongo import Index
from aftersales.common.policies import PolicyList, PublishedPolicy
from aftersales.dispatch.domain.order import ENDED, WorkOrder
from aftersales.dispatch.domain.second_look import SecondLook
from aftersales.dispatch.domain.technician import Technician

INDEXES: dict[type[Aggregate], tuple[Index, ...]] = {
    BranchHours: (),
    Heartbeat: (),
    PolicyList: (),
    PublishedPolicy: (),
    SecondLook: (),
    Technician: (Index("branch", "-_id"),),
    WorkOrder: (
        Index("branch", "state", "-_id"),
        Index("branch", "-_id"),
        Index("state", "-_id"),
        Index("technician", "-_id"),
    ),
}


def _ended(before: datetime) -> dict[str, Any]:
    """Orders that are completed or cancelled, and to which nothing has happened since then."""
    return {"state": {"$in": ENDED}, "registered_at": {"$lt": before}, "history.at": {"$not": {"$gte": before}}}


RETAINED = (Retained(WorkOrder, _ended),)
