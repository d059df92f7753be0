"""The customer archive (INT-3): people, products, warranty cards."""

from collections.abc import Callable
from datetime import date, timedelta
from itertools import permutations
from typing import Any

import pytest
from pydantic import ValidationError

from aftersales.common.errors import DomainError
from aftersales.common.events.dispatch import RepairCompleted
from aftersales.intake.domain.customer import Caller, enrol, update
from aftersales.intake.domain.product import CardEntry, Owner, Product, ProductForm, archive, record_repair

Say = dict[str, Callable[..., Any]]
TODAY = date(2026, 11, 22)
OWNER = Owner("c-1", "BJ01")


def _form(**changes: Any) -> ProductForm:
    product = {"serial": "RF-0001", "model": "BCD-258", "line": "refrigerator", "purchased_on": "2026-01-31"}
    return ProductForm.model_validate(product | changes)


def _caller(**changes: Any) -> Caller:
    said = {"name": "王芳", "phone": "13800138000", "address": "建国路 1 号"}
    return Caller.model_validate(said | changes)


def test_a_new_customer_is_class_c_and_their_phone_leads_to_them() -> None:
    customer, contact = enrol("c-1", _caller(), "BJ01")
    assert (customer.id, customer.customer_class, customer.phone) == ("c-1", "C", "+8613800138000")
    assert (contact.id, contact.customer) == ("+8613800138000", "c-1")


@pytest.mark.parametrize("phone", ["13800138000", "+86 138 0013 8000", "0086-138-0013-8000", "138 0013 8000"])
def test_one_phone_written_in_any_way_is_one_contact_point(phone: str) -> None:
    assert enrol("c-1", _caller(phone=phone), "BJ01")[1].id == "+8613800138000"


def test_a_phone_that_cannot_be_dialled_is_malformed() -> None:
    with pytest.raises(ValidationError):
        _caller(phone="110-xx")


def test_an_update_keeps_the_class_unless_one_is_named() -> None:
    customer = enrol("c-1", _caller(), "BJ01")[0].but(customer_class="A")
    assert update(customer, _caller(name="王小芳"), None).customer_class == "A"
    assert update(customer, _caller(name="王小芳"), "B").customer_class == "B"
    assert update(customer, _caller(address="长安街"), None).address == "长安街"


def test_a_product_is_archived_with_its_owner() -> None:
    product = archive(None, _form(serial=" rf-0001 "), OWNER, TODAY)
    assert (product.id, product.customer, product.branch) == ("RF-0001", "c-1", "BJ01")
    assert product.purchased_on == date(2026, 1, 31)


def test_a_product_without_an_owner_goes_to_the_first_who_names_it() -> None:
    orphan = archive(None, _form(), OWNER, TODAY).but(customer=None)
    assert archive(orphan, _form(), Owner("c-2", "BJ01"), TODAY).customer == "c-2"


def test_somebody_else_cannot_take_or_change_a_product() -> None:
    known = archive(None, _form(), OWNER, TODAY)
    assert archive(known, _form(model="OTHER", purchased_on="2020-01-01"), Owner("c-2", "SH01"), TODAY) == known


def test_the_owner_corrects_the_record_but_does_not_erase_the_purchase_date() -> None:
    known = archive(None, _form(), OWNER, TODAY)
    corrected = archive(known, _form(model="BCD-300", purchased_on=None), OWNER, TODAY)
    assert (corrected.model, corrected.purchased_on) == ("BCD-300", date(2026, 1, 31))


def test_nothing_is_purchased_tomorrow() -> None:
    assert archive(None, _form(purchased_on=TODAY), OWNER, TODAY).purchased_on == TODAY
    with pytest.raises(DomainError, match=r"product\.purchased_in_future"):
        archive(None, _form(purchased_on=TODAY + timedelta(days=1)), OWNER, TODAY)


def test_a_repair_is_written_on_the_warranty_card_with_date_and_content(say: Say) -> None:
    repair: RepairCompleted = say["repaired"]()
    (entry,) = record_repair(archive(None, _form(), OWNER, TODAY), repair).warranty_card
    assert (entry.at, entry.cause, entry.solution, entry.technician) == (repair.at, "worn", "replaced", "T-9")
    assert [(used.part, used.quantity) for used in entry.parts] == [("COMP-1", 1)]


Record = Callable[[Product, RepairCompleted], Product]


def _card(record: Record, repairs: list[RepairCompleted]) -> tuple[CardEntry, ...]:
    product = archive(None, _form(), OWNER, TODAY)
    for repair in repairs:
        product = record(product, repair)
    return product.warranty_card


def _careless(product: Product, repair: RepairCompleted) -> Product:
    """Broken on purpose: writes without looking at the card."""
    fresh = record_repair(product.but(warranty_card=()), repair)
    return product.but(warranty_card=(*product.warranty_card, *fresh.warranty_card))


def test_a_card_is_the_same_in_every_order_and_however_often_a_repair_is_told(say: Say) -> None:
    """INT-3, and the broken variant that this test must see through."""
    repairs = [say["repaired"](1), say["repaired"](2), say["repaired"](1, request="SR-261123-0001")]
    cards = [_card(record_repair, [*order, *order]) for order in permutations(repairs)]
    assert len(cards[0]) == 3
    assert all(card == cards[0] for card in cards)
    assert len({_card(_careless, [*order, *order]) for order in permutations(repairs)}) > 1
