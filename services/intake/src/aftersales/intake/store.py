"""Intake's documents and their indexes."""

from aftersales.common.heartbeat import Heartbeat
from aftersales.common.mongo import Index
from aftersales.common.values import Aggregate

from .domain.branch import Branch
from .domain.customer import ContactPoint, Customer
from .domain.product import Product
from .domain.request import ServiceRequest

INDEXES: dict[type[Aggregate], tuple[Index, ...]] = {
    Branch: (),
    Customer: (),
    ContactPoint: (),
    Product: (),
    Heartbeat: (),
    ServiceRequest: (Index("branch", "state", "-_id"), Index("branch", "-_id"), Index("state", "-_id")),
}
