"""What sign-in costs: token, roles, scope, masks and records, against the same service without it."""

import asyncio
import base64
import json
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from bench.caller import Caller
from bench.places import DATA, Urls, caught_up
from bench.requests import BRANCH, register_many
from bench.rows import Rival, Row, compare

from aftersales.testing.programs import run_services
from aftersales.testing.sign_in.running import ActingTokens, run_sign_in_server

READERS = 16
CLERK = "desk-sh-01"


class Sides:
    """The same work without sign-in, and as a clerk of one branch who is a registered person."""

    def __init__(self, plain: str, gated: str, token: str) -> None:
        self._plain, self._gated, self._bearer = plain, gated, {"authorization": f"Bearer {token}"}

    async def register(self, count: int) -> float:
        return await register_many(self._plain, "/requests", count)

    async def register_signed_in(self, count: int) -> float:
        return await register_many(self._gated, "/requests", count, **self._bearer)

    async def list_open(self, count: int) -> float:
        return await _read_many(self._plain, "/requests?open=true&branch=sh-01&limit=50", count)

    async def list_open_signed_in(self, count: int) -> float:
        return await _read_many(self._gated, "/requests?open=true&branch=sh-01&limit=50", count, **self._bearer)

    async def look_up(self, count: int) -> float:
        return await _read_many(self._plain, "/lookup?q=0017", count)

    async def look_up_signed_in(self, count: int) -> float:
        return await _read_many(self._gated, "/lookup?q=0017", count, **self._bearer)

    async def look_up_in_full(self, count: int) -> float:
        return await _read_many(self._gated, "/lookup?q=0017", count, personal_data="full", **self._bearer)


async def race(urls: Urls, size: float) -> list[Row]:
    """Token, roles, scope and masks cost at most 5 %."""
    async with both_sides(urls) as sides:
        pairs = (
            ("`POST /requests`", sides.register_signed_in, sides.register, 3000, 0.95),
            ("`GET /requests`, 50 open ones", sides.list_open_signed_in, sides.list_open, 600, 0.95),
            ("`GET /lookup`", sides.look_up_signed_in, sides.look_up, 1000, 0.95),
            ("`GET /lookup` in full, recorded", sides.look_up_in_full, sides.look_up, 1000, None),
        )
        rows = []
        for what, signed_in, plain, full, goal in pairs:
            count = max(READERS, int(full * size))
            rows += await compare(f"{what}, signed in", signed_in, count, [Rival("without", plain, count, goal)])
        return rows


@asynccontextmanager
async def both_sides(urls: Urls) -> AsyncIterator[Sides]:
    folder = DATA / "sign-in"
    async with run_sign_in_server(folder, 7200) as issuer:
        tokens = ActingTokens(issuer, folder)
        settings = {"oidc_issuer": issuer, "oidc_name_claim": "preferred_username", "oidc_roles_claim": "roles"}
        one = run_services(urls, DATA, "intake")
        other = run_services(urls, DATA, "intake", **settings)
        async with one as plain, other as gated:
            for bases, headers in (
                (plain, {}),
                (gated, {"authorization": f"Bearer {await tokens.act_as('headquarters')}"}),
            ):
                await caught_up(urls, bases["bus"], "intake")
                await _furnish(bases["intake"], headers, _subject(await tokens.act_as(CLERK)))
            sides = Sides(plain["intake"], gated["intake"], await tokens.act_as(CLERK))
            for race in (sides.register, sides.register_signed_in):
                await race(1000)
            yield sides


async def _furnish(base: str, headers: dict[str, str], subject: str) -> None:
    caller = await Caller.connect(base, **headers)
    person = {"name": "林小燕", "branch": "sh-01", "roles": ["information_clerk"], "subject": subject}
    for path, body in (("/branches/sh-01", BRANCH), (f"/people/{CLERK}", person)):
        status, said = await caller.send("PUT", path, body)
        assert status == 200, said
    await caller.close()


def _subject(token: str) -> str:
    part = token.split(".")[1]
    claims: dict[str, Any] = json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    return str(claims["sub"])


async def _read_many(base: str, path: str, count: int, **headers: str) -> float:
    left = iter(range(count))

    async def reader() -> None:
        caller = await Caller.connect(base, **headers)
        for _ in left:
            status, body = await caller.send("GET", path)
            assert status == 200, body
        await caller.close()

    began = time.perf_counter()
    await asyncio.gather(*(reader() for _ in range(READERS)))
    return count / (time.perf_counter() - began)
