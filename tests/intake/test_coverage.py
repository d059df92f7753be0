"""Who pays (INT-6): each sentence of the rule with the preset that it comes from, and what changes a decision."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from pydantic import ValidationError

from aftersales.common.errors import DomainError
from aftersales.common.events.intake import CoverageDecided, QuotationAccepted
from aftersales.common.policy.model import Policy
from aftersales.common.policy.model.cover import CAUSES, Cause
from aftersales.common.policy.presets import presets
from aftersales.intake.domain import product as products
from aftersales.intake.domain.charges import AcceptQuotation, DecideCoverage, accept, decide, redecide
from aftersales.intake.domain.coverage import Case, Coverage, decide_coverage
from aftersales.intake.domain.customer import Customer
from aftersales.intake.domain.form import KINDS, RegisterRequest, RequestKind
from aftersales.intake.domain.product import Extension, Owner, Product, ProductForm, Proof
from aftersales.intake.domain.registration import Archive, Taken, register
from aftersales.intake.domain.request import Ground, ServiceRequest
from aftersales.intake.domain.warranty import record, standing

TODAY = date(2026, 11, 22)
NOW = datetime(2026, 11, 22, 4, tzinfo=UTC)
IN, OUT = date(2026, 1, 31), date(2025, 1, 31)
FREE = ("free", "free", "free")
Form = Callable[..., RegisterRequest]


def preset(name: str) -> Policy:
    return next(policy for policy in presets() if policy.name == name)


def product(line: str, bought: date | None = IN, **more: Any) -> Product:
    return Product(id="SN-1", branch="BJ01", model="M-1", line=line, customer="c-1", purchased_on=bought, **more)


def decided(policy: str, case: Case) -> Coverage:
    return decide_coverage(case, preset(policy), TODAY, NOW, "desk-7")


def payers(coverage: Coverage) -> tuple[str, str, str]:
    """Parts, labour, travel."""
    return coverage.parts, coverage.labour, coverage.travel


@pytest.mark.parametrize("cause", ["manufacturing", "assembly", "material", "unknown"])
def test_farm_machinery_in_warranty_is_free(cause: Cause) -> None:
    """INT-6."""
    coverage = decided("agri-machinery", Case(product("baler"), "repair", cause))
    assert payers(coverage) == FREE
    assert (coverage.reason, coverage.why["zh-Hans"]) == ("in_warranty", "保修期内免费服务")


@pytest.mark.parametrize("cause", ["misuse", "man_made"])
def test_farm_machinery_in_warranty_but_misused_is_parts_at_cost_and_labour_free(cause: Cause) -> None:
    """INT-6."""
    coverage = decided("agri-machinery", Case(product("baler"), "repair", cause))
    assert payers(coverage) == ("cost", "free", "free")
    assert not coverage.price_list_first


@pytest.mark.parametrize("cause", CAUSES)
def test_farm_machinery_out_of_warranty_is_parts_at_cost_and_the_price_list_comes_first(cause: Cause) -> None:
    """INT-6."""
    coverage = decided("agri-machinery", Case(product("baler", OUT), "repair", cause))
    assert payers(coverage) == ("cost", "free", "free")
    assert (coverage.price_list_first, coverage.quotation_first) == (True, False)


def test_an_e_bike_out_of_warranty_is_charged_for_parts_and_labour() -> None:
    """INT-6; it has lifetime service, which is not for nothing."""
    coverage = decided("e-bike", Case(product("e-bike", OUT), "repair"))
    assert (coverage.parts, coverage.labour, coverage.inputs.warranty) == ("list", "list", "lifetime")


def test_an_enterprise_gets_a_quotation_first_when_the_warranty_is_over() -> None:
    """INT-6."""
    coverage = decided("enterprise", Case(product("press", OUT), "repair"))
    assert (coverage.quotation_first, coverage.parts, coverage.inputs.warranty) == (True, "quote", "out")
    assert payers(decided("enterprise", Case(product("press"), "repair"))) == FREE


@pytest.mark.parametrize("cause", CAUSES)
@pytest.mark.parametrize("bought", [IN, OUT, None])
def test_the_repair_of_a_refrigerator_is_never_charged(cause: Cause, bought: date | None) -> None:
    """INT-6, S0:2; a washing machine's is."""
    assert payers(decided("appliance", Case(product("refrigerator", bought), "repair", cause))) == FREE
    assert payers(decided("appliance", Case(product("washing-machine", OUT), "repair", cause))) != FREE


