"""Many requests at once, stored as they are: for lists, boards and files."""

from datetime import UTC, datetime, timedelta
from typing import Any

from aftersales.common.events.intake import ProductRef
from aftersales.common.mongo import Writes, to_document
from aftersales.intake.requests.domain.due import pressing_key
from aftersales.intake.requests.domain.request import ServiceRequest
from aftersales.testing.system import RunningService

NOW = datetime(2026, 11, 23, 1, 0, tzinfo=UTC)
"""When the clock of the tests begins."""


def request(number: int, **changes: Any) -> ServiceRequest:
    """One of many: the higher its number, the later it was registered."""
    shared = {"branch": "BJ01", "channel": "phone", "customer": "c-1", "address": "建国路 1 号", "kind": "repair"}
    made = ServiceRequest(
        id=f"SR-261122-{number:04d}",
        version=1,
        fault="no-cooling",
        description="不制冷",
        urgency=2,
        priority=3,
        owner="desk-7",
        product=ProductRef(serial=f"RF-{number}", model="BCD-258", line="refrigerator"),
        registered_at=NOW + timedelta(minutes=number),
        **shared,
    )
    pressing = pressing_key(changes.get("due_at"), danger=changes.get("danger", False))
    return made.but(**{"tail": f"{number:04d}", "pressing": pressing if changes.get("open", True) else None} | changes)


async def store(intake: RunningService, *requests: ServiceRequest) -> None:
    writes = Writes()
    writes.insert("requests", *(to_document(one) for one in requests))
    await intake.runtime.mongo.commit(writes)


def due(hours: float | None, stage: str = "visit") -> dict[str, Any]:
    at = None if hours is None else NOW + timedelta(hours=hours)
    return {"due_at": at, "at_risk_at": at and at - timedelta(hours=1), "stage": stage}
