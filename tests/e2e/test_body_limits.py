"""No route of any service reads a body without a limit, announced or not."""

import re

import pytest
from fastapi.routing import APIRoute

from aftersales.common.http.app import _RESTORED

LIMIT = 1_000_000


def routes(running):
    """Yield method, a path and whether it takes large bodies, of every route of a service that may have one."""
    large = {*_RESTORED, *running.runtime.service.uploads}
    for route in running.http._transport.app.routes:
        if isinstance(route, APIRoute):
            for method in sorted((route.methods or set()) & {"POST", "PUT", "PATCH", "DELETE"}):
                yield method, route.path_format, large


async def endless(size: int):
    for _ in range(0, size, 50_000):
        yield b"x" * 50_000


@pytest.mark.timeout(300)
async def test_a_body_above_the_limit_is_refused_by_every_route(aftersales):
    tried, larger = 0, 0
    for running in aftersales.services.values():
        for method, template, large in routes(running):
            path = re.sub(r"{[^}]*}", "x-1", template)
            size = LIMIT if not any(re.fullmatch(pattern, path) for pattern in large) else 20_000_000
            larger += size > LIMIT
            announced = await running.http.request(
                method, path, content=b"", headers={"Content-Length": str(size + 1), "Content-Type": "application/json"}
            )
            assert announced.status_code == 413, (method, path)
            tried += 1
    assert (tried > 100, larger) == (True, 5)


async def test_a_body_that_does_not_say_its_size_is_cut_off_at_the_limit(aftersales):
    paths = ("/requests", "/orders/x/complete", "/receipts", "/surveys/x")
    for name, path in zip(aftersales.services, paths, strict=True):
        answer = await aftersales.services[name].http.post(path, content=endless(LIMIT + 100_000))
        assert (answer.status_code, answer.json()["code"]) == (413, "http.413"), name
