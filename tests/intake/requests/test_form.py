"""The form (INT-2, INT-4): what each kind of request must say, and words for what is missing."""

from collections.abc import Callable
from typing import Any

import pytest
from pydantic import ValidationError

from aftersales.intake.requests.domain.form import FIELDS, RegisterContact, RegisterRequest
from aftersales.intake.vocabulary import KINDS
from aftersales.values.messages import LOCALES, message_catalogue

Form = Callable[..., RegisterRequest]
SAID = {"description": "x", "fault": "noisy", "order_number": {"number": "3387"}}
PLACES = {"order_number": "order"}
"""Where the form has a field under another name."""


@pytest.mark.parametrize("kind", KINDS)
def test_each_kind_is_taken_with_its_fields_and_with_none_missing(kind: Any, form: Form) -> None:
    """INT-4."""
    needed = FIELDS.get(kind, ())
    of_form = {PLACES.get(name, name): value for name, value in SAID.items() if name in needed}
    details = {name: "x" for name in needed if name not in SAID}
    empty = {"kind": kind, "fault": None, "description": "", "details": {}}
    assert form(**empty | of_form | {"details": details}).kind == kind
    for missing in needed:
        kept = {name: value for name, value in of_form.items() if name != PLACES.get(missing, missing)}
        others = {name: value for name, value in details.items() if name != missing}
        with pytest.raises(ValidationError) as refused:
            form(**empty | kept | {"details": others})
        (error,) = refused.value.errors()
        place = ("order", "number") if missing == "order_number" else ("details", missing)
        assert (error["loc"], str(error["ctx"]["error"])) == (
            ("description",) if missing == "description" else place,
            f"request.{missing}_missing",
        ), "the field is named, not the whole form"


def test_int_2_a_field_left_blank_is_as_good_as_left_out(form: Form) -> None:
    """INT-2: front ends send empty texts for fields that nobody filled in."""
    blank = {"model": "", "line": " ", "serial": "\u3000", "batch": "", "purchased_on": ""}
    customer = {"name": "王芳", "phone": "13800138000", "email": "", "address": " ", "chat_id": ""}
    made = form(product=blank, customer=customer, fault="", owner="", wanted_at="")
    assert made == form(product={}, customer={"name": "王芳", "phone": "13800138000"}, fault=None)
    with pytest.raises(ValidationError, match="name"):
        form(customer=customer | {"name": " "})


@pytest.mark.parametrize("locale", LOCALES)
def test_every_field_that_can_be_missing_has_words(locale: str) -> None:
    """INT-4, ALL-9."""
    for name in {name for names in FIELDS.values() for name in names}:
        named = "order.number" if name == "order_number" else name
        assert f"`{named}`" in message_catalogue(locale)[f"request.{name}_missing"]


def test_a_contact_makes_a_form_of_each_subject(form: Form) -> None:
    """INT-2."""
    shared = form().model_dump(mode="json", include={"branch", "channel", "customer"})
    subject = form().model_dump(mode="json", include={"product", "fault"})
    other = {**subject, "product": {**subject["product"], "serial": "RF-2"}, "urgency": 3}
    first, second = RegisterContact.model_validate({**shared, "subjects": [subject, other]}).forms()
    assert first == RegisterRequest.model_validate({**shared, **subject})
    assert (second.product.serial, second.urgency) == ("RF-2", 3)
