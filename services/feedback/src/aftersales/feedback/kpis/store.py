"""The sums behind the key figures, over timelines."""

from datetime import datetime
from typing import Any

from aftersales.engine import Mongo
from aftersales.feedback.timelines.domain import SUMMED, Timeline

from .domain import Counts, Kpis, compute_kpis


async def key_figures(mongo: Mongo, since: datetime, until: datetime, branch: str | None) -> Kpis:
    """Return key figures of the requests registered in [since, until), of one branch or all (FBK-8).

    A request that was registered twice counts once.
    """
    match: dict[str, Any] = {"registered_at": {"$gte": since, "$lt": until}, "duplicate_of": None}
    if branch:
        match["branch"] = branch
    sums = {name: {"$sum": f"$figures.{name}"} for name in SUMMED}
    group = {"$group": {"_id": None, "requests": {"$sum": 1}, **sums}}
    rows = await mongo.aggregate(Timeline, [{"$match": match}, group])
    totals = rows[0] if rows else dict.fromkeys(("requests", *SUMMED), 0)
    response = await _counted(mongo, match, "figures.response_seconds")
    return compute_kpis(totals, response, await _counted(mongo, match, "figures.resolution_seconds"))


async def _counted(mongo: Mongo, match: dict[str, Any], field: str) -> Counts:
    """Return how often each duration occurs, which is a short list for any number of requests."""
    pipeline: list[dict[str, Any]] = [
        {"$match": match | {field: {"$ne": None}}},
        {"$group": {"_id": f"${field}", "times": {"$sum": 1}}},
        {"$sort": {"_id": 1}},
    ]
    return [(row["_id"], row["times"]) for row in await mongo.aggregate(Timeline, pipeline)]
