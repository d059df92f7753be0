"""Key figures of after-sales service (FBK-8). A rate is None if there is nothing to divide by."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from itertools import accumulate
from math import ceil
from typing import ClassVar
from zlib import crc32

from aftersales.common.aggregate import Aggregate
from aftersales.common.months import MonthSpan, following_month, month_of, month_span
from aftersales.values import Value

_REPORTED = timedelta(days=1)

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


class SummedFigures(Value):
    """The sums behind key figures: of timelines' `Figures`, and how often each duration occurs."""

    totals: dict[str, float]
    """The sums by name, and the number of requests as `requests`."""
    response: tuple[tuple[int, int], ...] = ()
    """Seconds to the first assignment, each with the number of requests that took so long."""
    resolution: tuple[tuple[int, int], ...] = ()
    """Seconds to the last repair, likewise."""

    @property
    def kpis(self) -> "Kpis":
        return compute_kpis(self.totals, self.response, self.resolution)


class MonthCorrection(Value):
    """What changed about an earlier month after that was closed."""

    month: str
    """The earlier month."""
    branch: str
    figures: SummedFigures
    """The differences, as sums; a lower sum is negative."""


class ClosedMonth(Aggregate):
    """A month of a branch, which does not change any more (FBK-8); its id is `<branch>|<month>`."""

    COLLECTION: ClassVar[str] = "closed_months"

    month: str
    zone: str
    """The zone by which the branch counted it."""
    begins_at: datetime
    ends_at: datetime
    closed_at: datetime
    figures: SummedFigures
    corrections: tuple[MonthCorrection, ...] = ()
    """Late facts about earlier months, which became known in this one."""


class MonthClock(Aggregate):
    """The month of a branch that is open; its id is the branch's code."""

    COLLECTION: ClassVar[str] = "month_clocks"
    AUDITED: ClassVar[bool] = False

    zone: str
    month: str
    begins_at: datetime
    """The end of the month before, even if that was counted in another zone."""

    def span_of(self, month: str) -> MonthSpan:
        """Return the borders of a month; of the open one, from where the one before ended."""
        begin, end = month_span(month, self.zone)
        return MonthSpan(self.begins_at if month == self.month else begin, end)


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


class MonthKpis(Value):
    """The key figures of a month."""

    month: str
    branch: str | None
    """The branch; null: the sum of all branches' months, each in its own zone."""
    closed: bool
    """Whether the figures are final; facts that come later are corrections of a later month."""
    kpis: "Kpis"
    corrections: tuple[MonthCorrection, ...]
    """Late facts about earlier months, which became known in this one, from its close on."""


def begin_months(branch: str, zone: str, now: datetime) -> MonthClock:
    month = month_of(now, zone)
    begin, _ = month_span(month, zone)
    return set_clock(MonthClock(id=branch, branch=branch, zone=zone, month=month, begins_at=begin), zone)


def set_clock(clock: MonthClock, zone: str) -> MonthClock:
    """Return the clock by this zone. It closes a day after the month's end, when phones have reported what they did.

    Branches close within an hour, one after another.
    """
    moment = month_span(clock.month, zone).end + _REPORTED + timedelta(seconds=crc32(clock.id.encode()) % 3600)
    return clock.but(zone=zone, wake_at=moment)


def closed_id(branch: str, month: str) -> str:
    return f"{branch}|{month}"


def close_month(
    clock: MonthClock, figures: SummedFigures, corrections: Iterable[MonthCorrection], now: datetime
) -> tuple[ClosedMonth, MonthClock]:
    """Close the open month, and open the next one."""
    begin, end = clock.span_of(clock.month)
    closed = ClosedMonth(
        id=closed_id(clock.branch, clock.month),
        branch=clock.branch,
        month=clock.month,
        zone=clock.zone,
        begins_at=begin,
        ends_at=end,
        closed_at=now,
        figures=figures,
        corrections=tuple(corrections),
    )
    return closed, set_clock(clock.but(month=following_month(clock.month), begins_at=end), clock.zone)


def correct_month(
    month: ClosedMonth, told: Iterable[MonthCorrection], found: SummedFigures
) -> tuple[MonthCorrection, ...]:
    """Return the line about a closed month, if it is found otherwise now than its figures and earlier lines say."""
    known = sum_up(month.figures, *(line.figures for line in told if line.month == month.month))
    late = sum_up(found, _negative(known))
    if not (late.response or late.resolution or any(late.totals.values())):
        return ()
    return (MonthCorrection(month=month.month, branch=month.branch, figures=late),)


def sum_up(*parts: SummedFigures) -> SummedFigures:
    """Return the sum of figures; durations that occur as often as they are taken back are left out."""
    totals: Counter[str] = Counter()
    spreads: tuple[Counter[int], Counter[int]] = (Counter(), Counter())
    for part in parts:
        totals.update(part.totals)
        for spread, counts in zip(spreads, (part.response, part.resolution), strict=True):
            spread.update(dict(counts))
    response, resolution = (tuple(sorted((s, n) for s, n in spread.items() if n)) for spread in spreads)
    return SummedFigures(totals=dict(totals), response=response, resolution=resolution)


def _negative(figures: SummedFigures) -> SummedFigures:
    return SummedFigures(
        totals={name: -total for name, total in figures.totals.items()},
        response=tuple((seconds, -times) for seconds, times in figures.response),
        resolution=tuple((seconds, -times) for seconds, times in figures.resolution),
    )


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