@pytest.mark.parametrize("policy", presets(), ids=lambda policy: policy.name)
def test_every_kind_of_request_is_decided_with_words_in_three_languages(policy: Policy) -> None:
    """INT-6: the decision states its reasons."""
    for kind in KINDS:
        for cause in CAUSES:
            for bought in (IN, OUT, None):
                case = Case(product((*policy.scope.lines, "anything")[0], bought), kind, cause)
                coverage = decide_coverage(case, policy, TODAY, NOW, "desk-7")
                assert coverage.why.keys() == {"en", "zh-Hans", "zh-Hant"}
                assert all(coverage.why.values())


@pytest.mark.parametrize("kind", ["consultation", "complaint", "return", "recall", "upgrade"])
def test_advice_and_recalls_are_free_whatever_the_warranty(kind: RequestKind) -> None:
    assert payers(decided("enterprise", Case(product("press", None), kind, "misuse"))) == FREE


def test_a_contract_pays_where_the_warranty_does_not() -> None:
    """INT-13."""
    coverage = decided("enterprise", Case(product("press", OUT), "repair", contract="CT-1"))
    assert (payers(coverage), coverage.reason, coverage.inputs.contract) == (FREE, "contract", "CT-1")


@pytest.mark.parametrize(
    ("bought", "extended", "day", "state", "until"),
    [
        (date(2025, 11, 23), None, TODAY, "in", TODAY),  # the last day of a year
        (date(2025, 11, 22), None, TODAY, "out", date(2026, 11, 21)),
        (TODAY, None, TODAY, "in", date(2027, 11, 21)),
        (date(2024, 2, 29), None, date(2025, 2, 27), "in", date(2025, 2, 27)),
        (date(2024, 2, 29), None, date(2025, 2, 28), "out", date(2025, 2, 27)),
        (None, None, TODAY, "out", None),
        (None, TODAY, TODAY, "extended", TODAY),
        (OUT, TODAY, TODAY, "extended", TODAY),
        (OUT, date(2026, 11, 21), TODAY, "out", date(2026, 11, 21)),
        (IN, date(2028, 1, 1), TODAY, "in", date(2028, 1, 1)),
        (date.min, None, TODAY, "out", date(1, 12, 31)),
    ],
)
def test_a_warranty_lasts_a_year_and_as_long_as_it_was_extended(
    bought: date | None, extended: date | None, day: date, state: str, until: date | None
) -> None:
    """INT-6."""
    found = standing(product("baler", bought, warranty_until=extended), preset("agri-machinery"), day)
    assert found == (state, until)


def test_the_product_line_may_have_another_term_and_none_at_all() -> None:
    """INT-6: a year unless the product says otherwise."""
    policy = preset("agri-machinery")
    terms = {months: policy.warranty.standard.model_copy(update={"months": months}) for months in (0, 36)}
    by_line = {"baler": terms[36], "twine": terms[0]}
    policy = policy.model_copy(update={"warranty": policy.warranty.model_copy(update={"by_line": by_line})})
    assert standing(product("baler", OUT), policy, TODAY) == ("in", date(2028, 1, 30))
    assert standing(product("twine", date.min), policy, TODAY) == ("out", None)
    assert standing(product("tractor", OUT), policy, TODAY).state == "out"


@pytest.mark.parametrize(
    ("locale", "words"), [("en", "Misuse and damage"), ("zh-Hans", "违章操作"), ("zh-Hant", "違章操作")]
)
def test_the_record_states_term_scope_and_liability_in_the_customers_language(locale: str, words: str) -> None:
    """INT-6."""
    given = record(product("e-bike"), preset("e-bike"), TODAY, locale)
    assert (given.months, given.state, given.until, given.lifetime_service) == (12, "in", date(2027, 1, 30), True)
    assert given.liability.startswith(words)
    assert given.scope
    assert given.policy == "e-bike@0"


def test_a_language_without_words_gets_those_of_another() -> None:
    policy = preset("e-bike")
    standard = policy.warranty.standard.model_copy(update={"scope": {"en": "All of it"}})
    warranty = policy.warranty.model_copy(update={"standard": standard})
    assert (
        record(product("e-bike"), policy.model_copy(update={"warranty": warranty}), TODAY, "zh-Hant").scope
        == "All of it"
    )


