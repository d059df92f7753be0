"""The endpoints of a service, those of the routers inside its router too."""

from collections.abc import Iterator
from typing import Any

from fastapi.routing import APIRoute


def endpoints(router: Any) -> Iterator[APIRoute]:
    for route in router.routes:
        if isinstance(route, APIRoute):
            yield route
        else:
            yield from endpoints(route.original_router)
