"""Documents of published policies."""

from aftersales.common.policies import PolicyList
from aftersales.engine import Aggregate, Index, PublishedPolicy

INDEXES: dict[type[Aggregate], tuple[Index, ...]] = {PolicyList: (), PublishedPolicy: ()}
