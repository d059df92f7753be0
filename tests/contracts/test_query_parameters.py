"""Unknown query parameters are refused on every route of all four services, with the known ones (ALL-1, F30)."""

from collections.abc import Iterator

import httpx
import pytest
from contracts.catalogue import services
from fastapi.routing import APIRoute

from aftersales.common.http.app import build_app
from aftersales.common.http.query import known_parameters

APPS = {service.name: build_app(service) for service in services()}
PAGES = {"/public/"}
"""Pages for people, where an advertisement's parameters do no harm."""


def operations() -> Iterator[tuple[str, str, str]]:
    for name, app in APPS.items():
        for path, methods in app.openapi()["paths"].items():
            if path not in PAGES:
                yield from ((name, method, path) for method in methods)


@pytest.mark.parametrize(("service", "method", "path"), tuple(operations()))
async def test_every_route_refuses_a_parameter_that_it_does_not_know(service: str, method: str, path: str) -> None:
    """Before anything is read or written: these applications have no database."""
    transport = httpx.ASGITransport(APPS[service])
    async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
        answer = await client.request(method, path, params={"brunch": "bj-01"}, headers={"Accept-Language": "en"})
    assert answer.status_code == 422, answer.text
    (error,) = answer.json()["params"]["errors"]
    assert error["field"] == "query.brunch"
    assert "Known:" in error["problem"]


def test_every_documented_parameter_is_known() -> None:
    """The other way round: nothing that the documents name is refused."""
    for app in APPS.values():
        routes = {
            (route.path_format, method.lower()): route
            for route in app.routes
            if isinstance(route, APIRoute)
            for method in route.methods or ()
        }
        for path, methods in app.openapi()["paths"].items():
            for method, operation in methods.items():
                named = {one["name"] for one in operation.get("parameters", ()) if one.get("in") == "query"}
                assert named == known_parameters(routes[path, method]), (path, method)


async def test_the_parameter_that_was_meant_is_named() -> None:
    transport = httpx.ASGITransport(APPS["intake"])
    async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
        answer = await client.get("/requests", params={"brunch": "bj-01"}, headers={"Accept-Language": "zh-CN"})
    (error,) = answer.json()["params"]["errors"]
    assert error["params"]["meant"] == "branch"
    assert "是否指 branch" in error["problem"]
