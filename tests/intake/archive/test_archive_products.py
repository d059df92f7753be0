"""Products in the archive (INT-3): owners, warranty cards, the register of models and its quarantine."""

from collections.abc import Callable
from datetime import date, timedelta
from itertools import permutations
from typing import Any

import pytest
from pydantic import ValidationError

from aftersales.common.events.dispatch import RepairCompleted
from aftersales.intake.archive.domain.card import CardEntry
from aftersales.intake.archive.domain.model import Listing, Model, ModelForm, enter_model
from aftersales.intake.archive.domain.product import (
    MarkProduct,
    Owner,
    Product,
    ProductAct,
    SettleProduct,
    TransferProduct,
    archive_product,
    mark_product,
    record_repair,
    settle_product,
    transfer_product,
)
from aftersales.intake.archive.domain.statement import NOT_LISTED, MatchedProduct, ProductForm
from aftersales.values.errors import DomainError

Say = dict[str, Callable[..., Any]]
TODAY = date(2026, 11, 22)
OWNER = Owner("c-1", "BJ01")
DONE = ProductAct("desk-7", TODAY)
BUYER = Owner("01a205ce-9f10-7b52-8e4d-3a6c1d2f0b77", "SH01")
LISTED = Listing(enter_model(None, "BCD-258", ModelForm(line="refrigerator", title="冰箱 258 升")), kept=True)
UNLISTED = Listing(None, kept=True)


def _archive(
    known: Product | None, form: ProductForm, owner: Owner, today: date, listing: Listing = NOT_LISTED
) -> Product:
    return archive_product(known, MatchedProduct(form, listing), owner, today)


def _form(**changes: Any) -> ProductForm:
    product = {"serial": "RF-0001", "model": "BCD-258", "line": "refrigerator", "purchased_on": "2026-01-31"}
    return ProductForm.model_validate(product | changes)


def _known(listing: Listing | None = None, **changes: Any) -> Product:
    return _archive(None, _form(**changes), OWNER, TODAY, listing or Listing())


def _transferred(product: Product, **changes: Any) -> Product:
    command = TransferProduct.model_validate({"to": BUYER.customer, "why": "二手转让"} | changes)
    return transfer_product(product, command, BUYER, DONE)


def test_a_product_is_archived_with_its_owner() -> None:
    product = _archive(None, _form(serial=" rf-0001 "), OWNER, TODAY)
    assert (product.id, product.customer, product.branch) == ("RF-0001", "c-1", "BJ01")
    assert product.purchased_on == date(2026, 1, 31)


def test_a_product_without_an_owner_goes_to_the_first_who_names_it() -> None:
    orphan = _archive(None, _form(), OWNER, TODAY).but(customer=None)
    assert _archive(orphan, _form(), Owner("c-2", "BJ01"), TODAY).customer == "c-2"


def test_somebody_else_cannot_take_or_change_a_product() -> None:
    known = _archive(None, _form(), OWNER, TODAY)
    assert _archive(known, _form(model="OTHER", purchased_on="2020-01-01"), Owner("c-2", "SH01"), TODAY) == known


def test_the_owner_corrects_the_record_but_does_not_erase_the_purchase_date() -> None:
    known = _archive(None, _form(), OWNER, TODAY)
    corrected = _archive(known, _form(model="BCD-300", purchased_on=None), OWNER, TODAY)
    assert (corrected.model, corrected.purchased_on) == ("BCD-300", date(2026, 1, 31))


def test_nothing_is_purchased_tomorrow() -> None:
    assert _archive(None, _form(purchased_on=TODAY), OWNER, TODAY).purchased_on == TODAY
    with pytest.raises(DomainError, match=r"product\.purchased_in_future"):
        _archive(None, _form(purchased_on=TODAY + timedelta(days=1)), OWNER, TODAY)


def test_a_repair_is_written_on_the_warranty_card_with_date_and_content(say: Say) -> None:
    repair: RepairCompleted = say["repaired"]()
    (entry,) = record_repair(_archive(None, _form(), OWNER, TODAY), repair).warranty_card
    assert (entry.at, entry.cause, entry.solution, entry.technician) == (repair.at, "worn", "replaced", "T-9")
    assert [(used.part, used.quantity) for used in entry.parts] == [("COMP-1", 1)]


Record = Callable[[Product, RepairCompleted], Product]


def _card(record: Record, repairs: list[RepairCompleted]) -> tuple[CardEntry, ...]:
    product = _archive(None, _form(), OWNER, TODAY)
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


def test_the_particulars_of_a_purchase_are_kept_and_not_erased_by_silence() -> None:
    said: dict[str, Any] = {
        "batch": "B-7",
        "sold_by": "国美朝阳店",
        "invoice": "FP-88",
        "installed_at": {"text": "建国路 1 号"},
    }
    known = _known(**said)
    assert (known.batch, known.sold_by, known.invoice) == ("B-7", "国美朝阳店", "FP-88")
    assert _archive(known, _form(), OWNER, TODAY) == known
    moved = _archive(known, _form(installed_at={"text": "长安街 2 号"}), OWNER, TODAY)
    assert (moved.installed_at and moved.installed_at.text, moved.batch) == ("长安街 2 号", "B-7")


@pytest.mark.parametrize("day", ["2026-02-30", "2025-02-29", "2026-13-01", "31.01.2026", 20260131])
def test_a_day_that_does_not_exist_is_malformed(day: Any) -> None:
    with pytest.raises(ValidationError):
        _form(purchased_on=day)


