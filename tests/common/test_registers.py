"""What layers and event modules declare (routes, documents with indexes, retention, events) is part of its service."""

from collections.abc import Iterator
from dataclasses import replace
from importlib import import_module
from pkgutil import iter_modules
from types import ModuleType
from typing import Any, get_args

import pytest
from contracts.catalogue import services
from fastapi import APIRouter

from aftersales.common.events import PRODUCERS, REGISTRY, SlaMark
from aftersales.common.events.intake import RecallCounts
from aftersales.common.service import Service
from aftersales.feedback.surveys.domain import QUESTIONS
from aftersales.intake.recalls import domain as recalls

SERVICES = services()
each_service = pytest.mark.parametrize("service", SERVICES, ids=[service.name for service in SERVICES])


def modules(service: Service) -> Iterator[ModuleType]:
    top = import_module(f"aftersales.{service.name}")
    for folder in (found.name for found in iter_modules(top.__path__, f"{top.__name__}.") if found.ispkg):
        for module in iter_modules(import_module(folder).__path__, f"{folder}."):
            yield import_module(module.name)


def forgotten(service: Service) -> list[str]:
    """What a layer declares and `main.py` does not register."""
    found = []
    for module in modules(service):
        router, retained = getattr(module, "router", APIRouter()), getattr(module, "RETAINED", ())
        found += [f"{module.__name__}: {route}" for route in router.routes if route not in service.router.routes]
        found += [
            f"{module.__name__}: {kind}" for kind in getattr(module, "INDEXES", {}) if kind not in service.indexes
        ]
        found += [f"{module.__name__}: {rule}" for rule in retained if rule not in service.retained]
    found += [
        f"event: {name}" for name, kind in REGISTRY.items() if _is_of(service, name) and kind not in service.produces
    ]
    return found


def _is_of(service: Service, event: str) -> bool:
    return event.startswith(f"{service.name}.")


@each_service
def test_a_service_registers_all_that_its_rooms_declare(service: Service) -> None:
    assert forgotten(service) == []


@each_service
@pytest.mark.parametrize("register", [{"router": APIRouter()}, {"indexes": {}}, {"retained": ()}, {"produces": ()}])
def test_a_register_that_forgets_is_found_out(service: Service, register: Any) -> None:
    assert forgotten(replace(service, **register)) != []


def test_the_states_of_a_recalls_case_are_counted_published_and_reached_by_steps() -> None:
    states = set(get_args(recalls.CaseState))
    assert set(RecallCounts.model_fields) == states
    assert set(get_args(recalls.RecallStep)) == states - {"found"} == recalls._FROM.keys()


def test_every_mark_of_a_deadline_reaches_the_digests() -> None:
    """ALL-3."""
    marks = {kind for kind in REGISTRY.values() if issubclass(kind, SlaMark) and kind.TYPE.split(".")[0] in PRODUCERS}
    (intake,) = (service for service in SERVICES if service.name == "intake")
    assert len(marks) == 12
    assert marks <= {consumer.kind for consumer in intake.consumers}


def test_what_is_marked_is_asked() -> None:
    """FBK-2: the four marks of the form, and no words."""
    assert QUESTIONS == ("attitude", "skill", "punctuality", "result")
