"""The sums behind the key figures, over timelines, and closed months."""

from collections import defaultdict
from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Any

from aftersales.common.months import MonthSpan, month_span
from aftersales.engine import Aggregate, Document, Index, Reads
from aftersales.feedback.timelines.domain import SUMMED, Timeline

from .domain import ClosedMonth, Kpis, MonthClock, MonthKpis, SummedFigures, TechnicianFigures, figures_of, sum_up

INDEXES: dict[type[Aggregate], tuple[Index, ...]] = {ClosedMonth: (Index("month", "_id"),), MonthClock: ()}
Aggregating = Callable[[type[Aggregate], list[Document]], Awaitable[list[Document]]]


def registered_in(since: datetime, until: datetime, branch: Any = None) -> dict[str, Any]:
    """Return the filter for requests registered in [since, until); one that was registered twice counts once."""
    match: dict[str, Any] = {"registered_at": {"$gte": since, "$lt": until}, "duplicate_of": None}
    return match | ({"branch": branch} if branch else {})


async def technician_figures(
    mongo: Reads, since: datetime, until: datetime, branch: str | None
) -> list[TechnicianFigures]:
    """Return each technician's repairs of these requests, and which of these requests repeat one (INT-9)."""

    def count(milestone: str) -> dict[str, Any]:
        return {"$sum": {"$cond": [{"$eq": ["$facts.milestone", milestone]}, 1, 0]}}

    pipeline: list[dict[str, Any]] = [
        {"$match": registered_in(since, until, branch)},
        {"$unwind": "$facts"},
        {"$match": {"facts.milestone": {"$in": ["repaired", "repeat_found"]}, "facts.technician": {"$ne": None}}},
        {"$group": {"_id": "$facts.technician", "repairs": count("repaired"), "again": count("repeat_found")}},
        {"$sort": {"_id": 1}},
    ]
    return [figures_of(row["_id"], row["repairs"], row["again"]) for row in await mongo.aggregate(Timeline, pipeline)]


async def key_figures(mongo: Reads, since: datetime, until: datetime, branch: str | None) -> Kpis:
    """Return key figures of the requests registered in [since, until), of one branch or all (FBK-8)."""
    return (await sum_figures(mongo.aggregate, registered_in(since, until, branch))).kpis


async def month_figures(mongo: Reads, month: str, branch: str | None, zone: str) -> MonthKpis:
    """Return the key figures of a month, of one branch or as the sum of all branches' months (FBK-8).

    A closed month is as it was stored; `zone` is that of a branch which has not told its own.
    """
    own = {"branch": branch} if branch else {}
    clocks = await mongo.find(MonthClock, own)
    closed = await mongo.find(ClosedMonth, {"month": month, **own})
    figures = [one.figures for one in closed]
    done = {one.branch for one in closed}
    still: dict[MonthSpan, list[str]] = defaultdict(list)
    for clock in clocks:
        if clock.id not in done:
            still[clock.span_of(month)].append(clock.id)
    for span, names in still.items():
        figures.append(await sum_figures(mongo.aggregate, registered_in(*span, {"$in": names})))
    known = done | {clock.id for clock in clocks}
    if branch is None or branch not in known:
        others = {"$nin": sorted(known)} if branch is None else branch
        figures.append(await sum_figures(mongo.aggregate, registered_in(*month_span(month, zone), others)))
    return MonthKpis(
        month=month,
        branch=branch,
        closed=bool(closed) and not still,
        kpis=sum_up(*figures).kpis,
        corrections=tuple(line for one in closed for line in one.corrections),
    )


async def sum_figures(aggregate: Aggregating, match: dict[str, Any]) -> SummedFigures:
    """Return the sums over the timelines that match."""
    sums = {name: {"$sum": f"$figures.{name}"} for name in SUMMED}
    rows = await aggregate(Timeline, [{"$match": match}, {"$group": {"_id": None, "requests": {"$sum": 1}, **sums}}])
    totals = {name: rows[0][name] if rows else 0 for name in ("requests", *SUMMED)}
    response = await _counted(aggregate, match, "figures.response_seconds")
    resolution = await _counted(aggregate, match, "figures.resolution_seconds")
    return SummedFigures(totals=totals, response=response, resolution=resolution)


async def _counted(aggregate: Aggregating, match: dict[str, Any], field: str) -> tuple[tuple[int, int], ...]:
    """Return how often each duration occurs, which is a short list for any number of requests."""
    pipeline: list[dict[str, Any]] = [
        {"$match": match | {field: {"$ne": None}}},
        {"$group": {"_id": f"${field}", "times": {"$sum": 1}}},
        {"$sort": {"_id": 1}},
    ]
    return tuple((row["_id"], row["times"]) for row in await aggregate(Timeline, pipeline))