def test_a_product_changes_hands_with_its_card_and_its_past(say: Say) -> None:
    known = record_repair(_known(), say["repaired"]())
    sold = _transferred(known, on="2026-11-20")
    assert (sold.customer, sold.branch, sold.warranty_card) == (BUYER.customer, "SH01", known.warranty_card)
    (chapter,) = sold.history
    assert (chapter.what, chapter.on, chapter.owner) == ("transferred", date(2026, 11, 20), "c-1")
    assert (chapter.by, chapter.why) == ("desk-7", "二手转让")
    assert _archive(sold, _form(model="OTHER"), OWNER, TODAY) == sold


@pytest.mark.parametrize(
    ("product", "changes", "code"),
    [
        ({}, {"on": "2026-11-23"}, r"product\.transferred_in_future"),
        ({"customer": BUYER.customer}, {}, r"product\.already_theirs"),
        ({"status": "scrapped"}, {}, r"product\.scrapped"),
    ],
)
def test_what_cannot_change_hands_is_refused(product: dict[str, Any], changes: dict[str, Any], code: str) -> None:
    with pytest.raises(DomainError, match=code):
        _transferred(_known().but(**product), **changes)


def test_while_there_is_no_register_no_model_is_unknown() -> None:
    assert (_known().status, _known().quarantine) == ("in_use", None)


def test_a_model_that_is_not_in_the_register_is_taken_and_put_in_quarantine() -> None:
    held = _known(UNLISTED)
    assert (held.status, held.quarantine, held.customer) == ("quarantined", "model_unknown", "c-1")
    assert _known(LISTED).status == "in_use"


def test_the_line_of_a_registered_model_is_the_registers() -> None:
    assert _known(LISTED, line="fridge").line == "refrigerator"
    assert _known(UNLISTED, line="fridge").line == "fridge"


def test_the_owner_who_names_a_registered_model_ends_the_quarantine() -> None:
    held = _known(UNLISTED, model="BCD-25B")
    assert _archive(held, _form(model="BCD-25B"), OWNER, TODAY, UNLISTED) == held
    corrected = _archive(held, _form(), OWNER, TODAY, LISTED)
    assert (corrected.status, corrected.quarantine, corrected.model) == ("in_use", None, "BCD-258")


def test_a_correction_to_an_unknown_model_is_quarantined_and_what_was_there_before_the_register_is_not() -> None:
    known = _known()
    assert _archive(known, _form(), OWNER, TODAY, UNLISTED) == known
    assert _archive(known, _form(model="BCD-25B"), OWNER, TODAY, UNLISTED).status == "quarantined"
    scrapped = known.but(status="scrapped")
    assert _archive(scrapped, _form(model="BCD-25B"), OWNER, TODAY, UNLISTED).status == "scrapped"


def test_a_product_is_settled_with_another_model_or_confirmed_and_stays_settled() -> None:
    held = _known(UNLISTED, model="BCD-25B", line="fridge")
    corrected = settle_product(held, SettleProduct(model="BCD-258", why="铭牌照片"), LISTED, DONE)
    assert (corrected.model, corrected.line, corrected.status) == ("BCD-258", "refrigerator", "in_use")
    confirmed = settle_product(held, SettleProduct(line="freezer", why="进口型号"), UNLISTED, DONE)
    assert (confirmed.model, confirmed.line, confirmed.quarantine) == ("BCD-25B", "freezer", None)
    assert [chapter.what for chapter in confirmed.history] == ["settled"]
    named_again = _archive(confirmed, _form(model="BCD-25B", line="freezer"), OWNER, TODAY, UNLISTED)
    assert named_again.status == "in_use"


def test_a_product_is_not_settled_twice_nor_with_a_model_nobody_knows() -> None:
    held = _known(UNLISTED)
    with pytest.raises(DomainError, match=r"model\.unknown"):
        settle_product(held, SettleProduct(model="BCD-25B", why="?"), UNLISTED, DONE)
    with pytest.raises(DomainError, match=r"product\.not_quarantined"):
        settle_product(_known(), SettleProduct(why="?"), LISTED, DONE)


def test_a_product_is_scrapped_comes_back_and_is_in_use_again() -> None:
    scrapped = mark_product(_known(), MarkProduct(status="scrapped", why="事故"), DONE)
    assert mark_product(scrapped, MarkProduct(status="scrapped", why="再说一遍"), DONE) == scrapped
    again = mark_product(scrapped, MarkProduct(status="in_use", why="登记有误"), DONE)
    assert (again.status, [chapter.what for chapter in again.history]) == ("in_use", ["scrapped", "in_use"])
    with pytest.raises(DomainError, match=r"product\.quarantined"):
        mark_product(_known(UNLISTED), MarkProduct(status="returned", why="退货"), DONE)


def test_a_model_is_entered_and_changed() -> None:
    model = enter_model(None, "E1", ModelForm(line="e-bike", title="电动车 E1", warranty_months=24))
    assert (model.id, model.warranty_months, model.discontinued) == ("E1", 24, False)
    changed = enter_model(model, "E1", ModelForm(line="e-bike", title="电动车 E1", discontinued=True))
    assert isinstance(changed, Model)
    assert (changed.warranty_months, changed.discontinued) == (None, True)
