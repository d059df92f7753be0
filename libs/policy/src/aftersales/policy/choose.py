"""Choose the policy for an item (ALL-1). Pure, except that the shipped presets are read once.

1. For each name, only the newest version in effect on the day counts.
2. Among those whose scope covers the item, the most specific wins: a policy that names branches before one that
   does not, then lines, then work types, then customer classes (branch > line > work type > class).
3. If no published policy covers the item, the presets are searched the same way; `enterprise` covers all items.

The number of branches or lines in a scope makes no difference. If two policies are equally specific, publishing the
second is refused (`lint.find_ties`); if both are published nevertheless, the first name in the alphabet wins.
"""

from collections.abc import Collection, Iterable
from datetime import date
from functools import cache
from typing import NamedTuple

from .model import Policy, Scope
from .presets import load_presets


class Facts(NamedTuple):
    """The facts on which a choice depends. Empty means unknown, which no scope that names this fact covers."""

    branch: str
    line: str
    work_type: str
    customer_class: str
    day: date
    """The local date at the branch."""
    member: bool = False
    """Whether the customer is a member on that day, whatever their class (INT-16)."""

    def is_of_class(self, classes: Collection[str]) -> bool:
        """Return whether a scope that names these customer classes covers the customer."""
        return self.customer_class in classes or (self.member and MEMBER in classes)


MEMBER = "member"
"""The customer class of members in scopes, beside their class A, B, C or `key`."""


class Days(NamedTuple):
    """The days from `start` until the day before `end`."""

    start: date
    end: date


class PolicyIndex:
    """Policies arranged for choosing one: built once for a set of policies, then used for every item, in any order."""

    def __init__(self, policies: Iterable[Policy]) -> None:
        self.policies = tuple(policies)
        self._rows = [
            (*in_effect(policy, self.policies), *scope_of(policy.scope), policy)
            for policy in sorted(self.policies, key=_rank)
        ]
        self.lines = frozenset(line for policy in self.policies for line in policy.scope.lines)
        """The product lines that some policy names."""

    def best(self, facts: Facts) -> Policy | None:
        """Return the most specific policy in effect that covers the item."""
        branch, line, work_type, _, day, _ = facts
        for start, end, branches, lines, work_types, classes, policy in self._rows:
            if (
                start <= day < end
                and (not branches or branch in branches)
                and (not lines or line in lines)
                and (not work_types or work_type in work_types)
                and (not classes or facts.is_of_class(classes))
            ):
                return policy
        return None


def choose_policy(published: PolicyIndex, facts: Facts) -> Policy:
    """Return the policy for an item; call it once, when the item comes in."""
    return published.best(facts) or fallback_policy(facts)


def fallback_policy(facts: Facts) -> Policy:
    """Return the shipped policy for such an item. Raises `LookupError` if none is in effect."""
    found = shipped_policies().best(facts)
    if found is None:
        raise LookupError(f"no preset is in effect on {facts.day}")
    return found


@cache
def shipped_policies() -> PolicyIndex:
    return PolicyIndex(load_presets())


def in_effect(policy: Policy, among: Iterable[Policy]) -> Days:
    """Return the days until a newer version takes over; empty if that began before."""
    newer = [other.effective_from for other in among if other.name == policy.name and other.version > policy.version]
    return Days(policy.effective_from, min(newer, default=date.max))


Named = tuple[frozenset[str], frozenset[str], frozenset[str], frozenset[str]]


def scope_of(scope: Scope) -> Named:
    """Return branches, lines, work types and customer classes, in the order of their weight."""
    return (
        frozenset(scope.branches),
        frozenset(scope.lines),
        frozenset(scope.work_types),
        frozenset(scope.customer_classes),
    )


def scope_specificity(scope: Scope) -> int:
    """Return 8 for branches + 4 for lines + 2 for work types + 1 for customer classes; higher is more specific."""
    return sum(bool(named) << (3 - place) for place, named in enumerate(scope_of(scope)))


def _rank(policy: Policy) -> tuple[int, str]:
    return -scope_specificity(policy.scope), policy.name
