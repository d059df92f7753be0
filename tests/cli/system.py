"""The `aftersales` program as people run it: a process of its own, and services that listen on real ports."""

import asyncio
import csv
import json
import os
import sys
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import uvicorn

from aftersales.dispatch.main import build_service as dispatch
from aftersales.dispatch.settings import Settings as DispatchSettings
from aftersales.feedback.main import build_service as feedback
from aftersales.feedback.settings import Settings as FeedbackSettings
from aftersales.intake.main import build_service as intake
from aftersales.intake.settings import Settings as IntakeSettings
from aftersales.inventory.main import build_service as inventory
from aftersales.inventory.settings import Settings as InventorySettings
from aftersales.testing import eventually
from aftersales.testing.system import RunningService, RunningSystem, ServiceRow, start_system

INTAKE: ServiceRow = (intake, IntakeSettings)
ROWS: list[ServiceRow] = [
    INTAKE,
    (dispatch, DispatchSettings),
    (inventory, InventorySettings),
    (feedback, FeedbackSettings),
]
PROGRAM = Path(sys.executable).with_name("aftersales")
NOBODY = "http://127.0.0.1:9"


@dataclass
class Done:
    code: int
    out: str
    err: str

    @property
    def json(self):
        return json.loads(self.out)


@dataclass
class Program:
    """Runs `aftersales …` against these addresses."""

    system: RunningSystem
    urls: dict[str, str]

    async def __call__(self, *arguments: object, stdin: str = "", **environment: str) -> Done:
        known = {f"AFTERSALES_{service.upper()}_URL": url for service, url in self.urls.items()}
        process = await asyncio.create_subprocess_exec(
            PROGRAM,
            *map(str, arguments),
            env=os.environ | {"COLUMNS": "200"} | known | environment,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        out, err = await process.communicate(stdin.encode())
        assert process.returncode is not None
        return Done(process.returncode, out.decode(), err.decode())


class Withhold:
    """Keeps back the answers to imports, once `free` of them were sent: what was asked is done, and nobody is told."""

    def __init__(self, free: int) -> None:
        self.free, self.kept = free, 0
        self.ended = asyncio.Event()

    def around(self, app: Any) -> Any:
        async def serve(scope: Any, receive: Any, send: Any) -> None:
            async def answer(message: Any) -> None:
                if message["type"] == "http.response.start" and scope["path"].startswith("/imports/"):
                    self.free -= 1
                    if self.free < 0:
                        self.kept += 1
                        await self.ended.wait()
                await send(message)

            await app(scope, receive, answer)

        return serve


class _Server(uvicorn.Server):
    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave pytest its signals."""
        yield


@asynccontextmanager
async def open_system(servers, clock, rows: Sequence[ServiceRow] = ROWS, **settings) -> AsyncIterator[Program]:
    async with AsyncExitStack() as stack:
        built = await stack.enter_async_context(start_system(servers, clock, rows, **settings))
        urls = {
            name: await stack.enter_async_context(listening(running_service))
            for name, running_service in built.services.items()
        }
        yield Program(built, urls)


@asynccontextmanager
async def listening(
    running_service: RunningService, port: int = 0, *, cut: bool = False, withhold: "Withhold | None" = None
) -> AsyncIterator[str]:
    """A room on a port of its own; gives the address. `cut` ends it as a crash does: no answer is finished."""
    transport: Any = running_service.http._transport
    app = withhold.around(transport.app) if withhold else transport.app
    server = _Server(uvicorn.Config(app, port=port, lifespan="off", log_config=None, access_log=False))
    serving = asyncio.create_task(server.serve())

    async def started() -> bool:
        return server.started or serving.done()

    await eventually(started)
    try:
        yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    finally:
        if cut:
            for door in server.servers:  # first, or it would serve those who come back until it has noticed
                door.close()
            for connection in list(server.server_state.connections):
                connection.transport.abort()
            if withhold:
                withhold.ended.set()
        server.should_exit = True
        await serving


def saved(folder: Path, name: str, text: str, encoding: str = "utf-8") -> Path:
    file = folder / name
    file.write_bytes(text.encode(encoding))
    return file


def read_csv(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))
