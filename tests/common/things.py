"""A small service whose documents belong to branches, and ears on its live hints, over real HTTP."""

import asyncio
import json
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any, ClassVar

import aio_pika
import httpx
from fastapi import APIRouter
from pydantic import SecretStr
from pymongo import AsyncMongoClient

from aftersales.common.aggregate import Aggregate
from aftersales.common.amqp.topology import delete_topologies
from aftersales.common.http.app import build_app
from aftersales.common.http.problem import PROBLEMS
from aftersales.common.http.request_context import RequestContext
from aftersales.common.http.server import Server, make_server
from aftersales.common.runtime import Runtime
from aftersales.common.scope import SharedAggregate
from aftersales.common.service import Service
from aftersales.common.settings import ServiceSettings
from aftersales.common.sign_in.access import AccessTable, Action, access_table
from aftersales.common.work import UnitOfWork, use_case
from aftersales.testing import eventually
from aftersales.testing.servers import free_port
from aftersales.values import Value, uuid7


class Thing(SharedAggregate):
    COLLECTION: ClassVar[str] = "things"
    owner: str = ""


class Gadget(Thing):
    COLLECTION: ClassVar[str] = "gadgets"


class Standard(Aggregate):
    """The same for all branches, whoever made it."""

    COLLECTION: ClassVar[str] = "standards"
    NETWORK_WIDE: ClassVar[bool] = True
    owner: str = ""


class Hidden(Thing):
    """No route shows it."""

    COLLECTION: ClassVar[str] = "hidden_things"


class ThingForm(Value):
    branch: str
    owner: str = ""
    shared_with: tuple[str, ...] = ()


@use_case(about=lambda id: (Thing, id))
async def keep(work: UnitOfWork, id: str, form: ThingForm) -> Thing:
    """Keep a thing, and a gadget and a hidden thing of the same id and branch."""
    for kind in (Gadget, Hidden):
        work.put((await work.get(kind, id) or kind(id=id, branch=form.branch)).but(**form.model_dump()))
    return work.put((await work.get(Thing, id) or Thing(id=id, branch=form.branch)).but(**form.model_dump()))


@use_case(about=lambda id: (Standard, id))
async def keep_standard(work: UnitOfWork, id: str, form: ThingForm) -> Standard:
    return work.put(Standard(id=id, branch=form.branch))


router = APIRouter(responses=PROBLEMS)


@router.put("/things/{id}")
async def put_thing(id: str, form: ThingForm, context: RequestContext) -> Thing:
    return await context.do(keep, id, form)


@router.get("/things/{id}")
async def get_thing(id: str, context: RequestContext) -> Thing:
    return await context.read(Thing, id)


@router.get("/boxes/{box}/gadgets")
async def list_gadgets(box: str, context: RequestContext) -> list[Gadget]:
    return await context.mongo.find(Gadget, {"owner": box})


@router.get("/standards/{id}")
async def get_standard(id: str, context: RequestContext) -> Standard:
    return await context.read(Standard, id)


@router.put("/standards/{id}")
async def put_standard(id: str, form: ThingForm, context: RequestContext) -> Standard:
    return await context.do(keep_standard, id, form)


_ROLES = access_table().roles
_ACTIONS = {
    **access_table().actions,
    "read_things": Action(
        roles=frozenset({"clerk", "headquarters"}),
        routes={"things": frozenset({("GET", "/things/{id}"), ("GET", "/standards/{id}")})},
    ),
    "read_gadgets": Action(
        roles=frozenset({"store_keeper", "headquarters"}),
        routes={"things": frozenset({("GET", "/boxes/{box}/gadgets")})},
    ),
    "keep": Action(
        roles=frozenset({"headquarters"}),
        routes={"things": frozenset({("PUT", "/things/{id}"), ("PUT", "/standards/{id}")})},
    ),
}


def build_things(settings: ServiceSettings) -> Service:
    return Service(
        name="things",
        settings=settings,
        indexes={Thing: (), Gadget: (), Hidden: (), Standard: ()},
        router=router,
        produces=(),
        access=AccessTable(_ROLES, _ACTIONS, {}),
    )


