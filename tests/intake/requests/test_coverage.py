"""Who pays (INT-6): each sentence of the rule with the preset that it comes from; warranties and their proofs."""

from datetime import date, timedelta

import pytest
from intake.covers import FREE, IN, NOW, OUT, TODAY, payers, preset, product

from aftersales.intake.agreements.domain.contract import Covers
from aftersales.intake.archive.domain import product as products
from aftersales.intake.archive.domain.product import Extension, Owner, Proof
from aftersales.intake.archive.domain.statement import MatchedProduct, ProductForm
from aftersales.intake.archive.domain.warranty import describe_warranty, warranty_standing
from aftersales.intake.requests.domain.coverage import Coverage, CoverageCase, decide_coverage
from aftersales.intake.requests.domain.prepaid import Prepaid
from aftersales.intake.vocabulary import KINDS, RequestKind
from aftersales.policy.model import Policy
from aftersales.policy.model.cover import CAUSES, Cause
from aftersales.policy.presets import load_presets
from aftersales.values.errors import DomainError


def decided(policy: str, case: CoverageCase) -> Coverage:
    return decide_coverage(case, preset(policy), TODAY, NOW, "desk-7")


@pytest.mark.parametrize("cause", ["manufacturing", "assembly", "material", "unknown"])
def test_farm_machinery_in_warranty_is_free(cause: Cause) -> None:
    """INT-6."""
    coverage = decided("agri-machinery", CoverageCase(product("baler"), "repair", cause))
    assert payers(coverage) == FREE
    assert (coverage.reason, coverage.why["zh-Hans"]) == ("in_warranty", "保修期内免费服务")


@pytest.mark.parametrize("cause", ["misuse", "man_made"])
def test_farm_machinery_in_warranty_but_misused_is_parts_at_cost_and_labour_free(cause: Cause) -> None:
    """INT-6."""
    coverage = decided("agri-machinery", CoverageCase(product("baler"), "repair", cause))
    assert payers(coverage) == ("cost", "free", "free")
    assert not coverage.price_list_first


@pytest.mark.parametrize("cause", CAUSES)
def test_farm_machinery_out_of_warranty_is_parts_at_cost_and_the_price_list_comes_first(cause: Cause) -> None:
    """INT-6."""
    coverage = decided("agri-machinery", CoverageCase(product("baler", OUT), "repair", cause))
    assert payers(coverage) == ("cost", "free", "free")
    assert (coverage.price_list_first, coverage.quotation_first) == (True, False)


def test_an_e_bike_out_of_warranty_is_charged_for_parts_and_labour() -> None:
    """INT-6; it has lifetime service, which is not for nothing."""
    coverage = decided("e-bike", CoverageCase(product("e-bike", OUT), "repair"))
    assert (coverage.parts, coverage.labour, coverage.inputs.warranty) == ("list", "list", "lifetime")


def test_an_enterprise_gets_a_quotation_first_when_the_warranty_is_over() -> None:
    """INT-6."""
    coverage = decided("enterprise", CoverageCase(product("press", OUT), "repair"))
    assert (coverage.quotation_first, coverage.parts, coverage.inputs.warranty) == (True, "quote", "out")
    assert payers(decided("enterprise", CoverageCase(product("press"), "repair"))) == FREE


@pytest.mark.parametrize("cause", CAUSES)
@pytest.mark.parametrize("bought", [IN, OUT, None])
def test_the_repair_of_a_refrigerator_is_never_charged(cause: Cause, bought: date | None) -> None:
    """INT-6, S0:2; a washing machine's is."""
    assert payers(decided("appliance", CoverageCase(product("refrigerator", bought), "repair", cause))) == FREE
    assert payers(decided("appliance", CoverageCase(product("washing-machine", OUT), "repair", cause))) != FREE


@pytest.mark.parametrize("policy", load_presets(), ids=lambda policy: policy.name)
def test_every_kind_of_request_is_decided_with_words_in_three_languages(policy: Policy) -> None:
    """INT-6: the decision states its reasons."""
    for kind in KINDS:
        for cause in CAUSES:
            for bought in (IN, OUT, None):
                case = CoverageCase(product((*policy.scope.lines, "anything")[0], bought), kind, cause)
                coverage = decide_coverage(case, policy, TODAY, NOW, "desk-7")
                assert coverage.why.keys() == {"en", "zh-Hans", "zh-Hant"}
                assert all(coverage.why.values())


