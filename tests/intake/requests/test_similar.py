"""Requests that may be the same one, and what a desk sees before it saves (INT-2)."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from aftersales.intake.archive.domain.product import CardEntry
from aftersales.intake.requests.domain.form import RegisterRequest
from aftersales.intake.requests.domain.preview import Found, preview
from aftersales.intake.requests.domain.registration import Archive, Taken, register
from aftersales.intake.requests.domain.request import Ground, ServiceRequest
from aftersales.intake.requests.domain.similar import Subject, similar
from aftersales.values.errors import DomainError

NOW = datetime(2026, 11, 22, 4, tzinfo=UTC)
WITHIN = timedelta(hours=72)
Form = Callable[..., RegisterRequest]


def alike(request: ServiceRequest, subject: Subject, now: datetime = NOW) -> list[tuple[str, ...]]:
    return [found.reasons for found in similar([request, request], subject, WITHIN, now)]


@pytest.mark.parametrize(
    ("customer", "serial", "fault", "reasons"),
    [
        ("c-1", "RF-0001", "not_cooling", ("same_person", "same_product", "same_fault")),
        ("c-1", "RF-0002", "not_cooling", ("same_person", "same_fault")),
        (None, "RF-0001", "not_cooling", ("same_product", "same_fault")),
        ("c-2", "RF-0001", "not_cooling", ("same_product", "same_fault")),
        ("c-2", "RF-0002", "not_cooling", None),
        ("c-1", "RF-0001", "noisy", None),
    ],
)
def test_a_request_is_like_another_by_person_or_product_and_always_by_fault(
    customer: str | None, serial: str, fault: str, reasons: tuple[str, ...] | None, registered: ServiceRequest
) -> None:
    assert alike(registered, Subject(customer, serial, fault, NOW)) == ([reasons] if reasons else [])


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
    subject = Subject("c-1", "RF-0001", "not_cooling", NOW + age)
    assert bool(alike(registered.but(state=state), subject, NOW + age)) is found


def test_a_request_is_not_like_itself_and_the_newest_comes_first(registered: ServiceRequest) -> None:
    older = registered.but(id="SR-2", registered_at=NOW - timedelta(minutes=90))
    newer = registered.but(id="SR-3", registered_at=NOW - timedelta(minutes=6))
    subject = Subject("c-1", "RF-0001", "not_cooling", NOW, number=registered.id)
    found = similar([older, registered, newer], subject, WITHIN, NOW)
    assert [(one.request, one.hours_ago, one.owner) for one in found] == [
        ("SR-3", 0.1, "desk-7"),
        ("SR-2", 1.5, "desk-7"),
    ]


def test_what_is_shown_is_what_saving_brings(form: Form, archive: Archive, ground: Ground) -> None:
    """INT-2, INT-5, INT-6, ALL-3."""
    taken = Taken("desk-7", NOW)
    shown = preview(form(urgency=3, danger=True), Found(archive.customer, archive.product), taken, ground)
    saved, _ = register("SR-1", form(urgency=3, danger=True), archive, taken, ground)
    assert shown.coverage is not None
    assert saved.coverage is not None
    assert shown.coverage.why["en"] == saved.coverage.why["en"] == "Refrigerator repairs are never charged"
    assert (shown.priority, shown.policy, shown.cases) == (1, saved.policy, ("emergency",))
    promised = {promise.stage: promise.deadline for promise in shown.promises}
    assert promised.items() >= {clock.stage: clock.deadline for clock in saved.clocks}.items()
    assert promised["dispatch"] == NOW + timedelta(minutes=15)
    assert shown.customer is not None
    assert (shown.customer.id, shown.customer.name, shown.duplicates, shown.repeats) == ("c-1", "王芳", (), None)


def test_what_nobody_is_sent_for_promises_no_visit(form: Form, archive: Archive, ground: Ground) -> None:
    shown = preview(form(kind="consultation"), Found(archive.customer, archive.product), Taken("desk-7", NOW), ground)
    assert "dispatch" not in {promise.stage for promise in shown.promises}
    assert shown.promises


def test_somebody_new_with_something_new_is_shown_as_unknown(form: Form, ground: Ground) -> None:
    shown = preview(form(), Found(None, None), Taken("desk-7", NOW), ground)
    assert (shown.customer, shown.product, shown.priority) == (None, None, 3)
    assert shown.coverage.inputs.purchased_on == date(2026, 1, 31)


def test_what_was_said_otherwise_of_a_product_is_named(form: Form, archive: Archive, ground: Ground) -> None:
    known = archive.product.but(model="BCD-300", customer="c-9", purchased_on=date(2025, 5, 5))
    shown = preview(form(), Found(archive.customer, known), Taken("desk-7", NOW), ground).product
    assert shown is not None
    assert (shown.somebody_elses, shown.differs, shown.model) == (True, ("model", "purchased_on"), "BCD-300")
    mine = preview(form(), Found(archive.customer, archive.product), Taken("desk-7", NOW), ground).product
    assert mine is not None
    assert (mine.somebody_elses, mine.differs) == (False, ("purchased_on",))


def test_a_repair_that_did_not_hold_is_shown(form: Form, archive: Archive, ground: Ground) -> None:
    """INT-9."""
    entry = CardEntry(
        request="SR-0", visit=1, at=NOW, fault="not_cooling", cause="worn", solution="replaced", technician="T-9"
    )
    known = archive.product.but(warranty_card=(entry,))
    shown = preview(form(), Found(archive.customer, known), Taken("desk-7", NOW), ground)
    assert (shown.repeats, shown.priority) == (entry, 2)


def test_what_could_not_be_saved_cannot_be_looked_at(form: Form, archive: Archive, ground: Ground) -> None:
    tomorrow = form(product={"serial": "X1", "model": "M", "line": "baler", "purchased_on": "2026-11-23"})
    with pytest.raises(DomainError) as refused:
        preview(tomorrow, Found(archive.customer, None), Taken("desk-7", NOW), ground)
    assert refused.value.code == "product.purchased_in_future"
