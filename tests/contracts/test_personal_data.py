"""The tables of personal data are complete: each collection, and each text of each document (ALL-6)."""

from importlib import import_module

import pytest

from aftersales.common.privacy.holdings import DataSubject, Holding, PersonalData
from aftersales.common.runtime import all_indexes
from aftersales.common.service import Service
from aftersales.intake.archive.domain.customer import Customer
from aftersales.intake.privacy.domain.holdings import CUSTOMERS, GIVEN_AWAY

SERVICES = ("intake", "dispatch", "inventory", "feedback")


def _service(name: str) -> Service:
    built: Service = import_module(f"aftersales.{name}.main").build_service()
    return built


def _table(service: Service) -> PersonalData:
    assert service.personal
    return service.personal


@pytest.mark.parametrize("name", SERVICES)
def test_all_6_every_collection_is_in_the_table_or_has_a_reason_not_to_be(name: str) -> None:
    service = _service(name)
    held = {holding.collection for holding in _table(service).holdings}
    harmless = {*_table(service).harmless}
    assert not held & harmless
    declared = {*all_indexes(service)}
    assert declared - held - harmless == set(), "new collections: say where their personal data is, or why none"
    assert held <= declared


@pytest.mark.parametrize("name", SERVICES)
def test_all_6_every_text_of_a_document_is_erased_or_kept_on_purpose(name: str) -> None:
    uncovered = {holding.collection: holding.uncovered() for holding in _table(_service(name)).holdings}
    assert {collection: paths for collection, paths in uncovered.items() if paths} == {}


def test_all_6_a_new_field_with_text_is_noticed() -> None:
    class Nicknamed(Customer):
        nickname: str = ""

    changed = Holding(Nicknamed, CUSTOMERS.found_by, CUSTOMERS.personal, CUSTOMERS.kept)
    assert changed.uncovered() == ["nickname"]


def test_all_6_a_path_that_documents_do_not_have_is_refused() -> None:
    with pytest.raises(ValueError, match="Customer has no surname"):
        Holding(Customer, {"_id": "customers"}, personal=("surname",))


def test_all_6_of_a_product_that_has_another_owner_only_the_entries_of_this_customer_are_erased() -> None:
    entry = {"visit": 1, "at": "2026-11-23T00:00:00Z", "fault": "f", "technician": "T", "parts": ()}
    mine, other = ({"request": name, "cause": f"c-{name}", "solution": f"s-{name}"} for name in ("SR-1", "SR-2"))
    product = GIVEN_AWAY.kind.model_validate(
        {"id": "SN-1", "branch": "BJ01", "model": "M", "line": "L", "customer": "new", "invoice": "of the new owner"}
        | {"warranty_card": [entry | mine, entry | other]}
    )
    after, blanked = GIVEN_AWAY.blank(product, DataSubject(customers=("old",), requests=("SR-1",)))
    assert [(one.cause, one.solution) for one in after.warranty_card] == [("", ""), ("c-SR-2", "s-SR-2")]
    assert after.invoice == "of the new owner"
    assert blanked == 2
