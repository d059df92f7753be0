"""The product lines that a policy names, compared with the catalogue (ALL-1). Pure."""

from collections.abc import Iterator

from aftersales.common.terms import Terms
from aftersales.policy.findings import Finding, Path, error_finding, warning_finding
from aftersales.policy.model import Policy


def check_lines(policy: Policy, lines: Terms) -> Iterator[Finding]:
    """Yield an error for a line that items have under another code, and a warning for one that no catalogue has.

    A policy for `fridge` would never apply, because requests for a fridge are stored as `refrigerator`.
    """
    for path, line in _named(policy):
        code = lines.match(line)
        if code is None:
            yield warning_finding("policy.line_unknown", *path, line=line)
        elif code != line:
            yield error_finding("policy.line_in_other_words", *path, line=line, code=code)


def _named(policy: Policy) -> Iterator[tuple[Path, str]]:
    for at, line in enumerate(policy.scope.lines):
        yield ("scope", "lines", at), line
    for line in policy.warranty.by_line:
        yield ("warranty", "by_line", line), line
    for part in ("coverage", "entitlements"):
        for row, one in enumerate(getattr(policy, part)):
            for at, line in enumerate(one.lines):
                yield (part, row, "lines", at), line
