"""The OpenAPI documents of the four services: valid, and with schema names that no move of a module changes."""

from copy import deepcopy
from typing import Any

import pytest
from contracts.catalogue import services
from openapi_spec_validator import OpenAPIV31SpecValidator

from aftersales.common.service import build_app

DOCUMENTS: dict[str, Any] = {service.name: build_app(service).openapi() for service in services()}
each_document = pytest.mark.parametrize("name", DOCUMENTS)


def flaws(document: Any) -> list[str]:
    return [error.message for error in OpenAPIV31SpecValidator(document).iter_errors()]


def module_names(document: Any) -> list[str]:
    """Schemas that Pydantic named after modules, because two models have the same name."""
    return [name for name in document["components"]["schemas"] if "__" in name]


@each_document
def test_the_document_is_valid(name: str) -> None:
    assert flaws(DOCUMENTS[name]) == []


@each_document
def test_no_schema_is_named_after_a_module(name: str) -> None:
    assert module_names(DOCUMENTS[name]) == []


def test_a_default_that_does_not_fit_and_a_module_name_are_found() -> None:
    broken = deepcopy(DOCUMENTS["dispatch"])
    schemas = broken["components"]["schemas"]
    schemas["LadderStep"]["properties"]["after"]["type"] = "string"
    schemas["aftersales__common__sla__model__Level"] = schemas["LadderStep"]

    assert any("is not of type 'string'" in flaw for flaw in flaws(broken))
    assert module_names(broken) == ["aftersales__common__sla__model__Level"]


def test_durations_are_described_as_the_numbers_of_seconds_that_are_sent() -> None:
    terms = DOCUMENTS["dispatch"]["components"]["schemas"]["Terms"]["properties"]["target"]

    assert (terms["type"], "format" in terms) == ("number", False)
