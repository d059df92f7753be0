"""Published policies: documents."""

from aftersales.common.aggregate import Aggregate
from aftersales.common.mongo import Index
from aftersales.common.policies import PolicyList, PublishedPolicy

INDEXES: dict[type[Aggregate], tuple[Index, ...]] = {PolicyList: (), PublishedPolicy: ()}
