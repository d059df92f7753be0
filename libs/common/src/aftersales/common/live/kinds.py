"""The kinds of documents that live hints are about: those that the service's API lists or shows."""

import re

from fastapi.routing import APIRoute

from aftersales.common.aggregate import Aggregate
from aftersales.common.service import Service

_PARAMETER = re.compile(r"/{[^/]*}$")


def live_kinds(service: Service) -> list[str]:
    """Return the collections with the name of a list or of the document itself, such as `/orders/{number}`."""
    kinds: set[type[Aggregate]] = {*service.indexes, *service.clocked, *(timer.kind for timer in service.timers)}
    routes = [route for route in service.router.routes if isinstance(route, APIRoute)]
    shown = {_last_word(route.path) for route in routes if "GET" in (route.methods or ())}
    return sorted(kind.COLLECTION for kind in kinds if kind.HINTED and kind.COLLECTION in shown)


def _last_word(path: str) -> str:
    return _PARAMETER.sub("", path).rpartition("/")[2]
