"""The OpenAPI documents of the four services: valid, and with schema names that change only with their classes."""

from copy import deepcopy
from typing import Any

import pytest
from contracts.catalogue import services
from contracts.openapi import documents
from openapi_spec_validator import OpenAPIV31SpecValidator

DOCUMENTS = documents(services())
each_document = pytest.mark.parametrize("name", DOCUMENTS)


def flaws(document: Any) -> list[str]:
    return [error.message for error in OpenAPIV31SpecValidator(document).iter_errors()]


def unstable_names(document: Any) -> list[str]:
    """Schemas named after modules, because two classes have the same name, or after the side, because one class is
    sent in another form than it is accepted. Each gets such a name when the other is added, and its clients break."""
    return [name for name in document["components"]["schemas"] if "__" in name or name.endswith(("-Input", "-Output"))]


@each_document
def test_the_document_is_valid(name: str) -> None:
    assert flaws(DOCUMENTS[name]) == []


@each_document
def test_each_schema_has_the_name_of_one_class(name: str) -> None:
    assert unstable_names(DOCUMENTS[name]) == []


@each_document
def test_a_field_that_may_be_null_has_no_object_as_its_default(name: str) -> None:
    """`openapi-python-client` refuses it, and leaves out the schema and every operation that answers with it."""
    fields = [
        field for one in DOCUMENTS[name]["components"]["schemas"].values() for field in one["properties"].values()
    ]

    assert len(fields) > 200
    assert [field for field in fields if "anyOf" in field and isinstance(field.get("default"), dict)] == []


def test_a_default_that_does_not_fit_and_unstable_names_are_found() -> None:
    broken = deepcopy(DOCUMENTS["dispatch"])
    schemas = broken["components"]["schemas"]
    schemas["LadderStep"]["properties"]["after"]["type"] = "string"
    unstable = ["aftersales__common__sla__model__Level", "Stage-Input", "Stage-Output"]
    schemas.update(dict.fromkeys(unstable, schemas["LadderStep"]))

    assert any("is not of type 'string'" in flaw for flaw in flaws(broken))
    assert unstable_names(broken) == unstable


def test_durations_are_described_as_the_numbers_of_seconds_that_are_sent() -> None:
    terms = DOCUMENTS["dispatch"]["components"]["schemas"]["Terms"]["properties"]["target"]

    assert (terms["type"], "format" in terms) == ("number", False)


def test_a_policy_is_answered_with_durations_in_the_form_in_which_they_are_accepted() -> None:
    lead = DOCUMENTS["intake"]["components"]["schemas"]["Appointments"]["properties"]["lead"]

    assert (lead["type"], lead["format"]) == ("string", "duration")
