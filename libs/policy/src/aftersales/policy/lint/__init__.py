"""Find all errors and doubts about a policy in one pass, alone and among others. Pure."""

from collections.abc import Iterable, Sequence
from itertools import combinations
from typing import NamedTuple

from aftersales.policy.choose import MEMBER, Days, in_effect, scope_of, scope_specificity
from aftersales.policy.findings import Finding, error_finding, warning_finding
from aftersales.policy.model import Policy, Scope

from .aftercare import lint_aftercare
from .cover import lint_cover
from .everywhere import lint_everywhere
from .stages import lint_stages


def lint_policy(policy: Policy) -> tuple[Finding, ...]:
    """Return the findings about the policy alone, errors first."""
    found = [*lint_stages(policy), *lint_cover(policy), *lint_aftercare(policy), *lint_everywhere(policy)]
    return tuple(sorted(found, key=lambda finding: finding.level != "error"))


def lint_among(policy: Policy, others: Iterable[Policy]) -> tuple[Finding, ...]:
    """Return the findings about the policy beside `others`; call it before publishing."""
    known = [other for other in others if other is not policy]
    return tuple(_among(policy, known))


def _among(policy: Policy, others: Sequence[Policy]) -> Iterable[Finding]:
    siblings = [other for other in others if other.name == policy.name]
    if any(other.version == policy.version for other in siblings):
        yield error_finding("policy.version_twice", "version", name=policy.name, version=policy.version)
    for other in siblings:
        if other.version < policy.version and other.effective_from > policy.effective_from:
            yield warning_finding(
                "policy.backdated", "effective_from", version=other.version, day=str(other.effective_from)
            )
    for tie in find_ties((policy, *others)):
        if policy is tie.one or policy is tie.other:
            other = tie.other if policy is tie.one else tie.one
            yield error_finding(
                "policy.scope_tie", "scope", other=other.name, version=other.version, day=str(tie.days.start)
            )


class Tie(NamedTuple):
    """Two policies that are equally specific for the same items, and the days on which they are."""

    one: Policy
    other: Policy
    days: Days


def find_ties(policies: Iterable[Policy]) -> tuple[Tie, ...]:
    """Return pairs with different names that are equally specific, share an item, and are in effect on the same day."""
    known = list(policies)
    lives = [in_effect(policy, known) for policy in known]
    found = []
    for (one, its), (other, others) in combinations(zip(known, lives, strict=True), 2):
        days = Days(max(its.start, others.start), min(its.end, others.end))
        if one.name != other.name and days.start < days.end and _overlap(one.scope, other.scope):
            found.append(Tie(one, other, days))
    return tuple(found)


def _overlap(one: Scope, other: Scope) -> bool:
    if scope_specificity(one) != scope_specificity(other):
        return False
    (*mine, my_classes), (*theirs, their_classes) = scope_of(one), scope_of(other)
    share = not my_classes or my_classes & their_classes or MEMBER in my_classes | their_classes
    return bool(share) and all(not our or our & their for our, their in zip(mine, theirs, strict=True))
