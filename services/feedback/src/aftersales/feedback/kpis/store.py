"""The sums behind the key figures, over timelines."""

from datetime import datetime
from typing import Any

from aftersales.engine import Reads
from aftersales.feedback.timelines.domain import SUMMED, Timeline

from .domain import Counts, Kpis, TechnicianFigures, compute_kpis, figures_of


def _registered(since: datetime, until: datetime, branch: str | None) -> dict[str, Any]:
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
        {"$match": _registered(since, until, branch)},
        {"$unwind": "$facts"},
        {"$match": {"facts.milestone": {"$in": ["repaired", "repeat_found"]}, "facts.technician": {"$ne": None}}},
        {"$group": {"_id": "$facts.technician", "repairs": count("repaired"), "again": count("repeat_found")}},
        {"$sort": {"_id": 1}},
    ]
    return [figures_of(row["_id"], row["repairs"], row["again"]) for row in await mongo.aggregate(Timeline, pipeline)]


async def key_figures(mongo: Reads, since: datetime, until: datetime, branch: str | None) -> Kpis:
    """Return key figures of the requests registered in [since, until), of one branch or all (FBK-8)."""
    match = _registered(since, until, branch)
    sums = {name: {"$sum": f"$figures.{name}"} for name in SUMMED}
    group = {"$group": {"_id": None, "requests": {"$sum": 1}, **sums}}
    rows = await mongo.aggregate(Timeline, [{"$match": match}, group])
    totals = rows[0] if rows else dict.fromkeys(("requests", *SUMMED), 0)
    response = await _counted(mongo, match, "figures.response_seconds")
    return compute_kpis(totals, response, await _counted(mongo, match, "figures.resolution_seconds"))


async def _counted(mongo: Reads, match: dict[str, Any], field: str) -> Counts:
    """Return how often each duration occurs, which is a short list for any number of requests."""
    pipeline: list[dict[str, Any]] = [
        {"$match": match | {field: {"$ne": None}}},
        {"$group": {"_id": f"${field}", "times": {"$sum": 1}}},
        {"$sort": {"_id": 1}},
    ]
    return [(row["_id"], row["times"]) for row in await mongo.aggregate(Timeline, pipeline)]
