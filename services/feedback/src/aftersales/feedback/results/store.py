"""Results of cases and their indexes."""

from datetime import datetime
from typing import Any

from aftersales.engine import Aggregate, Document, Index, Retained

from .domain import CaseResults, DepartmentResult

INDEXES: dict[type[Aggregate], tuple[Index, ...]] = {
    DepartmentResult: (
        Index("department", "state", "-handed_at", "-_id"),
        Index("department", "branch", "state", "-handed_at", "-_id"),
    ),
    CaseResults: (Index("branch", "-_id"),),
}


def _results(before: datetime) -> dict[str, Any]:
    return {"state": "acknowledged", "acknowledged_at": {"$lt": before}}


def _cases(before: datetime) -> dict[str, Any]:
    return {"ended_at": {"$lt": before}}


RETAINED = (Retained(DepartmentResult, _results), Retained(CaseResults, _cases))


def overdue_results(now: datetime) -> Document:
    """Return the filter for open results whose deadline has passed."""
    return {"state": "open", "clocks": {"$elemMatch": {"ended_at": None, "deadline": {"$lte": now}}}}


def count_results(now: datetime) -> list[Document]:
    """Return the pipeline that counts results by department."""
    late = {"$anyElementTrue": {"$map": {"input": "$clocks", "in": {"$lte": ["$$this.deadline", now]}}}}
    is_open = {"$eq": ["$state", "open"]}
    return [
        {
            "$group": {
                "_id": "$department",
                "open": {"$sum": {"$cond": [is_open, 1, 0]}},
                "overdue": {"$sum": {"$cond": [{"$and": [is_open, late]}, 1, 0]}},
                "acknowledged": {"$sum": {"$cond": [is_open, 0, 1]}},
            }
        },
        {"$sort": {"_id": 1}},
    ]
