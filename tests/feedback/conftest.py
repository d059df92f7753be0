"""The events and documents of feedback's tests."""

from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from common.answers import watch
from common.heard import DecodedEvents, hear_events

from aftersales.common.events import Event
from aftersales.common.events.dispatch import RepairCompleted
from aftersales.feedback.followups.domain import FollowUp, Plan, schedule_followup
from aftersales.feedback.main import build_service
from aftersales.feedback.settings import Settings
from aftersales.feedback.timelines.domain import MILESTONES
from aftersales.policy.sla import Terms
from aftersales.testing import ManualClock
from aftersales.testing.system import RunningService, RunningSystem, start_system

NOW = datetime(2026, 11, 22, 4, 0, tzinfo=UTC)
NUMBER = "SR-261122-7K3F"
SAID: dict[str, Any] = {
    "request": NUMBER,
    "order": "WO-261122-7K3F",
    "slip": "IS-261122-7K3F",
    "followup": "FU-261122-7K3F-1",
    "branch": "BJ01",
    "customer": "c-1",
    "technician": "T-9",
    "product": {"serial": "RF-0001", "model": "BCD-258", "line": "refrigerator"},
    "kind": "repair",
    "channel": "phone",
    "owner": "desk-7",
    "fault": "no-cooling",
    "priority": 3,
    "appointment_start": NOW,
    "appointment_end": NOW + timedelta(hours=2),
    "reason": "busy",
    "cause": "worn",
    "solution": "replaced",
    "lines": (),
    "missing": (),
    "on_time": True,
    "outcome": "reached",
    "clerk": "clerk-3",
    "mark": 4.5,
    "satisfied": True,
    "repeats": "SR-261101-0001",
    "report_to": "supervisor",
    "claim": True,
}


def said(kind: type[Event], hours: float = 0, visit: int = 1, **changes: Any) -> Any:
    """One event of this kind, so many hours after the contact."""
    at = NOW + timedelta(hours=hours)
    time = {MILESTONES[kind][1]: at} if kind in MILESTONES else {"at": at}
    return kind.model_validate(SAID | {"visit": visit} | time | changes)


@pytest.fixture
def now() -> datetime:
    return NOW


@pytest.fixture
def say() -> Callable[..., Any]:
    return said


@pytest.fixture
def planned() -> Plan:
    """Three hours after the repair, within an hour, warned of at 80 %."""
    return Plan(due_at=NOW + timedelta(hours=3), terms=Terms(target=timedelta(hours=1)))


@pytest.fixture
def scheduled(planned: Plan) -> FollowUp:
    return schedule_followup(said(RepairCompleted), planned)


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(NOW)


@pytest.fixture
async def built(urls: Any, clock: ManualClock) -> AsyncIterator[RunningSystem]:
    async with start_system(urls, clock, [(build_service, Settings)]) as system:
        watch(system)
        yield system


@pytest.fixture
def feedback(built: RunningSystem) -> RunningService:
    return built.feedback


@pytest.fixture
async def heard(built: RunningSystem) -> AsyncIterator[DecodedEvents]:
    """What feedback has published since."""
    async with hear_events(built, built.feedback) as all_of:
        yield all_of
