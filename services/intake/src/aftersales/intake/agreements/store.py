"""Documents and indexes of contracts and entitlements."""

from aftersales.engine import Aggregate, Index

from .domain.contract import Contract
from .domain.entitlement import Entitlement

INDEXES: dict[type[Aggregate], tuple[Index, ...]] = {
    Contract: (Index("customer", "-_id"), Index("serials", "-_id")),
    Entitlement: (
        Index("branch", "due", "-_id"),
        Index("branch", "-_id"),
        Index("due", "-_id"),
        Index("product", "-_id"),
    ),
}
