"""Issue slips and their indexes."""

from datetime import datetime
from typing import Any

from aftersales.engine import Aggregate, Index, Retained

from .domain import ENDED, IssueSlip

INDEXES: dict[type[Aggregate], tuple[Index, ...]] = {
    IssueSlip: (Index("branch", "state", "-_id"), Index("branch", "-_id"), Index("state", "-_id")),
}


def _slips(before: datetime) -> dict[str, Any]:
    """Return the filter for used or cancelled slips, by the day in their number, because slips store no time."""
    return {"state": {"$in": ENDED}, "_id": {"$lt": f"IS-{before:%y%m%d}"}}


RETAINED = (Retained(IssueSlip, _slips),)
