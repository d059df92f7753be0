"""Key figures of after-sales service (FBK-8). A rate is None if there is nothing to divide by."""

from collections.abc import Mapping, Sequence
from itertools import accumulate
from math import ceil

from aftersales.values import Value

Counts = Sequence[tuple[int, int]]
"""Pairs of a duration in seconds and the number of requests that took it, with ascending durations."""


class Spread(Value):
    """Durations in seconds; percentiles are nearest ranks, so each is a duration that did occur."""

    mean: float | None
    p50: int | None
    p90: int | None


class Satisfaction(Value):
    mean_mark: float | None
    share_satisfied: float | None


class Kpis(Value):
    """Key figures of the requests registered in a range of time."""

    requests: int
    resolved: int
    cancelled: int
    response_seconds: Spread
    """Time from registration to the first assignment of a technician."""
    resolution_seconds: Spread
    """Time from registration to the last repair."""
    on_time_rate: float | None
    """Share of arrivals that were on time."""
    first_visit_fix_rate: float | None
    """Share of repaired requests that were repaired at visit 1 and never reopened."""
    repeat_repair_rate: float | None
    """Share of the requests that repeat an earlier repair, because it did not hold (INT-9)."""
    satisfaction: Satisfaction
    callback_coverage: float | None
    """Callbacks done, as a share of all completed repairs."""


class TechnicianFigures(Value):
    """The repairs of one technician, and those that did not hold (INT-9)."""

    technician: str
    repairs: int
    """Completed repairs."""
    did_not_hold: int
    """Repairs that a later request repeats."""
    repeat_repair_rate: float | None
    """`did_not_hold` as a share of `repairs`."""


def compute_kpis(totals: Mapping[str, float], response: Counts, resolution: Counts) -> Kpis:
    """Return key figures from sums over timelines' `Figures` (and their number, `requests`)."""
    return Kpis(
        requests=int(totals["requests"]),
        resolved=int(totals["resolved"]),
        cancelled=int(totals["cancelled"]),
        response_seconds=compute_spread(response),
        resolution_seconds=compute_spread(resolution),
        on_time_rate=_rate(totals["on_time"], totals["arrivals"]),
        first_visit_fix_rate=_rate(totals["fixed_at_first"], totals["repaired"]),
        repeat_repair_rate=_rate(totals["repeats"], totals["requests"]),
        satisfaction=Satisfaction(
            mean_mark=_rate(totals["marks"], totals["surveys"]),
            share_satisfied=_rate(totals["satisfied"], totals["surveys"]),
        ),
        callback_coverage=_rate(totals["callbacks"], totals["repairs"]),
    )


def compute_spread(counts: Counts) -> Spread:
    """Return the mean and nearest-rank percentiles."""
    number = sum(times for _, times in counts)
    if not number:
        return Spread(mean=None, p50=None, p90=None)
    mean = sum(seconds * times for seconds, times in counts) / number
    return Spread(mean=mean, p50=_rank(counts, ceil(number * 50 / 100)), p90=_rank(counts, ceil(number * 90 / 100)))


def _rank(counts: Counts, rank: int) -> int:
    """Return the duration at `rank`, counted from 1."""
    upto = accumulate(times for _, times in counts)
    return next(seconds for (seconds, _), total in zip(counts, upto, strict=True) if total >= rank)


def figures_of(technician: str, repairs: int, did_not_hold: int) -> TechnicianFigures:
    return TechnicianFigures(
        technician=technician,
        repairs=repairs,
        did_not_hold=did_not_hold,
        repeat_repair_rate=_rate(did_not_hold, repairs),
    )


def _rate(part: float, whole: float) -> float | None:
    return part / whole if whole else None
