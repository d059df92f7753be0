"""Intake's documents, their indexes, what is loaded together, and the questions that more than one index answers."""

from aftersales.common.aggregate import Aggregate
from aftersales.common.heartbeat import Heartbeat
from aftersales.common.mongo import Index

from . import agreements, archive, classification, network, office, partners, policies, public, recalls, requests

INDEXES: dict[type[Aggregate], tuple[Index, ...]] = {
    Heartbeat: (),
    **network.INDEXES,
    **archive.INDEXES,
    **agreements.INDEXES,
    **recalls.INDEXES,
    **classification.INDEXES,
    **policies.INDEXES,
    **requests.INDEXES,
    **partners.INDEXES,
    **office.INDEXES,
    **public.INDEXES,
}
RETAINED = requests.RETAINED
