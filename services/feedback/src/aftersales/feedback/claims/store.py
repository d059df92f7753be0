"""Claims and their indexes."""

from aftersales.engine import Aggregate, Index

from .domain import Claim

INDEXES: dict[type[Aggregate], tuple[Index, ...]] = {
    Claim: (Index("branch", "state", "-_id"), Index("branch", "-_id"), Index("state", "-_id")),
}