PROOF = Proof(purchased_on=IN, invoice="0042", evidence="发票照片")


def test_a_proof_sets_the_day_and_the_earlier_ones_are_kept() -> None:
    """INT-6."""
    once = products.prove(product("baler", None), PROOF, TODAY)
    assert (once.purchased_on, once.proofs) == (IN, (PROOF,))
    assert products.prove(once, PROOF, TODAY) == once
    other = PROOF.model_copy(update={"purchased_on": OUT})
    assert products.prove(once, other, TODAY).proofs == (PROOF, other)
    assert products.prove(once, other, TODAY).purchased_on == OUT


def test_a_proof_from_the_future_is_refused() -> None:
    with pytest.raises(DomainError) as refused:
        products.prove(product("baler"), PROOF.model_copy(update={"purchased_on": TODAY + timedelta(days=1)}), TODAY)
    assert refused.value.code == "product.purchased_in_future"
    assert products.prove(product("baler"), PROOF.model_copy(update={"purchased_on": TODAY}), TODAY).proofs


@pytest.mark.parametrize(("proofs", "day"), [((PROOF,), IN), ((), OUT)])
def test_what_was_proven_is_not_changed_by_what_a_caller_says(proofs: tuple[Proof, ...], day: date) -> None:
    form = ProductForm(serial="SN-1", model="M-1", line="baler", purchased_on=OUT)
    known = products.archive(product("baler", proofs=proofs), form, Owner("c-1", "BJ01"), TODAY)
    assert known.purchased_on == day


def extension(until: date) -> Extension:
    return Extension(until=until, claim="CL-1", approved_by="manager-1", why="同一故障三次")


def test_an_extension_only_makes_the_warranty_longer() -> None:
    """INT-6."""
    known = product("baler")
    until = standing(known, preset("agri-machinery"), TODAY).until
    longer = products.extend(known, extension(date(2028, 1, 1)), until)
    assert (longer.warranty_until, len(longer.extensions)) == (date(2028, 1, 1), 1)
    for day in (date(2027, 1, 30), date(2026, 12, 1)):
        with pytest.raises(DomainError) as refused:
            products.extend(known, extension(day), until)
        assert refused.value.code == "product.extension_not_longer"
    assert products.extend(product("baler", None), extension(OUT), None).warranty_until == OUT


def taken_in(name: str, known: Product, form: RegisterRequest, ground: Ground) -> tuple[ServiceRequest, list[Any]]:
    """A request about the product, by the preset of that name."""
    archive = Archive(customer=_customer(), product=known)
    request, news = register("SR-261122-7K3F", form, archive, Taken("desk-7", NOW), Ground(ground.branch, preset(name)))
    return request, [event for event in news if isinstance(event, CoverageDecided)]


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
    request, news = taken_in(policy, known, form(), ground)
    assert request.coverage is not None
    assert (request.coverage.inputs.cause, len(news)) == ("unknown", told)
    for event in news:
        assert (event.revised, event.on_site, event.request) == (False, True, request.id)


def test_the_cause_decides_again_and_the_decision_before_is_kept(form: Form, ground: Ground) -> None:
    """INT-6."""
    known, ground = product("baler"), Ground(ground.branch, preset("agri-machinery"))
    request, _ = taken_in("agri-machinery", known, form(), ground)
    later = Taken("dispatch-3", NOW + timedelta(days=2))
    again, (told,) = decide(request, known, DecideCoverage(cause="misuse"), ground, later)
    assert isinstance(told, CoverageDecided)
    assert (told.parts, told.labour, told.revised, told.cause) == ("cost", "free", True, "misuse")
    assert again.coverage is not None
    assert again.coverage.by == "dispatch-3"
    assert [(one.component, one.before, one.after) for one in again.coverage.differs] == [("parts", "free", "cost")]
    assert again.coverage_history == (request.coverage,)
    assert decide(again, known, DecideCoverage(cause="misuse"), ground, later) == (again, ())


def test_a_request_that_came_in_during_the_warranty_stays_in_it(form: Form, ground: Ground) -> None:
    """INT-6: however long the repair takes."""
    known = product("press", date(2025, 11, 23))
    request, news = taken_in("enterprise", known, form(), ground)
    ground = Ground(ground.branch, preset("enterprise"))
    later = Taken("desk-7", NOW + timedelta(days=9))
    again, _ = decide(request, known, DecideCoverage(cause="material"), ground, later)
    assert again.coverage is not None
    assert (news, payers(again.coverage)) == ([], FREE)


