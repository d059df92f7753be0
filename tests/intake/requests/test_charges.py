"""What is decided when a request comes in, decided again, and accepted (INT-6, DSP-17)."""

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
from intake.covers import FREE, IN, NOW, OUT, payers, preset, product
from pydantic import ValidationError

from aftersales.common.events.intake import CoverageDecided, QuotationAccepted
from aftersales.intake.archive.domain.customer import Customer
from aftersales.intake.archive.domain.product import Product
from aftersales.intake.requests.domain.charges import AcceptQuotation, accept_quotation, decide_charge
from aftersales.intake.requests.domain.coverage import CoverageCase
from aftersales.intake.requests.domain.form import RegisterRequest
from aftersales.intake.requests.domain.registration import Archive, Taken, register_request
from aftersales.intake.requests.domain.request import Ground, ServiceRequest
from aftersales.values.errors import DomainError

Form = Callable[..., RegisterRequest]


def taken_in(name: str, known: Product, form: RegisterRequest, ground: Ground) -> tuple[ServiceRequest, list[Any]]:
    """A request about the product, by the preset of that name."""
    archive = Archive(customer=_customer(), product=known)
    request, events = register_request(
        "SR-261122-7K3F", form, archive, Taken("desk-7", NOW), Ground(ground.branch, preset(name))
    )
    return request, [event for event in events if isinstance(event, CoverageDecided)]


def _customer() -> Customer:
    return Customer(id="c-1", branch="BJ01", name="王芳", phone="+8613800138000", address="朝阳区建国路 1 号")


@pytest.mark.parametrize(
    ("policy", "known", "told"),
    [
        ("appliance", product("refrigerator", None), 0),
        ("agri-machinery", product("baler"), 0),
        ("agri-machinery", product("baler", OUT), 1),
        ("enterprise", product("press", OUT), 1),
    ],
)
def test_a_decision_is_told_at_once_only_where_a_price_list_or_a_quotation_comes_first(
    policy: str, known: Product, told: int, form: Form, ground: Ground
) -> None:
    """INT-6: otherwise a request stays one event."""
    request, events = taken_in(policy, known, form(), ground)
    assert request.coverage is not None
    assert (request.coverage.inputs.cause, len(events)) == ("unknown", told)
    for event in events:
        assert (event.revised, event.on_site, event.request) == (False, True, request.id)


def test_the_cause_decides_again_and_the_decision_before_is_kept(form: Form, ground: Ground) -> None:
    """INT-6."""
    known, ground = product("baler"), Ground(ground.branch, preset("agri-machinery"))
    request, _ = taken_in("agri-machinery", known, form(), ground)
    later = Taken("dispatch-3", NOW + timedelta(days=2))
    again, (told,) = decide_charge(request, CoverageCase(known, "repair", "misuse"), ground, later)
    assert isinstance(told, CoverageDecided)
    assert (told.parts, told.labour, told.revised, told.cause) == ("cost", "free", True, "misuse")
    assert again.coverage is not None
    assert again.coverage.by == "dispatch-3"
    assert [(one.component, one.before, one.after) for one in again.coverage.differs] == [("parts", "free", "cost")]
    assert again.coverage_history == (request.coverage,)
    assert decide_charge(again, CoverageCase(known, "repair", "misuse"), ground, later) == (again, ())


def test_a_request_that_came_in_during_the_warranty_stays_in_it(form: Form, ground: Ground) -> None:
    """INT-6: however long the repair takes."""
    known = product("press", date(2025, 11, 23))
    request, events = taken_in("enterprise", known, form(), ground)
    ground = Ground(ground.branch, preset("enterprise"))
    later = Taken("desk-7", NOW + timedelta(days=9))
    again, _ = decide_charge(request, CoverageCase(known, "repair", "material"), ground, later)
    assert again.coverage is not None
    assert (events, payers(again.coverage)) == ([], FREE)


