"""Issue slips and their indexes."""

from datetime import datetime
from typing import Any

from aftersales.engine import Aggregate, Index, Retained

from .domain import ENDED, IssueSlip

INDEXES: dict[type[Aggregate], tuple[Index, ...]] = {
    IssueSlip: (Index("branch", "state", "-_id"), Index("branch", "-_id"), Index("state", "-_id")),
}


def _slips(before: datetime) -> dict[str, Any]:
    """Slips that are used up or cancelled, by the day in their number: they hold no time of their own."""
    return {"state": {"$in": ENDED}, "_id": {"$lt": f"IS-{before:%y%m%d}"}}


RETAINED = (Retained(IssueSlip, _slips),)
