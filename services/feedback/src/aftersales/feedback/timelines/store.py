"""Timelines and their indexes."""

from datetime import datetime
from typing import Any

from aftersales.engine import Aggregate, Index, Retained

from .domain import Timeline

INDEXES: dict[type[Aggregate], tuple[Index, ...]] = {
    Timeline: (Index("branch", "registered_at"), Index("registered_at")),
}


def _timelines(before: datetime) -> dict[str, Any]:
    """Return the filter for timelines of closed and cancelled requests that are unchanged since `before`."""
    return {"facts.milestone": {"$in": ["closed", "cancelled"]}, "facts.at": {"$not": {"$gte": before}}}


RETAINED = (Retained(Timeline, _timelines),)
