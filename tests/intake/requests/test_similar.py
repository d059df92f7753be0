"""Requests that may be the same one (INT-2)."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from aftersales.intake.requests.domain.request import ServiceRequest
from aftersales.intake.requests.domain.similar import SimilarSubject, choose_similar

NOW = datetime(2026, 11, 22, 4, tzinfo=UTC)
WITHIN = timedelta(hours=72)


def alike(request: ServiceRequest, subject: SimilarSubject, now: datetime = NOW) -> list[tuple[str, ...]]:
    return [found.reasons for found in choose_similar([request, request], subject, WITHIN, now)]


@pytest.mark.parametrize(
    ("customer", "serial", "fault", "reasons"),
    [
        ("c-1", "RF-0001", "no-cooling", ("same_person", "same_product", "same_fault")),
        ("c-1", "RF-0002", "no-cooling", ("same_person", "same_fault")),
        (None, "RF-0001", "no-cooling", ("same_product", "same_fault")),
        ("c-2", "RF-0001", "no-cooling", ("same_product", "same_fault")),
        ("c-2", "RF-0002", "no-cooling", None),
        ("c-1", "RF-0001", "noisy", None),
    ],
)
def test_a_request_is_like_another_by_person_or_product_and_always_by_fault(
    customer: str | None, serial: str, fault: str, reasons: tuple[str, ...] | None, registered: ServiceRequest
) -> None:
    assert alike(registered, SimilarSubject(customer, serial, fault, NOW)) == ([reasons] if reasons else [])


@pytest.mark.parametrize(
    ("state", "age", "found"),
    [
        ("registered", timedelta(days=400), True),
        ("reopened", timedelta(days=400), True),
        ("resolved", WITHIN, True),
        ("closed", WITHIN, True),
        ("closed", WITHIN + timedelta(milliseconds=1), False),
        ("cancelled", timedelta(0), False),
    ],
)
def test_open_requests_and_recent_ones_may_be_the_same(
    state: Any, age: timedelta, found: bool, registered: ServiceRequest
) -> None:
    subject = SimilarSubject("c-1", "RF-0001", "no-cooling", NOW + age)
    assert bool(alike(registered.but(state=state), subject, NOW + age)) is found


def test_a_request_is_not_like_itself_and_the_newest_comes_first(registered: ServiceRequest) -> None:
    older = registered.but(id="SR-2", registered_at=NOW - timedelta(minutes=90))
    newer = registered.but(id="SR-3", registered_at=NOW - timedelta(minutes=6))
    subject = SimilarSubject("c-1", "RF-0001", "no-cooling", NOW, number=registered.id)
    found = choose_similar([older, registered, newer], subject, WITHIN, NOW)
    assert [(one.request, one.hours_ago, one.owner) for one in found] == [
        ("SR-3", 0.1, "desk-7"),
        ("SR-2", 1.5, "desk-7"),
    ]
