"""Intake's documents, their indexes, what is loaded together, and the questions that more than one index answers."""

from datetime import timedelta

from aftersales.common.aggregate import Aggregate
from aftersales.common.branch_hours import BranchHours
from aftersales.common.heartbeat import Heartbeat
from aftersales.common.mongo import Index
from aftersales.common.policies import PolicyList, PublishedPolicy
from aftersales.intake.domain.branch import Branch
from aftersales.intake.domain.digest import Digest

from . import agreements, archive, office, requests

INDEXES: dict[type[Aggregate], tuple[Index, ...]] = {
    Branch: (),
    BranchHours: (),
    Heartbeat: (),
    PolicyList: (),
    PublishedPolicy: (),
    Digest: (Index("owner", "-_id"), Index("hour", ttl=timedelta(days=92))),
    **agreements.INDEXES,
    **archive.INDEXES,
    **office.INDEXES,
    **requests.INDEXES,
}
RETAINED = requests.RETAINED
