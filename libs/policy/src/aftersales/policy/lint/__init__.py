"""Everything that is wrong or doubtful with a policy, alone and among others, all at once. Pure."""

from collections.abc import Iterable, Sequence
from itertools import combinations
from typing import NamedTuple

from aftersales.policy.choose import Days, in_effect, scope_of, specificity
from aftersales.policy.findings import Finding, doubtful, wrong
from aftersales.policy.model import Policy, Scope

from .aftercare import aftercare
from .cover import cover
from .everywhere import everywhere
from .stages import stages


def lint(policy: Policy) -> tuple[Finding, ...]:
    """What is to be said about the policy alone, errors first."""
    found = [*stages(policy), *cover(policy), *aftercare(policy), *everywhere(policy)]
    return tuple(sorted(found, key=lambda finding: finding.level != "error"))


def lint_among(policy: Policy, others: Iterable[Policy]) -> tuple[Finding, ...]:
    """What is to be said when it stands beside these: to be asked before it is published."""
    known = [other for other in others if other is not policy]
    return tuple(_among(policy, known))


def _among(policy: Policy, others: Sequence[Policy]) -> Iterable[Finding]:
    siblings = [other for other in others if other.name == policy.name]
    if any(other.version == policy.version for other in siblings):
        yield wrong("policy.version_twice", "version", name=policy.name, version=policy.version)
    for other in siblings:
        if other.version < policy.version and other.effective_from > policy.effective_from:
            yield doubtful("policy.backdated", "effective_from", version=other.version, day=str(other.effective_from))
    for tie in ties((policy, *others)):
        if policy is tie.one or policy is tie.other:
            other = tie.other if policy is tie.one else tie.one
            yield wrong("policy.scope_tie", "scope", other=other.name, version=other.version, day=str(tie.days.start))


class Tie(NamedTuple):
    """Two policies between which nothing decides, and when."""

    one: Policy
    other: Policy
    days: Days


def ties(policies: Iterable[Policy]) -> tuple[Tie, ...]:
    """Pairs of different names that are equally specific, cover one item in common, and are in effect on one day."""
    known = list(policies)
    lives = [in_effect(policy, known) for policy in known]
    found = []
    for (one, its), (other, others) in combinations(zip(known, lives, strict=True), 2):
        days = Days(max(its.start, others.start), min(its.end, others.end))
        if one.name != other.name and days.start < days.end and _overlap(one.scope, other.scope):
            found.append(Tie(one, other, days))
    return tuple(found)


def _overlap(one: Scope, other: Scope) -> bool:
    if specificity(one) != specificity(other):
        return False
    return all(not mine or mine & theirs for mine, theirs in zip(scope_of(one), scope_of(other), strict=True))
