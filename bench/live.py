"""Listeners of `GET /live`: how soon they hear of a commit, and what they cost those who write."""

import asyncio
import json
import statistics
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from bench.caller import Caller
from bench.places import DATA, ROOT, Urls, caught_up
from bench.requests import BRANCH, form, register_many
from bench.rows import say

from aftersales.testing.programs import run_services

LISTENERS = 500
RATE = 20
"""Requests a second while the delay is measured."""
ROUNDS = 5


@dataclass(frozen=True)
class Found:
    """Requests a second without and with listeners, and the median of the rounds' ratios."""

    delays: list[float]
    """Sorted seconds from the answer of `POST /requests` to the hint at each listener."""
    alone: float
    heard: float
    ratio: float


async def race(urls: Urls, count: int) -> Found:
    async with run_services(urls, DATA, "intake") as bases:
        base = bases["intake"]
        await caught_up(urls, bases["bus"], "intake")
        caller = await Caller.connect(base)
        assert (await caller.send("PUT", "/branches/sh-01", BRANCH))[0] == 200
        await caller.close()
        await register_many(base, "/requests", 1000)
        async with _listeners(base) as ears:
            delays = await _delays(base, ears, count // 10)
        pairs: list[tuple[float, float]] = []
        for number in range(ROUNDS):
            alone = await register_many(base, "/requests", count)
            async with _listeners(base):
                pairs.append((alone, await register_many(base, "/requests", count)))
            say(f"  live, round {number + 1}: alone {alone:,.0f}/s, heard by {LISTENERS} {pairs[-1][1]:,.0f}/s")
    alone, heard = (statistics.median(rates) for rates in zip(*pairs, strict=True))
    return Found(delays, alone, heard, statistics.median(heard / alone for alone, heard in pairs))


@asynccontextmanager
async def _listeners(base: str) -> AsyncIterator[asyncio.subprocess.Process]:
    program = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "bench.ears", base, str(LISTENERS)),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        cwd=ROOT,
        limit=2**28,
    )
    assert program.stdout
    assert await program.stdout.readline() == b"listening\n"
    try:
        yield program
    finally:
        if program.returncode is None:
            program.kill()
        await program.wait()


async def _delays(base: str, ears: asyncio.subprocess.Process, count: int) -> list[float]:
    caller, answered, began = await Caller.connect(base), dict[str, float](), time.perf_counter()
    for number in range(count):
        await asyncio.sleep(max(0.0, began + number / RATE - time.perf_counter()))
        status, body = await caller.send("POST", "/requests", form(number))
        assert status == 201, body
        answered[json.loads(body)["id"]] = time.time()
    await caller.close()
    await asyncio.sleep(3)
    found, _ = await ears.communicate(json.dumps(answered).encode() + b"\n")
    return [float(delay) for delay in json.loads(found)]
