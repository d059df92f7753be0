"""The kinds of documents that live hints are about: those that the service's API lists or shows."""

import re
from typing import NamedTuple

from fastapi.routing import APIRoute

from aftersales.common.aggregate import Aggregate
from aftersales.common.service import Service

_PARAMETER = re.compile(r"/{[^/]*}$")


class LiveKind(NamedTuple):
    """Who may hear of a kind."""

    roles: frozenset[str]
    """The access roles that may call one of its routes."""
    network_wide: bool
    """Whether its documents are the same for all branches."""


def live_kinds(service: Service) -> dict[str, LiveKind]:
    """Return the collections with the name of a list or of the document itself, such as `/orders/{number}`."""
    kinds: set[type[Aggregate]] = {*service.indexes, *service.clocked, *(timer.kind for timer in service.timers)}
    shown: dict[str, set[str]] = {}
    for route in service.router.routes:
        if isinstance(route, APIRoute) and "GET" in (route.methods or ()):
            shown.setdefault(_last_word(route.path), set()).update(_roles(service, route))
    return {
        kind.COLLECTION: LiveKind(frozenset(shown[kind.COLLECTION]), kind.NETWORK_WIDE)
        for kind in sorted(kinds, key=lambda kind: kind.COLLECTION)
        if kind.HINTED and kind.COLLECTION in shown
    }


def _roles(service: Service, route: APIRoute) -> frozenset[str]:
    """Return the roles that may call a route; an open one is everybody's, one that is not in the table nobody's."""
    action = service.access.action_of(service.name, ("GET", route.path_format))
    if action == "":
        return frozenset(service.access.roles)
    return service.access.actions[action].roles if action else frozenset()


def _last_word(path: str) -> str:
    return _PARAMETER.sub("", path).rpartition("/")[2]
