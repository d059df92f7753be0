"""Surveys, which are found only by their token."""

from datetime import datetime
from typing import Any

from aftersales.engine import Aggregate, Index, Retained

from .domain import Survey

INDEXES: dict[type[Aggregate], tuple[Index, ...]] = {
    Survey: (),
}


def _surveys(before: datetime) -> dict[str, Any]:
    return {"state": "answered", "answered_at": {"$lt": before}}


RETAINED = (Retained(Survey, _surveys),)
