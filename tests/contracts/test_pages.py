"""The generated pages and the services' own pages agree with what the services declare."""

import dataclasses
import re
from pathlib import Path

import pytest
from contracts.catalogue import SETTINGS, Contract, catalogue, services
from contracts.markdown import settings_named
from fastapi.routing import APIRoute

from aftersales.common.events.partner import PRODUCES as PARTNERS_PRODUCE
from aftersales.common.service import Service, consume_event
from aftersales.common.settings import ServiceSettings
from aftersales.dispatch.main import build_service as dispatch
from aftersales.intake.main import build_service as intake

SERVICES = {service.name: service for service in services()}
each_service = pytest.mark.parametrize("service", SERVICES.values(), ids=lambda service: service.name)


def page_of(root: Path, service: Service) -> str:
    return (root / "services" / service.name / "README.md").read_text()


def short(contract_type: str) -> str:
    """`order_created` of `dispatch.order_created.v1`."""
    return contract_type.split(".")[1]


def calls(service: Service) -> list[str]:
    """`PUT /parts/{code}` for each endpoint."""
    routes = [route for route in service.router.routes if isinstance(route, APIRoute) and route.include_in_schema]
    return [f"{method} {_plain(route.path)}" for route in routes for method in route.methods or ()]


def _plain(path: str) -> str:
    return re.sub(r"\{(\w+)(?::\w+)?\}", "{}", path)


def test_the_events_page_says_who_publishes_and_who_listens_as_the_services_declare_it(root: Path) -> None:
    said = {
        event: (producer, set() if listeners == "nobody yet" else set(listeners.split(", ")))
        for event, producer, listeners in re.findall(
            r"^\| \[`([^`]+)`\]\(#\w[\w-]*\) \| (\w+) \| ([^|]+) \|",
            (root / "docs" / "events.md").read_text(),
            re.MULTILINE,
        )
    }
    declared: dict[str, tuple[str, set[str]]]
    declared = {kind.TYPE: (service.name, set()) for service in SERVICES.values() for kind in service.produces}
    declared |= {kind.TYPE: ("partners", set()) for kind in PARTNERS_PRODUCE}
    for service in SERVICES.values():
        for consumer in service.consumers:
            declared[consumer.kind.TYPE][1].add(service.name)

    assert said == declared


def test_a_service_that_listens_to_what_nobody_publishes_is_refused() -> None:
    without = [service for service in SERVICES.values() if service.name != "feedback"]

    with pytest.raises(
        LookupError, match=r"nobody publishes .*feedback\.dissatisfaction_raised\.v1, .* but intake listens"
    ):
        catalogue(without)


def test_the_catalogue_knows_every_listener() -> None:
    first, second = intake(), dispatch()
    listened = {consumer.kind for consumer in second.consumers}
    more = dataclasses.replace(second, consumers=[consume_event(kind, _nothing) for kind in first.produces])
    known: tuple[Contract, ...] = catalogue((dataclasses.replace(first, consumers=()), more))

    assert len(listened) < len(more.consumers)
    assert {contract.type for contract in known if contract.consumers == ("dispatch",)} == {
        kind.TYPE for kind in first.produces
    }


def test_every_type_begins_with_its_producer_and_ends_with_a_version() -> None:
    wrong = [
        contract.type
        for contract in catalogue(SERVICES.values())
        if not re.fullmatch(rf"{contract.producer.removesuffix('s')}\.[a-z_]+\.v[1-9]\d*", contract.type)
    ]

    assert wrong == []


async def _nothing(_work: object, _event: object) -> None: ...


def test_the_settings_page_names_every_setting(root: Path) -> None:
    named = settings_named(root / "docs" / "settings.md")

    assert {f"AFTERSALES_{name.upper()}" for kind in SETTINGS.values() for name in kind.model_fields} <= named


@each_service
def test_the_services_page_names_all_events_in_and_out(root: Path, service: Service) -> None:
    page = page_of(root, service)
    heard = {short(consumer.kind.TYPE) for consumer in service.consumers}
    said = {short(kind.TYPE) for kind in service.produces}

    assert sorted(name for name in heard | said if not re.search(rf"\b{name}(\.v\d+)?`", page)) == []


@each_service
def test_the_services_page_names_all_endpoints_and_none_that_is_not_there(root: Path, service: Service) -> None:
    named = {
        f"{method} {_plain(path)}"
        for method, path in re.findall(r"`(GET|PUT|PATCH|POST|DELETE) (/[^?`]+)", page_of(root, service))
    }

    assert sorted(named) == sorted(calls(service)), "each once: of two with one path the first answers for both"


@each_service
def test_the_services_page_names_its_own_settings(root: Path, service: Service) -> None:
    own = set(type(service.settings).model_fields) - set(ServiceSettings.model_fields)

    assert sorted(name for name in own if f"`{name.upper()}`" not in page_of(root, service)) == []
