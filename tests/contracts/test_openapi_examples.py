"""Examples of bodies of requests: every operation has one, and its own form accepts it."""

from typing import Any

import pytest
from contracts.catalogue import services
from fastapi.routing import APIRoute
from pydantic import TypeAdapter, ValidationError

from aftersales.common.http.app import build_app

APPS = {service.name: build_app(service) for service in services()}
BODIES = [
    pytest.param(
        route.body_field.field_info.annotation, bodies["application/json"].get("example"), id=f"{name} {route.name}"
    )
    for name, app in APPS.items()
    for route in app.routes
    if isinstance(route, APIRoute) and route.body_field
    for method in route.methods or ()
    if (bodies := app.openapi()["paths"][route.path_format][method.lower()]["requestBody"]["content"])
]


@pytest.mark.parametrize(("form", "example"), BODIES)
def test_every_body_has_an_example_that_its_form_accepts(form: Any, example: Any) -> None:
    assert example is not None
    TypeAdapter(form).validate_python(example)


@pytest.mark.parametrize(("form", "example"), [body for body in BODIES if body.id == "intake cancel_request"])
def test_an_example_with_a_field_of_another_form_is_found(form: Any, example: Any) -> None:
    with pytest.raises(ValidationError):
        TypeAdapter(form).validate_python(example | {"urgency": 2})
