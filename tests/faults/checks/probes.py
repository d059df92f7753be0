"""The probes: red while the line stands still, green soon after it was mended."""

from collections.abc import Iterator

from faults.checks.finding import Finding
from faults.evidence import Evidence


def tell_in_time(evidence: Evidence) -> Iterator[Finding]:
    limit = evidence.probe_limit
    for shown in evidence.shown:
        for replica in shown.silent:
            yield Finding("wrong", f"{shown.kind}: {replica} was not red within {limit:g} s")
        if shown.red is not None and shown.red > limit:
            yield Finding("wrong", f"{shown.kind}: all were red after {shown.red:.1f} s only")
        if shown.green is not None and shown.green > limit:
            yield Finding("wrong", f"{shown.kind}: all were green {shown.green:.1f} s after it was mended")
