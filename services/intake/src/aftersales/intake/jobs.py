"""Time in: the heartbeat that shows whether the pipe through all services is open; and what stands at the start."""

from datetime import UTC, datetime
from functools import partial
from importlib.resources import files

import yaml

from aftersales.common.heartbeat import Heartbeat
from aftersales.common.timers import Timer, wakes

from .domain.classification import RULES, ClassificationRules, RuleBook
from .handlers import heartbeat
from .settings import Settings


def packaged_rules() -> ClassificationRules:
    """Read the rules that a new installation classifies contacts by (INT-4)."""
    text = files(__package__).joinpath("classification.yaml").read_text("utf-8")
    return ClassificationRules(id=RULES, book=RuleBook.model_validate(yaml.load(text, yaml.CSafeLoader)))


SEEDS = (Heartbeat(wake_at=datetime.fromtimestamp(0, UTC)), packaged_rules())
"""The first beat is due at once; the rules stay as they are once they are there."""


def timers(settings: Settings) -> tuple[Timer, ...]:
    return (wakes(Heartbeat, partial(heartbeat.beat, every=settings.heartbeat_every)),)
