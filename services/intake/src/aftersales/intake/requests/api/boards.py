"""HTTP API: the board of a branch, counted from one index (`requests/store.py`) without reading any request."""

import asyncio
from collections import defaultdict
from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Path
from pydantic import BaseModel

from aftersales.engine import PROBLEMS, Document, NotFound, RequestContext
from aftersales.intake.network.domain import Branch
from aftersales.intake.requests.domain.request import ServiceRequest
from aftersales.values import Code

router = APIRouter(responses=PROBLEMS)
BoardBranchCode = Annotated[Code, Path()]
"""The code of the branch."""


class Counts(BaseModel):
    """Numbers of open requests by the status of the promise that is due next."""

    on_track: int = 0
    at_risk: int = 0
    overdue: int = 0
    paused: int = 0


class Oldest(BaseModel):
    id: str
    registered_at: datetime


class Board(BaseModel):
    """Open requests of a branch now. Requests without a promise are counted under the stage `-`."""

    branch: str
    at: datetime
    open: int
    stages: dict[str, Counts]
    owners: dict[str, Counts]
    oldest: Oldest | None
    danger: int = 0
    """Requests with danger."""
    most_pressing: str | None = None
    """The request that comes first: danger, then the earliest deadline in any service."""
    next_due_at: datetime | None


@router.get("/boards/branch/{code}")
async def show_board(code: BoardBranchCode, context: RequestContext) -> Board:
    """Count the branch's open requests by stage and by owner (ALL-3)."""
    context.caller.scope.must_cover(code)
    now = context.now
    branch, rows = await asyncio.gather(
        context.mongo.get(Branch, code), context.mongo.aggregate(ServiceRequest, counting_pipeline(code, now))
    )
    if branch is None:
        raise NotFound("branches.unknown", id=code)
    return _board(code, now, rows)


def counting_pipeline(branch: str, now: datetime) -> list[Document]:
    """Return the pipeline that counts by stage, owner and status."""
    status = {
        "$switch": {
            "branches": [
                {"case": {"$eq": ["$stage", None]}, "then": "on_track"},
                {"case": {"$eq": ["$due_at", None]}, "then": "paused"},
                {"case": {"$lte": ["$due_at", now]}, "then": "overdue"},
                {"case": {"$and": ["$at_risk_at", {"$lte": ["$at_risk_at", now]}]}, "then": "at_risk"},
            ],
            "default": "on_track",
        }
    }
    figures = {
        "count": {"$sum": 1},
        "due_at": {"$min": "$due_at"},
        "danger": {"$sum": {"$cond": [{"$lt": ["$pressing", "1"]}, 1, 0]}},
        "pressing": {"$min": {"key": "$pressing", "id": "$_id"}},
        "oldest": {"$min": {"registered_at": "$registered_at", "id": "$_id"}},
    }
    by = {"stage": "$stage", "owner": "$owner", "status": status}
    return [{"$match": {"open": True, "branch": branch}}, {"$group": {"_id": by, **figures}}]


def _board(branch: str, now: datetime, rows: list[Document]) -> Board:
    stages: dict[str, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    owners: dict[str, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    for row in rows:
        by: dict[str, Any] = row["_id"]
        stages[by["stage"] or "-"][by["status"]] += row["count"]
        owners[by["owner"]][by["status"]] += row["count"]
    return Board(
        branch=branch,
        at=now,
        open=sum(row["count"] for row in rows),
        stages={stage: Counts(**counts) for stage, counts in sorted(stages.items())},
        owners={owner: Counts(**counts) for owner, counts in sorted(owners.items())},
        oldest=min((Oldest(**row["oldest"]) for row in rows), key=lambda one: one.registered_at, default=None),
        danger=sum(row["danger"] for row in rows),
        most_pressing=min(((row["pressing"]["key"], row["pressing"]["id"]) for row in rows), default=(None, None))[1],
        next_due_at=min((row["due_at"] for row in rows if row["due_at"]), default=None),
    )
