"""The rules for classifying contacts: the document, and those of a new installation (INT-4)."""

from importlib.resources import files

import yaml

from aftersales.engine import Aggregate, Index

from .domain import RULES, ClassificationRules, RuleBook

INDEXES: dict[type[Aggregate], tuple[Index, ...]] = {ClassificationRules: ()}


def packaged_rules() -> ClassificationRules:
    """Read the rules that a new installation classifies contacts by (INT-4)."""
    text = files(__package__).joinpath("classification.yaml").read_text("utf-8")
    return ClassificationRules(id=RULES, book=RuleBook.model_validate(yaml.load(text, yaml.CSafeLoader)))
