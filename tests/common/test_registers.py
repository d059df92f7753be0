"""What a room declares (routes, documents with their indexes, retention) is part of its service."""

from collections.abc import Iterator
from dataclasses import replace
from importlib import import_module
from pkgutil import iter_modules
from types import ModuleType
from typing import Any

import pytest
from contracts.catalogue import services
from fastapi import APIRouter

from aftersales.common.service import Service

SERVICES = services()
each_service = pytest.mark.parametrize("service", SERVICES, ids=[service.name for service in SERVICES])


def rooms(service: Service) -> Iterator[ModuleType]:
    top = import_module(f"aftersales.{service.name}")
    for folder in (found.name for found in iter_modules(top.__path__, f"{top.__name__}.") if found.ispkg):
        for room in iter_modules(import_module(folder).__path__, f"{folder}."):
            yield import_module(room.name)


def forgotten(service: Service) -> list[str]:
    """What a room declares and `main.py` does not register."""
    found = []
    for room in rooms(service):
        router, retained = getattr(room, "router", APIRouter()), getattr(room, "RETAINED", ())
        found += [f"{room.__name__}: {route}" for route in router.routes if route not in service.router.routes]
        found += [f"{room.__name__}: {kind}" for kind in getattr(room, "INDEXES", {}) if kind not in service.indexes]
        found += [f"{room.__name__}: {rule}" for rule in retained if rule not in service.retained]
    return found


@each_service
def test_a_service_registers_all_that_its_rooms_declare(service: Service) -> None:
    assert forgotten(service) == []


@each_service
@pytest.mark.parametrize("register", [{"router": APIRouter()}, {"indexes": {}}, {"retained": ()}])
def test_a_register_that_forgets_is_found_out(service: Service, register: Any) -> None:
    assert forgotten(replace(service, **register)) != []
