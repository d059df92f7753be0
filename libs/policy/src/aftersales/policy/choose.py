"""Which policy holds for an item (ALL-1). Pure, but that the shipped presets are read once.

1. Of each name the newest version that is in effect on the day counts, and no older one.
2. Of those whose scope covers the item the most specific wins: one that names branches before one that
   does not, then lines, then work types, then customer classes (branch > line > work type > class).
3. When no published policy covers the item, the same is done with the presets; `enterprise` covers all.

How many branches or lines a scope names makes no difference. Two that are equally specific are refused when
the second is published (`lint.ties`); should they be there all the same, the name decides: first in the alphabet.
"""

from collections.abc import Iterable
from datetime import date
from functools import cache
from typing import NamedTuple

from .model import Policy, Scope
from .presets import load_presets


class Facts(NamedTuple):
    """What a choice depends on. Empty: not known; a scope that asks for it does not cover the item."""

    branch: str
    line: str
    work_type: str
    customer_class: str
    day: date
    """The local date at the branch."""


class Days(NamedTuple):
    """From `start` until the day before `end`."""

    start: date
    end: date


class PolicyIndex:
    """Policies laid out for choosing: made once for a set of them, asked for every item, in any order."""

    def __init__(self, policies: Iterable[Policy]) -> None:
        self.policies = tuple(policies)
        self._rows = [
            (*in_effect(policy, self.policies), *scope_of(policy.scope), policy)
            for policy in sorted(self.policies, key=_rank)
        ]

    def best(self, facts: Facts) -> Policy | None:
        """The most specific policy in effect that covers the item."""
        branch, line, work_type, customer_class, day = facts
        for start, end, branches, lines, work_types, classes, policy in self._rows:
            if (
                start <= day < end
                and (not branches or branch in branches)
                and (not lines or line in lines)
                and (not work_types or work_type in work_types)
                and (not classes or customer_class in classes)
            ):
                return policy
        return None


def choose_policy(published: PolicyIndex, facts: Facts) -> Policy:
    """The policy for an item: to be asked once, when the item comes in."""
    return published.best(facts) or fallback_policy(facts)


def fallback_policy(facts: Facts) -> Policy:
    """What is shipped for such an item."""
    found = shipped_policies().best(facts)
    if found is None:
        raise LookupError(f"no preset is in effect on {facts.day}")
    return found


@cache
def shipped_policies() -> PolicyIndex:
    return PolicyIndex(load_presets())


def in_effect(policy: Policy, among: Iterable[Policy]) -> Days:
    """Until a newer version takes over; no day at all where that began before."""
    newer = [other.effective_from for other in among if other.name == policy.name and other.version > policy.version]
    return Days(policy.effective_from, min(newer, default=date.max))


Named = tuple[frozenset[str], frozenset[str], frozenset[str], frozenset[str]]


def scope_of(scope: Scope) -> Named:
    """Branches, lines, work types and customer classes; the order is that of their weight."""
    return (
        frozenset(scope.branches),
        frozenset(scope.lines),
        frozenset(scope.work_types),
        frozenset(scope.customer_classes),
    )


def scope_specificity(scope: Scope) -> int:
    """The higher the more specific: 8 for branches + 4 for lines + 2 for work types + 1 for customer classes."""
    return sum(bool(named) << (3 - place) for place, named in enumerate(scope_of(scope)))


def _rank(policy: Policy) -> tuple[int, str]:
    return -scope_specificity(policy.scope), policy.name
