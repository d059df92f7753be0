"""Explain why a policy was chosen for an item and others were not, as data; text is added at the edge. Pure."""

from collections.abc import Iterator
from datetime import date
from typing import Literal, NamedTuple

from .choose import Facts, PolicyIndex, fallback_policy, scope_of, scope_specificity, shipped_policies
from .model import Policy, Scope

ChoiceOutcome = Literal[
    "chosen", "less_specific", "later_in_alphabet", "published_first", "out_of_scope", "replaced", "not_yet"
]


class Candidate(NamedTuple):
    """One policy and the outcome for it."""

    name: str
    version: int
    preset: bool
    effective_from: date
    outcome: ChoiceOutcome
    specificity: int
    """8 for branches + 4 for lines + 2 for work types + 1 for customer classes; higher is more specific."""
    missed: tuple[str, ...]
    """The parts of the scope that exclude the item."""
    replaced_by: int | None
    """The newer version that is in effect instead."""


class ChoiceExplanation(NamedTuple):
    chosen: Policy
    candidates: tuple[Candidate, ...]
    """The chosen policy, then the published ones, then the presets; the most specific first."""


def explain_policy_choice(published: PolicyIndex, facts: Facts) -> ChoiceExplanation:
    """Return the choice that `choose` makes, with its reasons."""
    chosen = published.best(facts) or fallback_policy(facts)
    candidates = [*_judge(published, facts, chosen), *_judge(shipped_policies(), facts, chosen)]
    candidates.sort(key=lambda one: (one.outcome != "chosen", one.preset, -one.specificity, one.name, -one.version))
    return ChoiceExplanation(chosen, tuple(candidates))


def _judge(policy_index: PolicyIndex, facts: Facts, chosen: Policy) -> Iterator[Candidate]:
    ours = any(policy is chosen for policy in policy_index.policies)
    for policy in policy_index.policies:
        newer = [
            other.version
            for other in policy_index.policies
            if other.name == policy.name and policy.version < other.version and other.effective_from <= facts.day
        ]
        missed = tuple(_missed(policy.scope, facts))
        outcome: ChoiceOutcome
        if policy is chosen:
            outcome = "chosen"
        elif policy.effective_from > facts.day:
            outcome = "not_yet"
        elif newer:
            outcome = "replaced"
        elif missed:
            outcome = "out_of_scope"
        elif not ours:
            outcome = "published_first"
        else:
            equal = scope_specificity(policy.scope) == scope_specificity(chosen.scope)
            outcome = "later_in_alphabet" if equal else "less_specific"
        yield Candidate(
            policy.name,
            policy.version,
            policy_index is shipped_policies(),
            policy.effective_from,
            outcome,
            scope_specificity(policy.scope),
            missed,
            max(newer, default=None),
        )


def _missed(scope: Scope, facts: Facts) -> Iterator[str]:
    for field, named, fact in zip(Facts._fields, scope_of(scope), facts, strict=False):
        known = facts.is_of_class(named) if field == "customer_class" else fact in named
        if named and not known:
            yield field
