"""Time in: the heartbeat, clocks, digests, notices that are due, reminders, searches that go on."""

from datetime import UTC, datetime
from functools import partial
from importlib.resources import files

import yaml

from aftersales.common.branch_hours import BranchHours, Mover, walk
from aftersales.common.heartbeat import Heartbeat
from aftersales.common.policies import Library
from aftersales.common.timers import Timer, wakes

from .domain.classification import RULES, ClassificationRules, RuleBook
from .domain.contract import Contract
from .domain.digest import Digest
from .domain.entitlement import Entitlement
from .domain.handover import ShiftHandover
from .domain.notice import Notice
from .domain.recall import Recall
from .domain.request import ServiceRequest
from .handlers import contracts, digests, entitlements, handover, heartbeat, notices, recalls, requests
from .settings import Settings
from .store.office import roles


def packaged_rules() -> ClassificationRules:
    """Read the rules that a new installation classifies contacts by (INT-4)."""
    text = files(__package__).joinpath("classification.yaml").read_text("utf-8")
    return ClassificationRules(id=RULES, book=RuleBook.model_validate(yaml.load(text, yaml.CSafeLoader)))


SEEDS = (Heartbeat(wake_at=datetime.fromtimestamp(0, UTC)), packaged_rules(), *roles())
"""The first beat is due at once; rules and roles are planted where they are missing."""


def timers(settings: Settings, library: Library) -> tuple[Timer, ...]:
    movers = (
        Mover(ServiceRequest, partial(requests.change_hours, library=library)),
        Mover(ShiftHandover, partial(handover.change_hours, library=library)),
    )
    return (
        wakes(BranchHours, partial(walk, movers=movers)),
        wakes(Heartbeat, partial(heartbeat.beat, every=settings.heartbeat_every)),
        wakes(Contract, contracts.wake_contract),
        wakes(Entitlement, entitlements.wake_entitlement),
        wakes(Recall, recalls.search_archive),
        wakes(Digest, digests.close_hour),
        wakes(ServiceRequest, requests.wake_request),
        wakes(Notice, notices.wake_notice),
        wakes(ShiftHandover, handover.wake_handover),
    )