@pytest.mark.parametrize("kind", ["consultation", "complaint", "return", "recall", "upgrade"])
def test_advice_and_recalls_are_free_whatever_the_warranty(kind: RequestKind) -> None:
    assert payers(decided("enterprise", CoverageCase(product("press", None), kind, "misuse"))) == FREE


def test_a_contract_pays_where_the_warranty_does_not() -> None:
    """INT-13."""
    agreed = Prepaid(contract="CT-1", covers=Covers(parts="cost", labour="free", travel="list"))
    coverage = decided("enterprise", CoverageCase(product("press", OUT), "repair", prepaid=agreed))
    assert (payers(coverage), coverage.reason, coverage.uses) == (("cost", "free", "list"), "contract", None)
    assert coverage.quotation_first, "parts and travel are still to be paid"
    assert payers(decided("enterprise", CoverageCase(product("press", IN), "repair", prepaid=agreed))) == FREE


def test_a_service_that_the_contract_includes_is_free_and_used_up_but_not_for_a_repair_in_warranty() -> None:
    """INT-13."""
    included = Prepaid(contract="CT-1", included=True)
    cases: list[tuple[date, RequestKind, str | None]] = [
        (OUT, "repair", "service"),
        (IN, "repair", None),
        (IN, "maintenance", "service"),
    ]
    for bought, kind, uses in cases:
        coverage = decided("enterprise", CoverageCase(product("press", bought), kind, prepaid=included))
        assert (payers(coverage), coverage.uses, coverage.quotation_first) == (FREE, uses, False), (bought, kind)


def test_a_service_that_the_contract_includes_also_pays_the_one_component_that_the_warranty_leaves_open() -> None:
    """INT-13: out of warranty a farm machine's parts are at cost, its labour and travel free."""
    included = Prepaid(contract="CT-1", included=True)
    coverage = decided("agri-machinery", CoverageCase(product("baler", OUT), "repair", "manufacturing", included))
    assert (payers(coverage), coverage.uses, coverage.reason) == (FREE, "service", "contract")


def test_a_contract_gives_no_more_than_the_policys_row_for_contracts_allows() -> None:
    """INT-13: here misuse stays the customer's."""
    policy = preset("enterprise")
    (row,) = (row for row in policy.coverage if row.warranty == ("contract",))
    strict = row.model_copy(update={"cause": ("misuse",), "parts": "cost", "reason": "contract_misuse"})
    policy = policy.model_copy(update={"coverage": (strict, *policy.coverage)})
    case = CoverageCase(product("press", OUT), "repair", "misuse", Prepaid(contract="CT-1", included=True))
    coverage = decide_coverage(case, policy, TODAY, NOW, "desk-7")
    assert (payers(coverage), coverage.reason) == (("cost", "free", "free"), "contract_misuse")


def test_an_entitlement_pays_for_all_of_it_and_says_its_name() -> None:
    """INT-14."""
    name = {"en": "Free running-in service", "zh-Hans": "免费走合保养"}
    granted = Prepaid(entitlement="EB-1|running_in", name=name, contract="CT-1", included=True)
    coverage = decided("e-bike", CoverageCase(product("e-bike", OUT), "maintenance", prepaid=granted))
    assert (payers(coverage), coverage.reason, coverage.uses, coverage.why) == (
        FREE,
        "entitlement",
        "entitlement",
        name,
    )
    assert (coverage.uses, coverage.price_list_first) == ("entitlement", False)


