"""Feedback's documents, their indexes, and the sums behind the key figures."""

from datetime import datetime
from typing import Any

from aftersales.common.aggregate import Aggregate
from aftersales.common.archive.retained import Retained
from aftersales.common.branch_hours import BranchHours
from aftersales.common.heartbeat import Heartbeat
from aftersales.common.mongo import Index, Mongo
from aftersales.common.policies import PolicyList, PublishedPolicy

from .domain.followup import FollowUp
from .domain.kpi import Counts, Kpis, kpis
from .domain.survey import Survey
from .domain.timeline import SUMMED, Timeline

INDEXES: dict[type[Aggregate], tuple[Index, ...]] = {
    BranchHours: (),
    FollowUp: (Index("branch", "state", "-_id"), Index("branch", "-_id"), Index("state", "-_id")),
    Survey: (),
    Timeline: (Index("branch", "registered_at"), Index("registered_at")),
    Heartbeat: (),
    PolicyList: (),
    PublishedPolicy: (),
}


def _followups(before: datetime) -> dict[str, Any]:
    return {"state": "done", "done_at": {"$lt": before}}


def _surveys(before: datetime) -> dict[str, Any]:
    return {"state": "answered", "answered_at": {"$lt": before}}


def _timelines(before: datetime) -> dict[str, Any]:
    """Timelines of closed and cancelled requests to which nothing has happened since then."""
    return {"facts.milestone": {"$in": ["closed", "cancelled"]}, "facts.at": {"$not": {"$gte": before}}}


RETAINED = (Retained(FollowUp, _followups), Retained(Survey, _surveys), Retained(Timeline, _timelines))


async def key_figures(mongo: Mongo, since: datetime, until: datetime, branch: str | None) -> Kpis:
    """Key figures over the requests registered in [since, until), of one branch or all (FBK-8)."""
    match: dict[str, Any] = {"registered_at": {"$gte": since, "$lt": until}}
    if branch:
        match["branch"] = branch
    sums = {name: {"$sum": f"$figures.{name}"} for name in SUMMED}
    group = {"$group": {"_id": None, "requests": {"$sum": 1}, **sums}}
    rows = await mongo.aggregate(Timeline, [{"$match": match}, group])
    totals = rows[0] if rows else dict.fromkeys(("requests", *SUMMED), 0)
    response = await _counted(mongo, match, "figures.response_seconds")
    return kpis(totals, response, await _counted(mongo, match, "figures.resolution_seconds"))


async def _counted(mongo: Mongo, match: dict[str, Any], field: str) -> Counts:
    """How often each duration occurs: a short list however many requests there are."""
    pipeline: list[dict[str, Any]] = [
        {"$match": match | {field: {"$ne": None}}},
        {"$group": {"_id": f"${field}", "times": {"$sum": 1}}},
        {"$sort": {"_id": 1}},
    ]
    return [(row["_id"], row["times"]) for row in await mongo.aggregate(Timeline, pipeline)]
