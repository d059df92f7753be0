"""`POST /requests` with 32 clients: intake, the least a FastAPI program could do with the form, and one as safe."""

import asyncio
import hashlib
import json
import os
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from functools import partial
from typing import Any

import bson
from bench.bare import in_session
from bench.caller import Caller
from bench.places import DATA, Driver, Urls, caught_up
from fastapi import FastAPI
from motor.motor_asyncio import AsyncIOMotorClient
from pymongo import AsyncMongoClient

from aftersales.intake.requests.domain.form import RegisterRequest
from aftersales.testing.programs import run_program, run_services
from aftersales.testing.servers import free_port
from aftersales.values import uuid7

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
async def all_three(urls: Urls, driver: Driver) -> AsyncIterator[tuple[Race, Race, Race]]:
    """Give the race of intake, of the bare program, and of the safe one; all run all the while, and are called in turn.

    Intake does customer, product, number, audit, outbox and event, in one transaction a group, and knows the rules.
    Of the same form, the bare program makes a document, and the safe one what intake stores, but no rules.
    """
    port = free_port()
    command = [sys.executable, "-m", "uvicorn", "bench.requests:app", "--port", str(port), "--loop", "uvloop"]
    command += ["--http", "httptools", "--no-access-log", "--log-level", "warning"]
    bare = run_program(command, port, {"BENCH_MONGO_URL": urls.mongo_url, "BENCH_DRIVER": driver}, DATA / "bare.log")
    async with run_services(urls, DATA, "intake", mongo_driver=driver) as bases, bare as other:
        await caught_up(urls, bases["bus"], "intake")
        caller = await Caller.connect(bases["intake"])
        status, body = await caller.send("PUT", "/branches/sh-01", BRANCH)
        assert status == 200, body
        await caller.close()
        doors = (bases["intake"], "/requests"), (other, "/bare"), (other, "/safe")
        ours, least, safe = (partial(register_many, *door) for door in doors)
        for race in (ours, least, safe):
            await race(1000)
        yield ours, least, safe


async def register_many(base: str, path: str, count: int, **headers: str) -> float:
    """Requests a second."""
    began = time.perf_counter()
    await _clients(base, path, count, headers)
    return count / (time.perf_counter() - began)


async def _clients(base: str, path: str, count: int, headers: dict[str, str]) -> None:
    numbers = iter(range(count))

    async def client() -> None:
        caller = await Caller.connect(base, **headers)
        for number in numbers:
            status, body = await caller.send("POST", path, form(number))
            assert status == 201, body
        await caller.close()

    await asyncio.gather(*(client() for _ in range(CLIENTS)))


def _connected() -> Any:
    connect: Any = AsyncIOMotorClient if os.environ["BENCH_DRIVER"] == "motor" else AsyncMongoClient
    return connect(os.environ["BENCH_MONGO_URL"], w="majority", journal=True)


@asynccontextmanager
async def _collections(_app: FastAPI) -> AsyncIterator[None]:
    """Make what transactions write into: those that make a collection at once conflict."""
    for name in ("customers", "products", "requests", "audit", "outbox"):
        await database.create_collection(name)
    yield


app = FastAPI(lifespan=_collections)
"""What one would write by hand."""

if "BENCH_MONGO_URL" in os.environ:
    client = _connected()
    database = client[f"bench_bare_{os.environ['BENCH_DRIVER']}"]

    @app.post("/bare", status_code=201)
    async def register(request: RegisterRequest) -> RegisterRequest:
        """Check the form, insert it: what one would write first."""
        await database.requests.insert_one({"_id": uuid7(), **request.model_dump(mode="json")})
        return request

    @app.post("/safe", status_code=201)
    async def register_safely(request: RegisterRequest) -> RegisterRequest:
        """Keep customer, product, request, audit entry and event together: a transaction each time."""
        form = request.model_dump(mode="json")
        phone, serial = form["customer"]["phone"], form["product"]["serial"]
        customer = await database.customers.find_one({"_id": phone})
        known = await database.products.find_one({"_id": serial})
        document = {**form, "_id": uuid7(), "customer": phone, "product": serial}
        digest = hashlib.sha256(bson.encode(document)).hexdigest()

        async def write(session: Any) -> None:
            if not customer:
                new = {"$setOnInsert": form["customer"]}
                await database.customers.update_one({"_id": phone}, new, upsert=True, session=session)
            if not known:
                await database.products.insert_one({"_id": serial, **form["product"]}, session=session)
            await database.requests.insert_one(document, session=session)
            await database.audit.insert_one({"_id": uuid7(), "after": digest}, session=session)
            await database.outbox.insert_one({"_id": uuid7(), "body": json.dumps(document).encode()}, session=session)

        async with in_session(client) as session:
            await session.with_transaction(write)
        return request

    @app.get("/healthz")
    async def ready() -> dict[str, bool]:
        return {"ready": True}
