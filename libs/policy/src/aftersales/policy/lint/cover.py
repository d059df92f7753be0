"""Check priority and coverage."""

from collections.abc import Iterator
from itertools import product

from aftersales.policy.findings import Finding, error_finding
from aftersales.policy.model import Policy
from aftersales.policy.model.cover import CAUSES, STATES, WORKS

OTHER_LINE = "*"
"""Stands for every line that no row names."""


def lint_cover(policy: Policy) -> Iterator[Finding]:
    one, two, three = policy.priority.thresholds
    if not one > two > three:
        yield error_finding("policy.thresholds_not_descending", "priority", "thresholds")
    yield from _coverage(policy)
    for index, row in enumerate(policy.surcharges):
        if (row.percent is None) == (row.amount is None):
            yield error_finding("policy.surcharge_unclear", "surcharges", index, case=row.case)
        if row.case in {other.case for other in policy.surcharges[:index]}:
            yield error_finding("policy.surcharge_twice", "surcharges", index, case=row.case)


def _coverage(policy: Policy) -> Iterator[Finding]:
    """Try every combination: each must be decided by a row, and each row must decide at least one."""
    rows = policy.coverage
    lines = policy.scope.lines or (*sorted({line for row in rows for line in row.lines}), OTHER_LINE)
    deciding = set()
    undecided = []
    for item in product(STATES, CAUSES, WORKS, lines):
        first = next((index for index, row in enumerate(rows) if row.fits(*item)), None)
        if first is None:
            undecided.append(item)
        deciding.add(first)
    if undecided:
        warranty, cause, work, line = undecided[0]
        example = {"warranty": warranty, "cause": cause, "work": work, "line": line}
        yield error_finding("policy.coverage_undecided", "coverage", count=len(undecided), **example)
    for index, row in enumerate(rows):
        if index not in deciding:
            yield error_finding("policy.coverage_row_unreachable", "coverage", index, row=index + 1, reason=row.reason)