@dataclass
class Replica:
    """One of the processes that share a database, as far as HTTP can tell."""

    runtime: Runtime
    server: Server
    http: httpx.AsyncClient

    async def keep(self, id: str, branch: str = "sh-01", owner: str = "王小明", **more: Any) -> int:
        answer = await self.http.put(f"/things/{id}", json={"branch": branch, "owner": owner, **more})
        assert answer.status_code == 200, answer.text
        return answer.json()["version"]


class _Quiet(Server):
    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave pytest its signals."""
        yield


@asynccontextmanager
async def start_replica(urls, clock, tag: str, instance: str, **more: Any) -> AsyncIterator[Replica]:
    secrets = {"mongo_url": SecretStr(more.pop("mongo_url", urls.mongo_url)), "amqp_url": SecretStr(urls.amqp_url)}
    settings = ServiceSettings(bus=tag, database=tag, instance=instance, http_port=free_port(), **secrets, **more)
    app = build_app(build_things(settings), clock)
    made = make_server(app, settings)
    server = _Quiet(made.config, made._end_streams)
    serving = asyncio.create_task(server.serve())
    runtime: Runtime = app.state.runtime
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{settings.http_port}", trust_env=False) as http:
        await eventually(lambda: _ready(runtime, server), 30)
        try:
            yield Replica(runtime, server, http)
        finally:
            server.should_exit = True
            await serving


async def _ready(runtime: Runtime, server: Server) -> bool:
    return server.started and runtime.live.up and runtime.bus.ready


@asynccontextmanager
async def start_replicas(urls, clock, count: int = 2, **settings: Any) -> AsyncIterator[list[Replica]]:
    """Start replicas of the service on one database, which is dropped afterwards."""
    tag = f"t{uuid7()[-10:]}"
    async with AsyncExitStack() as stack:
        replicas = [
            await stack.enter_async_context(start_replica(urls, clock, tag, str(number), **settings))
            for number in range(count)
        ]
        try:
            yield replicas
        finally:
            async with AsyncMongoClient[dict[str, Any]](urls.mongo_url) as client:
                await client.drop_database(tag)
            async with await aio_pika.connect(urls.amqp_url) as connection:
                await delete_topologies(await connection.channel(), [replicas[0].runtime.topology])


@dataclass
class Ear:
    """What one client of `GET /live` hears."""

    status: int = 0
    hints: list[dict[str, Any]] = field(default_factory=list)
    resyncs: int = 0
    heartbeats: int = 0
    last: str | None = None
    """The id of the last event, as `EventSource` keeps it."""
    ended: bool = False
    """Whether the service ended the stream, or cut it."""

    def heard(self) -> set[tuple[str, str, int]]:
        return {(hint["kind"], hint["id"], hint["version"]) for hint in self.hints}

    async def hears(self, kind: str, id: str, version: int, seconds: float = 10) -> None:
        await eventually(lambda: _is((kind, id, version) in self.heard()), seconds)

    def _read(self, block: str) -> None:
        fields = dict(line.partition(": ")[::2] for line in block.splitlines())
        self.last = fields.get("id", self.last)
        self.heartbeats += "" in fields
        if fields.get("event") == "resync":
            self.resyncs += 1
        elif fields.get("event") == "hint":
            self.hints.append(json.loads(fields["data"]))

    async def listen(self, http: httpx.AsyncClient, query: str, headers: dict[str, str]) -> None:
        async with http.stream("GET", f"/live{query}", headers=headers, timeout=60) as answer:
            self.status, text = answer.status_code, ""
            try:
                async for piece in answer.aiter_text():
                    *blocks, text = (text + piece).split("\n\n")
                    for block in blocks:
                        self._read(block)
            except httpx.RemoteProtocolError:
                pass
            self.ended = True


async def _is(true: bool) -> bool:
    return true


@asynccontextmanager
async def listening(
    replica: Replica, query: str = "", *, last: str | None = None, **headers: str
) -> AsyncIterator[Ear]:
    """Listen to a replica; the ear is open when the block begins."""
    ear = Ear()
    sent = headers | ({"Last-Event-ID": last} if last else {})
    task = asyncio.create_task(ear.listen(replica.http, query, sent))
    try:
        await eventually(lambda: _is(ear.status != 0 and (ear.last is not None or ear.ended)))
        yield ear
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
