"""Inventory's documents and their indexes."""

from aftersales.common.aggregate import Aggregate
from aftersales.common.heartbeat import Heartbeat
from aftersales.common.mongo import Index
from aftersales.common.policies import PolicyList, PublishedPolicy
from aftersales.inventory.domain.movement import Movement
from aftersales.inventory.domain.part import Part
from aftersales.inventory.domain.slip import IssueSlip
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
