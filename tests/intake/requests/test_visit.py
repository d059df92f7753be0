"""The request knows who comes when and how far they are, in whatever order it is told (INT-11)."""

from datetime import timedelta
from itertools import permutations
from typing import Any

import pytest

from aftersales.common.events.dispatch import (
    AppointmentMoved,
    AssignmentDeclined,
    PlanWithdrawn,
    TechnicianArrived,
    TechnicianDeparted,
)
from aftersales.intake.requests.domain.progress import note_visit, record_parts, reopen_request, resolve_request
from aftersales.intake.requests.domain.request import Ground, ServiceRequest
from aftersales.intake.requests.domain.visit import VisitProgress, read_progress
from aftersales.values.errors import NotYet


@pytest.fixture
def tell(say: Any, now: Any) -> Any:
    """Events about the first visit, so many hours after the registration."""
    plan = {"technician": "T-9", "appointment_start": now, "appointment_end": now + timedelta(hours=2)}
    moved = {"appointment_start": now + timedelta(days=1), "appointment_end": now + timedelta(days=2), "reason": "x"}
    more: dict[str, Any] = {
        "declined": (AssignmentDeclined, {"technician": "T-9", "reason": "far"}),
        "withdrawn": (PlanWithdrawn, {"plan": 1}),
        "moved": (AppointmentMoved, moved),
        "departed": (TechnicianDeparted, {"technician": "T-9"}),
        "arrived": (TechnicianArrived, {"technician": "T-9", "on_time": True}),
    }

    def event(name: str, hours: float, visit: int = 1) -> Any:
        about = {"request": "SR-261122-7K3F", "branch": "BJ01", "visit": visit, "at": now + timedelta(hours=hours)}
        if name in more:
            kind, said = more[name]
            return kind(order="WO-261122-7K3F", **about, **said)
        if name == "assigned":
            assigned = say["assigned"](visit)
            return assigned.model_copy(update={"at": about["at"], **plan})
        return say[name](visit, int(hours * 10), at=about["at"])

    return event


def follow(request: ServiceRequest, *events: Any) -> VisitProgress:
    for event in events:
        request = note_visit(request, event)
    return read_progress(request.visit_facts, request.visit)


@pytest.mark.parametrize(
    ("story", "expected"),
    [
        ([], ("unplanned", None, None, False)),
        (["assigned"], ("planned", "T-9", 0, False)),
        (["assigned", "moved"], ("planned", "T-9", 1, False)),
        (["assigned", "declined"], ("unplanned", None, None, False)),
        (["assigned", "withdrawn", "assigned"], ("planned", "T-9", 0, False)),
        (["assigned", "departed"], ("on_the_way", "T-9", 0, False)),
        (["assigned", "departed", "arrived"], ("arrived", "T-9", 0, False)),
        (["assigned", "short"], ("planned", "T-9", 0, True)),
        (["assigned", "departed", "arrived", "short"], ("unplanned", "T-9", None, True)),
        (["assigned", "arrived", "short", "reserved", "moved"], ("planned", "T-9", 1, False)),
    ],
)
def test_int_11_the_request_knows_the_visit_in_each_order_of_its_events(
    registered: ServiceRequest, tell: Any, story: list[str], expected: tuple[Any, ...]
) -> None:
    step, technician, appointed, missing = expected
    events = [tell(name, hours) for hours, name in enumerate(story)]
    start = None if appointed is None else registered.registered_at + timedelta(days=appointed)
    for order in permutations(events):
        found = follow(registered, *order, *order)
        assert (found.step, found.technician, found.start, found.part_missing) == (step, technician, start, missing)


def test_int_11_a_new_visit_begins_without_the_plan_of_the_last_one(
    registered: ServiceRequest, tell: Any, say: Any, ground: Ground
) -> None:
    known = note_visit(registered, tell("arrived", 1))
    with pytest.raises(NotYet):
        note_visit(known, tell("departed", 3, visit=2))
    resolved, _ = resolve_request(known, say["repaired"](1), ground)
    again, _ = reopen_request(resolved, say["dissatisfied"](1), ground)
    assert read_progress(again.visit_facts, again.visit) == VisitProgress()
    assert note_visit(again, tell("arrived", 1)) == again, "late news of the last visit"
    assert follow(again, tell("departed", 3, visit=2)).step == "on_the_way"


def test_int_11_an_older_version_of_the_parts_slip_says_nothing_new(registered: ServiceRequest, tell: Any) -> None:
    known, _ = record_parts(registered, tell("reserved", 2))
    assert record_parts(known, tell("short", 1))[0] == known
