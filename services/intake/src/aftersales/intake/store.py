"""Intake's documents, their indexes, and what is loaded together."""

from aftersales.common.aggregate import Aggregate
from aftersales.common.heartbeat import Heartbeat
from aftersales.common.mongo import Index
from aftersales.common.policies import PolicyList, PublishedPolicy
from aftersales.common.work.piece import Need

from .domain.branch import Branch
from .domain.customer import ContactPoint, Customer
from .domain.digest import Digest
from .domain.product import Product
from .domain.request import ServiceRequest

INDEXES: dict[type[Aggregate], tuple[Index, ...]] = {
    Branch: (),
    Customer: (),
    ContactPoint: (),
    Product: (),
    Heartbeat: (),
    PolicyList: (),
    PublishedPolicy: (),
    Digest: (Index("owner", "-_id"),),
    ServiceRequest: (
        Index("branch", "state", "-_id"),
        Index("branch", "-_id"),
        Index("state", "-_id"),
        Index("customer", "-_id"),
        Index("product.serial", "-_id"),
    ),
}


def caller(phone: str) -> Need:
    """Whoever this phone belongs to."""
    return ContactPoint, phone, lambda contact: ((Customer, contact.customer),)
