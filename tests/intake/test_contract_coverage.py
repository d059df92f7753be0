"""Which contract covers a product (INT-13), for coverage (INT-6) and clocks: the choice, and why."""

from datetime import UTC, date, datetime
from itertools import permutations
from typing import Any

from aftersales.common.events.intake import ProductRef
from aftersales.intake.domain.contract import Allowance, Contract, Use
from aftersales.intake.domain.contract_coverage import applies

NOW = datetime(2026, 11, 22, 4, 0, tzinfo=UTC)
TODAY = date(2026, 11, 22)
TERMS: dict[str, Any] = {
    "branch": "BJ01",
    "customer": "c-1",
    "serials": ("CNC-1",),
    "models": ("M-500",),
    "lines": ("lathe",),
    "valid_from": date(2026, 11, 1),
    "valid_until": date(2027, 10, 31),
    "services": (Allowance(kind="maintenance", count=2),),
}


def _contract(number: str = "HT-1", **changes: Any) -> Contract:
    return Contract.model_validate(TERMS | {"id": number} | changes)


def _used_up(contract: Contract) -> Contract:
    uses = tuple(Use(request=f"SR-261122-000{n}", at=NOW, by="desk-7") for n in range(2))
    return contract.but(services=(Allowance(kind="maintenance", count=2, used=uses),))


PRODUCT = ProductRef(serial="CNC-1", model="M-500", line="lathe")


def test_every_contract_that_was_looked_at_is_explained() -> None:
    """INT-13, for INT-6: the decision states its reasons."""
    contracts = [
        _contract("HT-1", models=[], lines=[]),
        _contract("HT-2", serials=[], models=[], services=[]),
        _contract("HT-3", valid_until="2026-11-21"),
        _contract("HT-4", valid_from="2026-11-23"),
        _contract("HT-5", serials=["CNC-2"], models=[], lines=[]),
    ]
    found = applies(contracts, PRODUCT, TODAY, "maintenance")
    assert found.contract
    assert (found.contract.id, found.included) == ("HT-1", True)
    assert [(reason.contract, reason.why) for reason in found.reasons] == [
        ("HT-1", "names_serial"),
        ("HT-1", "service_included"),
        ("HT-2", "names_line"),
        ("HT-2", "service_not_included"),
        ("HT-4", "names_serial"),
        ("HT-4", "not_begun"),
        ("HT-3", "names_serial"),
        ("HT-3", "ended"),
        ("HT-5", "names_other_products"),
    ]


def test_a_contract_with_a_service_left_goes_before_a_more_specific_one_without() -> None:
    used = _used_up(_contract("HT-1"))
    by_line = _contract("HT-2", serials=[], models=[])
    assert applies([used, by_line], PRODUCT, TODAY, "maintenance").contract == by_line
    assert applies([used, by_line], PRODUCT, TODAY, "repair").contract == used
    assert applies([used], PRODUCT, TODAY, "maintenance")[:2] == (used, False)


def test_the_choice_does_not_depend_on_the_order_of_the_contracts() -> None:
    contracts = [_contract("HT-1"), _contract("HT-2", valid_until="2028-01-01"), _contract("HT-3", services=[])]
    chosen = [applies(order, PRODUCT, TODAY, "maintenance").contract for order in permutations(contracts)]
    assert {contract.id for contract in chosen if contract} == {"HT-2"}
    assert None not in chosen


def test_no_contract_covers_what_none_names() -> None:
    assert applies([], PRODUCT, TODAY, "repair") == (None, False, ())
    other = ProductRef(serial="X", model="Y", line="Z")
    assert applies([_contract()], other, TODAY, "repair").contract is None
