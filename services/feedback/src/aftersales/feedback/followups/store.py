"""Callbacks and their indexes."""

from datetime import datetime
from typing import Any

from aftersales.engine import Aggregate, Index, Retained

from .domain import FollowUp

INDEXES: dict[type[Aggregate], tuple[Index, ...]] = {
    FollowUp: (Index("branch", "state", "-_id"), Index("branch", "-_id"), Index("state", "-_id")),
}


def _followups(before: datetime) -> dict[str, Any]:
    return {"state": "done", "done_at": {"$lt": before}}


RETAINED = (Retained(FollowUp, _followups),)
