"""Every route of the four services, called as every role: 403 exactly where docs/access.md says so (ALL-2)."""

import asyncio
import re
from collections.abc import AsyncIterator

import pytest
from common.issuer import Issuer, serve_issuer
from e2e.conftest import ROWS

from aftersales.common.sign_in.access import access_table
from aftersales.testing.system import RunningSystem, start_system

WHOLE = {"oidc_roles_claim": "roles", "oidc_branches_claim": "branches"}
TABLE = access_table()
AT_ONCE = 8


@pytest.fixture(scope="module")
def issuer():
    with serve_issuer() as started:
        yield started


@pytest.fixture
async def gated(urls, clock, issuer: Issuer) -> AsyncIterator[RunningSystem]:
    async with start_system(urls, clock, ROWS, oidc_issuer=issuer.url, **WHOLE) as built:
        yield built


def operations() -> list[tuple[str, str, str, str]]:
    """Every service, method, path and action of the table."""
    names = ("intake", "dispatch", "inventory", "feedback")
    return [
        (service, method, path, action)
        for action, said in TABLE.actions.items()
        for place, routes in sorted(said.routes.items())
        for method, path in sorted(routes)
        for service in (names if place == "every" else (place,))
    ]


async def test_each_role_may_call_what_the_table_says_and_nothing_else(gated, issuer, clock):
    tokens = {role: issuer.token(clock.now(), roles=[role], branches=["hz-1"], sub=f"s-{role}") for role in TABLE.roles}
    room, wrong = asyncio.Semaphore(AT_ONCE), []

    async def call(service, method, path, action, role):
        real = re.sub(r"\{.*?\}", "NOBODY-1", path) + ("?kind=none" if path == "/live" else "")  # else it never ends
        async with room:
            answer = await getattr(gated, service).http.request(
                method,
                real,
                json={} if method in {"POST", "PUT", "PATCH"} else None,
                headers={"authorization": f"Bearer {tokens[role]}"},
            )
        denied = answer.status_code == 403 and answer.json()["code"] == "access.denied"
        if denied != (role not in TABLE.actions[action].roles) or answer.status_code in {401, 500}:
            wrong.append((service, method, path, role, answer.status_code))

    await asyncio.gather(*(call(*operation, role) for operation in operations() for role in TABLE.roles))
    assert wrong == []
    assert len(operations()) > 200


async def test_without_a_token_every_route_is_closed_all_6(gated):
    for service, method, path, _ in operations():
        answer = await getattr(gated, service).http.request(method, re.sub(r"\{.*?\}", "x", path))
        assert (answer.status_code, answer.json()["code"]) == (401, "token.missing"), (service, method, path)
