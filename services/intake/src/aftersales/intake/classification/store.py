"""The document of classification rules, and the rules of a new installation (INT-4)."""

from datetime import datetime, timedelta
from importlib.resources import files
from typing import Any

import yaml

from aftersales.engine import Aggregate, Index, Reads

from .domain import RULES, ClassificationRules, Classifier, RuleBook

INDEXES: dict[type[Aggregate], tuple[Index, ...]] = {ClassificationRules: ()}


def packaged_rules() -> ClassificationRules:
    """Return the classification rules of a new installation (INT-4)."""
    text = files(__package__).joinpath("classification.yaml").read_text("utf-8")
    return ClassificationRules(id=RULES, book=RuleBook.model_validate(yaml.load(text, yaml.CSafeLoader)))


_LOOK_EVERY = timedelta(seconds=5)
"""How old the rules of a process may be after another one has changed them."""


async def load_classifier(state: Any, mongo: Reads, now: datetime) -> Classifier | None:
    """Return the classifier of the rules in force, prepared once per version and process; None without rules.

    `state` is that of the application.
    """
    looked_at, ready = getattr(state, "classifier", (None, None))
    if looked_at and now - looked_at < _LOOK_EVERY:
        return ready
    found = await mongo.rows(ClassificationRules, {"_id": RULES}, only=("version",))
    if ready is None or [row["version"] for row in found] != [ready.version]:
        rules = await mongo.get(ClassificationRules, RULES)
        ready = Classifier(rules) if rules else None
    state.classifier = (now, ready)
    return ready
