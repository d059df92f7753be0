"""The document of classification rules, and the rules of a new installation (INT-4)."""

from importlib.resources import files

import yaml

from aftersales.engine import Aggregate, Index

from .domain import RULES, ClassificationRules, RuleBook

INDEXES: dict[type[Aggregate], tuple[Index, ...]] = {ClassificationRules: ()}


def packaged_rules() -> ClassificationRules:
    """Return the classification rules of a new installation (INT-4)."""
    text = files(__package__).joinpath("classification.yaml").read_text("utf-8")
    return ClassificationRules(id=RULES, book=RuleBook.model_validate(yaml.load(text, yaml.CSafeLoader)))
