"""Repeat repairs (INT-9): the same fault of the same product, within the policy's window."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from aftersales.common.events.intake import RepeatRepairFound
from aftersales.intake.archive.domain.card import CardEntry
from aftersales.intake.requests.domain.form import RegisterRequest
from aftersales.intake.requests.domain.registration import Archive, Taken, register_request
from aftersales.intake.requests.domain.request import Ground, ServiceRequest
from aftersales.policy.presets import load_presets

NOW = datetime(2026, 11, 22, 4, tzinfo=UTC)
WINDOW = timedelta(days=30)
Form = Callable[..., RegisterRequest]


def entry(ago: timedelta, request: str = "SR-0", fault: str = "no-cooling") -> CardEntry:
    return CardEntry(
        request=request, visit=1, at=NOW - ago, fault=fault, cause="worn", solution="replaced", technician="T-9"
    )


@pytest.fixture
def again(archive: Archive, ground: Ground) -> Callable[..., tuple[ServiceRequest, list[RepeatRepairFound]]]:
    """A request about a product with this card."""

    def make(form: RegisterRequest, *card: CardEntry, ground: Ground = ground) -> Any:
        known = Archive(archive.customer, archive.product.but(warranty_card=card))
        request, events = register_request("SR-1", form, known, Taken("desk-7", NOW), ground)
        return request, [event for event in events if isinstance(event, RepeatRepairFound)]

    return make


Again = Callable[..., tuple[ServiceRequest, list[RepeatRepairFound]]]


@pytest.mark.parametrize(
    ("ago", "repeated"),
    [
        (timedelta(0), True),
        (WINDOW, True),
        (WINDOW + timedelta(milliseconds=1), False),
        (-timedelta(milliseconds=1), False),
    ],
)
def test_the_window_is_counted_from_the_first_repair(ago: timedelta, repeated: bool, again: Again, form: Form) -> None:
    request, events = again(form(), entry(ago))
    assert (request.repeats, len(events)) == (("SR-0", 1) if repeated else (None, 0))


def test_it_is_linked_to_the_first_repair_raised_and_reported(again: Again, form: Form) -> None:
    """INT-9, and the appliance policy guarantees repairs (S0:2): a claim is to be opened."""
    request, (told,) = again(form(), entry(WINDOW * 2, "SR-A"), entry(WINDOW / 2, "SR-B"), entry(timedelta(1), "SR-C"))
    assert (request.repeats, request.priority) == ("SR-B", 2)
    assert (told.repeats, told.technician, told.report_to, told.claim) == ("SR-B", "T-9", "supervisor", True)
    assert (told.request, told.fault, told.product.serial, told.found_at) == ("SR-1", "no-cooling", "RF-0001", NOW)
    assert again(form())[0].priority == 3


def test_another_fault_is_not_a_repeat(again: Again, form: Form) -> None:
    request, events = again(form(), entry(timedelta(1), fault="noisy"))
    assert (request.repeats, request.priority, events) == (None, 3, [])


def test_only_a_repair_is_a_repeat_repair(again: Again, form: Form) -> None:
    """Maintenance twice a month is what somebody ordered."""
    request, events = again(form(kind="maintenance", fault=None), entry(timedelta(1), fault="maintenance"))
    assert (request.fault, request.repeats, events) == ("maintenance", None, [])


def test_what_is_most_pressing_already_is_not_raised(again: Again, form: Form) -> None:
    assert again(form(danger=True), entry(timedelta(1)))[0].priority == 1


@pytest.mark.parametrize("policy", load_presets(), ids=lambda policy: policy.name)
def test_a_claim_is_opened_only_where_the_policy_guarantees_repairs(
    policy: Any, again: Again, form: Form, ground: Ground
) -> None:
    """S0:2 is the appliance maker's promise."""
    request, events = again(form(), entry(timedelta(1)), ground=Ground(ground.branch, policy))
    if policy.repeat_repair is None:
        assert (request.repeats, events) == (None, [])
    else:
        assert events[0].claim is (policy.name == "appliance")


def test_a_claim_is_opened_only_for_the_lines_whose_repairs_are_guaranteed(
    again: Again, form: Form, ground: Ground
) -> None:
    """INT-9, S0:2: refrigerators; every line of `appliance` opened one."""
    assert ground.policy.repeat_repair is not None
    assert ground.policy.repeat_repair.claim_lines == ("refrigerator",)
    others = ground.policy.repeat_repair.model_copy(update={"claim_lines": ("washing-machine",)})
    policy = ground.policy.model_copy(update={"repeat_repair": others})
    for one, claim in ((ground.policy, True), (policy, False)):
        _, (told,) = again(form(), entry(timedelta(1)), ground=Ground(ground.branch, one))
        assert told.claim is claim


def test_a_policy_without_the_rule_finds_nothing(again: Again, form: Form, ground: Ground) -> None:
    policy = ground.policy.model_copy(update={"repeat_repair": None})
    request, events = again(form(), entry(timedelta(1)), ground=Ground(ground.branch, policy))
    assert (request.repeats, request.priority, events) == (None, 3, [])
