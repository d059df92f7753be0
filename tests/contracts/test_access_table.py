"""`access.toml` and the routes of the four services say the same: no route is forgotten, none is made up (ALL-2)."""

import pytest
from contracts.catalogue import services
from fastapi.routing import APIRoute

from aftersales.common.http import sign_in
from aftersales.common.http.app import build_app
from aftersales.common.sign_in.access import EVERY_SERVICE, AccessTable, Action, WrongTable, access_table

PAGES = {
    ("GET", path)
    for path in (
        "/livez",
        "/readyz",
        "/healthz",
        "/version",
        "/metrics",
        "/docs",
        "/openapi.json",
        "/docs/oauth2-redirect",
        "/sign-in",
    )
}


def existing() -> dict[str, set[tuple[str, str]]]:
    """Every route of each service that its OpenAPI document shows."""
    found = {}
    for service in services():
        routes = [
            route for route in build_app(service).routes if isinstance(route, APIRoute) and route.include_in_schema
        ]
        found[service.name] = {(method, route.path_format) for route in routes for method in route.methods or ()}
    return found


def named(table: AccessTable, service: str) -> set[tuple[str, str]]:
    every = [table.open, *(action.routes for action in table.actions.values())]
    return {operation for routes in every for operation in routes.get(service, ())}


@pytest.mark.parametrize("service", ["intake", "dispatch", "inventory", "feedback"])
def test_every_route_has_one_action_or_is_open_all_2(service: str) -> None:
    table, routes = access_table(), existing()[service]
    assert {operation for operation in routes if table.action_of(service, operation) is None} == set()
    assert named(table, service) - routes == set(), "routes that do not exist"


def test_what_every_service_has_exists_in_every_service() -> None:
    missing = {
        operation for routes in existing().values() for operation in named(access_table(), EVERY_SERVICE) - routes
    }
    assert missing - PAGES == set()


def test_no_action_is_forgotten_by_the_code() -> None:
    """An action without routes is asked for in the code, by its name."""
    assert {name for name, action in access_table().actions.items() if not action.routes} == {
        "read_all_partner_messages",
        "read_personal_data",
    }


def test_an_open_path_matches_itself_and_nothing_below() -> None:
    pattern = sign_in.open_paths(access_table(), "feedback")
    assert pattern.fullmatch("/surveys/t-1")
    for path in ("/surveys/t-1/x", "/surveys/", "/surveys", "/claims", "/livezz", "/public/info", "//livez"):
        assert not pattern.fullmatch(path), path


def test_a_route_in_two_places_is_refused() -> None:
    both = {"every": frozenset({("GET", "/a")})}
    with pytest.raises(WrongTable, match="GET /a is in two places"):
        AccessTable({}, {"x": Action(roles=frozenset(), routes=both)}, both)
