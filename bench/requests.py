"""`POST /requests` with 32 clients: intake, and the least a FastAPI program could do with the same form."""

import asyncio
import os
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from functools import partial
from typing import Any

from bench.caller import Caller
from bench.places import DATA, Driver, Urls, caught_up
from fastapi import FastAPI
from motor.motor_asyncio import AsyncIOMotorClient
from pymongo import AsyncMongoClient

from aftersales.common.testing.programs import running, services
from aftersales.common.testing.servers import free_port
from aftersales.common.values import uuid7
from aftersales.intake.domain.form import RegisterRequest

CLIENTS = 32
Race = Callable[[int], Awaitable[float]]
BRANCH = {"name": "上海静安服务中心", "zone": "Asia/Shanghai", "location": {"lat": 31.23, "lon": 121.45}}


def form(number: int, branch: str = "sh-01") -> dict[str, Any]:
    """A request as a desk sends it; there are a thousand customers, each product is new."""
    return {
        "branch": branch,
        "channel": "phone",
        "customer": {"name": "王小明", "phone": f"138{number % 1000:08d}", "address": "静安区南京西路 1 号"},
        "product": {"serial": f"SN-{uuid7()}", "model": "BCD-470", "line": "refrigerator"},
        "fault": "no-cooling",
        "description": "冰箱不制冷" * 10,
    }


@asynccontextmanager
async def both(urls: Urls, driver: Driver = "motor") -> AsyncIterator[tuple[Race, Race]]:
    """Give the race of intake, and that of the bare program; both run all the while, and are called in turn.

    Intake does customer, product, number, audit, outbox and event, in one transaction a group; the other
    checks the same form and inserts it.
    """
    port = free_port()
    command = [sys.executable, "-m", "uvicorn", "bench.requests:app", "--port", str(port), "--loop", "uvloop"]
    command += ["--http", "httptools", "--no-access-log", "--log-level", "warning"]
    bare = running(command, port, {"BENCH_MONGO_URL": urls.mongo_url, "BENCH_DRIVER": driver}, DATA / "bare.log")
    async with services(urls, DATA, "intake", mongo_driver=driver) as bases, bare as other:
        await caught_up(urls, bases["bus"], "intake")
        caller = await Caller.connect(bases["intake"])
        status, body = await caller.send("PUT", "/branches/sh-01", BRANCH)
        assert status == 200, body
        await caller.close()
        for base in (bases["intake"], other):
            await _clients(base, 1000)
        yield partial(_race, bases["intake"]), partial(_race, other)


async def _race(base: str, count: int) -> float:
    began = time.perf_counter()
    await _clients(base, count)
    return count / (time.perf_counter() - began)


async def _clients(base: str, count: int) -> None:
    numbers = iter(range(count))

    async def client() -> None:
        caller = await Caller.connect(base)
        for number in numbers:
            status, body = await caller.send("POST", "/requests", form(number))
            assert status == 201, body
        await caller.close()

    await asyncio.gather(*(client() for _ in range(CLIENTS)))


app = FastAPI()
"""What one would write first: check the form, insert it."""


def _collection() -> Any:
    connect: Any = AsyncIOMotorClient if os.environ["BENCH_DRIVER"] == "motor" else AsyncMongoClient
    client = connect(os.environ["BENCH_MONGO_URL"], w="majority", journal=True)
    return client["bench_bare"]["requests"]


if "BENCH_MONGO_URL" in os.environ:
    collection = _collection()

    @app.post("/requests", status_code=201)
    async def register(request: RegisterRequest) -> RegisterRequest:
        await collection.insert_one({"_id": uuid7(), **request.model_dump(mode="json")})
        return request

    @app.get("/readyz")
    async def ready() -> dict[str, bool]:
        return {"ready": True}