def test_a_proof_that_comes_later_makes_it_free_and_one_without_effect_is_not_told(form: Form, ground: Ground) -> None:
    """INT-6."""
    ground = Ground(ground.branch, preset("enterprise"))
    request, _ = taken_in("enterprise", product("press", None), form(), ground)
    taken = Taken("desk-7", NOW)
    free, (told,) = decide_charge(request, CoverageCase(product("press", IN), "repair"), ground, taken)
    assert free.coverage is not None
    assert (payers(free.coverage), [one.component for one in free.coverage.differs]) == (
        FREE,
        ["parts", "labour", "travel"],
    )
    assert isinstance(told, CoverageDecided)
    assert (told.quotation_first, told.revised) == (False, True)
    _, (known,) = decide_charge(request, CoverageCase(product("press", OUT), "repair"), ground, taken)
    assert (getattr(known, "warranty", None), getattr(known, "quotation_first", None)) == ("out", True)
    old, _ = taken_in("enterprise", product("press", OUT), form(), ground)
    older = OUT - timedelta(days=1)
    same, silent = decide_charge(old, CoverageCase(product("press", older), "repair"), ground, taken)
    assert silent == ()
    assert same.coverage is not None
    assert same.coverage.inputs.purchased_on == older


@pytest.mark.parametrize("state", ["closed", "cancelled"])
def test_nothing_is_decided_for_what_has_ended(state: Any, registered: ServiceRequest, ground: Ground) -> None:
    ended = registered.but(state=state)
    with pytest.raises(DomainError) as refused:
        decide_charge(ended, CoverageCase(product("refrigerator"), "repair"), ground, Taken("desk-7", NOW))
    assert refused.value.code == f"request.already_{state}"


def acceptance(amount: int = 12_800, currency: str = "CNY", **more: Any) -> AcceptQuotation:
    said = {"amount": {"amount": amount, "currency": currency}, "accepted_by": "王芳", "evidence": "短信确认"}
    return AcceptQuotation.model_validate(said | more)


@pytest.fixture
def quoted(form: Form, ground: Ground) -> ServiceRequest:
    return taken_in("enterprise", product("press", OUT), form(), ground)[0]


def test_a_quotation_is_accepted_with_evidence(quoted: ServiceRequest) -> None:
    """INT-6, ALL-6: who accepted it stays here."""
    accepted, (told,) = accept_quotation(quoted, acceptance(), "desk-7", NOW)
    (one,) = accepted.acceptances
    assert (one.accepted_by, one.evidence, one.at, one.noted_by) == ("王芳", "短信确认", NOW, "desk-7")
    assert isinstance(told, QuotationAccepted)
    assert (told.amount.amount, told.accepted_at) == (12_800, NOW)
    assert "王芳" not in told.model_dump_json()


def test_a_higher_quotation_must_be_accepted_again_and_the_same_is_once(quoted: ServiceRequest) -> None:
    """DSP-17."""
    once, _ = accept_quotation(quoted, acceptance(), "desk-7", NOW)
    assert accept_quotation(once, acceptance(), "desk-7", NOW) == (once, ())
    higher, events = accept_quotation(once, acceptance(20_000), "desk-7", NOW)
    assert [one.amount.amount for one in higher.acceptances] == [12_800, 20_000]
    assert len(events) == 1
    for other in (acceptance(9_900), acceptance(20_000, "EUR")):
        with pytest.raises(DomainError) as refused:
            accept_quotation(once, other, "desk-7", NOW)
        assert refused.value.code == "quotation.accepted_before"


def test_no_quotation_is_accepted_where_none_is_needed_or_ahead_of_time(
    quoted: ServiceRequest, registered: ServiceRequest
) -> None:
    cases = (
        (registered, acceptance(), "quotation.not_needed"),
        (quoted, acceptance(at=NOW + timedelta(minutes=1)), "quotation.accepted_in_future"),
        (quoted.but(state="cancelled"), acceptance(), "request.already_cancelled"),
    )
    for request, command, code in cases:
        with pytest.raises(DomainError) as refused:
            accept_quotation(request, command, "desk-7", NOW)
        assert refused.value.code == code


@pytest.mark.parametrize("wrong", [{"amount": {"amount": 0}}, {"amount": {"amount": -1}}, {"evidence": " "}])
def test_an_acceptance_of_nothing_or_without_evidence_is_malformed(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        acceptance(**wrong)
