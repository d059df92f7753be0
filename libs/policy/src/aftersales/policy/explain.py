"""Why a policy was chosen for an item, and why the others were not: data, words are found at the edge. Pure."""

from collections.abc import Iterator
from datetime import date
from typing import Literal, NamedTuple

from .choose import Facts, Shelf, fallback, scope_of, shipped, specificity
from .model import Policy, Scope

Outcome = Literal[
    "chosen", "less_specific", "later_in_alphabet", "published_first", "out_of_scope", "replaced", "not_yet"
]


class Candidate(NamedTuple):
    """One policy, and what became of it."""

    name: str
    version: int
    preset: bool
    effective_from: date
    outcome: Outcome
    specificity: int
    """The higher the more specific: 8 for branches + 4 for lines + 2 for work types + 1 for customer classes."""
    missed: tuple[str, ...]
    """Which parts of the scope the item is outside of."""
    replaced_by: int | None
    """The newer version that is in effect instead."""


class Explanation(NamedTuple):
    chosen: Policy
    candidates: tuple[Candidate, ...]
    """The chosen one, then the published ones, then the presets; the most specific first."""


def explain(published: Shelf, facts: Facts) -> Explanation:
    """The choice that `choose` makes, with its reasons."""
    chosen = published.best(facts) or fallback(facts)
    candidates = [*_judge(published, facts, chosen), *_judge(shipped(), facts, chosen)]
    candidates.sort(key=lambda one: (one.outcome != "chosen", one.preset, -one.specificity, one.name, -one.version))
    return Explanation(chosen, tuple(candidates))


def _judge(shelf: Shelf, facts: Facts, chosen: Policy) -> Iterator[Candidate]:
    ours = any(policy is chosen for policy in shelf.policies)
    for policy in shelf.policies:
        newer = [
            other.version
            for other in shelf.policies
            if other.name == policy.name and policy.version < other.version and other.effective_from <= facts.day
        ]
        missed = tuple(_missed(policy.scope, facts))
        outcome: Outcome
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
            equal = specificity(policy.scope) == specificity(chosen.scope)
            outcome = "later_in_alphabet" if equal else "less_specific"
        yield Candidate(
            policy.name,
            policy.version,
            shelf is shipped(),
            policy.effective_from,
            outcome,
            specificity(policy.scope),
            missed,
            max(newer, default=None),
        )


def _missed(scope: Scope, facts: Facts) -> Iterator[str]:
    for field, named, fact in zip(Facts._fields, scope_of(scope), facts, strict=False):
        if named and fact not in named:
            yield field