@pytest.mark.parametrize(
    ("bought", "extended", "day", "state", "until"),
    [
        (date(2025, 11, 23), None, TODAY, "in", TODAY),  # the last day of a year
        (date(2025, 11, 22), None, TODAY, "out", date(2026, 11, 21)),
        (TODAY, None, TODAY, "in", date(2027, 11, 21)),
        (date(2024, 2, 29), None, date(2025, 2, 27), "in", date(2025, 2, 27)),
        (date(2024, 2, 29), None, date(2025, 2, 28), "out", date(2025, 2, 27)),
        (None, None, TODAY, "unknown", None),
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
    found = warranty_standing(product("baler", bought, warranty_until=extended), preset("agri-machinery"), day)
    assert found == (state, until)


def test_the_product_line_may_have_another_term_and_none_at_all() -> None:
    """INT-6: a year unless the product says otherwise."""
    policy = preset("agri-machinery")
    terms = {months: policy.warranty.standard.model_copy(update={"months": months}) for months in (0, 36)}
    by_line = {"baler": terms[36], "twine": terms[0]}
    policy = policy.model_copy(update={"warranty": policy.warranty.model_copy(update={"by_line": by_line})})
    assert warranty_standing(product("baler", OUT), policy, TODAY) == ("in", date(2028, 1, 30))
    assert warranty_standing(product("twine", date.min), policy, TODAY) == ("out", None)
    assert warranty_standing(product("tractor", OUT), policy, TODAY).state == "out"


@pytest.mark.parametrize(
    ("locale", "words"), [("en", "Misuse and damage"), ("zh-Hans", "违章操作"), ("zh-Hant", "違章操作")]
)
def test_the_record_states_term_scope_and_liability_in_the_customers_language(locale: str, words: str) -> None:
    """INT-6."""
    given = describe_warranty(product("e-bike"), preset("e-bike"), TODAY, locale)
    assert (given.months, given.state, given.until, given.lifetime_service) == (12, "in", date(2027, 1, 30), True)
    assert given.liability.startswith(words)
    assert given.scope
    assert given.policy == "e-bike@0"


def test_a_language_without_words_gets_those_of_another() -> None:
    policy = preset("e-bike")
    standard = policy.warranty.standard.model_copy(update={"scope": {"en": "All of it"}})
    warranty = policy.warranty.model_copy(update={"standard": standard})
    assert (
        describe_warranty(product("e-bike"), policy.model_copy(update={"warranty": warranty}), TODAY, "zh-Hant").scope
        == "All of it"
    )


PROOF = Proof(purchased_on=IN, invoice="0042", evidence="发票照片")


def test_a_proof_sets_the_day_and_the_earlier_ones_are_kept() -> None:
    """INT-6."""
    once = products.apply_proof(product("baler", None), PROOF, TODAY)
    assert (once.purchased_on, once.proofs) == (IN, (PROOF,))
    assert products.apply_proof(once, PROOF, TODAY) == once
    other = PROOF.model_copy(update={"purchased_on": OUT})
    assert products.apply_proof(once, other, TODAY).proofs == (PROOF, other)
    assert products.apply_proof(once, other, TODAY).purchased_on == OUT


def test_a_proof_from_the_future_is_refused() -> None:
    with pytest.raises(DomainError) as refused:
        products.apply_proof(
            product("baler"), PROOF.model_copy(update={"purchased_on": TODAY + timedelta(days=1)}), TODAY
        )
    assert refused.value.code == "product.purchased_in_future"
    assert products.apply_proof(product("baler"), PROOF.model_copy(update={"purchased_on": TODAY}), TODAY).proofs


@pytest.mark.parametrize(("proofs", "day"), [((PROOF,), IN), ((), OUT)])
def test_what_was_proven_is_not_changed_by_what_a_caller_says(proofs: tuple[Proof, ...], day: date) -> None:
    form = ProductForm(serial="SN-1", model="M-1", line="baler", purchased_on=OUT)
    known = products.archive_product(product("baler", proofs=proofs), MatchedProduct(form), Owner("c-1", "BJ01"), TODAY)
    assert known.purchased_on == day


def test_int_16_what_was_sold_before_it_was_archived_is_warranted_from_the_day_of_purchase() -> None:
    form = ProductForm(serial="SN-0", model="M-1", line="baler", purchased_on=TODAY - timedelta(days=300))
    known = products.archive_product(None, MatchedProduct(form), Owner("c-1", "BJ01"), TODAY)
    assert [
        warranty_standing(known, preset("agri-machinery"), TODAY + timedelta(days=later)).state for later in (0, 100)
    ] == [
        "in",
        "out",
    ]


def extension(until: date) -> Extension:
    return Extension(until=until, claim="CL-1", approved_by="manager-1", why="同一故障三次")


def test_an_extension_only_makes_the_warranty_longer() -> None:
    """INT-6."""
    known = product("baler")
    until = warranty_standing(known, preset("agri-machinery"), TODAY).until
    longer = products.apply_extension(known, extension(date(2028, 1, 1)), until)
    assert (longer.warranty_until, len(longer.extensions)) == (date(2028, 1, 1), 1)
    for day in (date(2027, 1, 30), date(2026, 12, 1)):
        with pytest.raises(DomainError) as refused:
            products.apply_extension(known, extension(day), until)
        assert refused.value.code == "product.extension_not_longer"
    assert products.apply_extension(product("baler", None), extension(OUT), None).warranty_until == OUT