def test_a_proof_that_comes_later_makes_it_free_and_one_without_effect_is_not_told(form: Form, ground: Ground) -> None:
    """INT-6."""
    ground = Ground(ground.branch, preset("enterprise"))
    request, _ = taken_in("enterprise", product("press", None), form(), ground)
    taken = Taken("desk-7", NOW)
    free, (told,) = redecide(request, product("press", IN), ground, taken)
    assert free.coverage is not None
    assert (payers(free.coverage), [one.component for one in free.coverage.differs]) == (
        FREE,
        ["parts", "labour", "travel"],
    )
    assert isinstance(told, CoverageDecided)
    assert (told.quotation_first, told.revised) == (False, True)
    same, silent = redecide(request, product("press", OUT), ground, taken)
    assert silent == ()
    assert same.coverage is not None
    assert same.coverage.inputs.purchased_on == OUT


def test_a_later_decision_keeps_the_contract_unless_it_names_one(form: Form, ground: Ground) -> None:
    """INT-13."""
    known, ground = product("press", OUT), Ground(ground.branch, preset("enterprise"))
    request, _ = taken_in("enterprise", known, form(), ground)
    taken = Taken("desk-7", NOW)
    contract, _ = decide(request, known, DecideCoverage(cause="unknown", contract="CT-1"), ground, taken)
    kept, _ = decide(contract, known, DecideCoverage(cause="misuse"), ground, taken)
    gone, _ = decide(kept, known, DecideCoverage(cause="misuse", contract=None), ground, taken)
    found = [request.coverage.inputs.contract for request in (contract, kept, gone) if request.coverage]
    assert found == ["CT-1", "CT-1", None]
    assert [len(request.coverage_history) for request in (contract, kept, gone)] == [1, 2, 3]


@pytest.mark.parametrize("state", ["closed", "cancelled"])
def test_nothing_is_decided_for_what_has_ended(state: Any, registered: ServiceRequest, ground: Ground) -> None:
    ended = registered.but(state=state)
    with pytest.raises(DomainError) as refused:
        decide(ended, product("refrigerator"), DecideCoverage(cause="misuse"), ground, Taken("desk-7", NOW))
    assert refused.value.code == f"request.already_{state}"


def acceptance(amount: int = 12_800, currency: str = "CNY", **more: Any) -> AcceptQuotation:
    said = {"amount": {"amount": amount, "currency": currency}, "accepted_by": "王芳", "evidence": "短信确认"}
    return AcceptQuotation.model_validate(said | more)


@pytest.fixture
def quoted(form: Form, ground: Ground) -> ServiceRequest:
    return taken_in("enterprise", product("press", OUT), form(), ground)[0]


def test_a_quotation_is_accepted_with_evidence(quoted: ServiceRequest) -> None:
    """INT-6, ALL-6: who accepted it stays here."""
    accepted, (told,) = accept(quoted, acceptance(), "desk-7", NOW)
    (one,) = accepted.acceptances
    assert (one.accepted_by, one.evidence, one.at, one.noted_by) == ("王芳", "短信确认", NOW, "desk-7")
    assert isinstance(told, QuotationAccepted)
    assert (told.amount.amount, told.accepted_at) == (12_800, NOW)
    assert "王芳" not in told.model_dump_json()


def test_a_higher_quotation_must_be_accepted_again_and_the_same_is_once(quoted: ServiceRequest) -> None:
    """DSP-17."""
    once, _ = accept(quoted, acceptance(), "desk-7", NOW)
    assert accept(once, acceptance(), "desk-7", NOW) == (once, ())
    higher, news = accept(once, acceptance(20_000), "desk-7", NOW)
    assert [one.amount.amount for one in higher.acceptances] == [12_800, 20_000]
    assert len(news) == 1
    for other in (acceptance(9_900), acceptance(20_000, "EUR")):
        with pytest.raises(DomainError) as refused:
            accept(once, other, "desk-7", NOW)
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
            accept(request, command, "desk-7", NOW)
        assert refused.value.code == code


@pytest.mark.parametrize("wrong", [{"amount": {"amount": 0}}, {"amount": {"amount": -1}}, {"evidence": " "}])
def test_an_acceptance_of_nothing_or_without_evidence_is_malformed(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        acceptance(**wrong)
