"""MongoDB, RabbitMQ and the proxy before it: servers of our own, which may be killed."""

import asyncio
import os
import shutil
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
from faults.proxy import Proxy

from aftersales.common.testing.servers import Process, free_port, mongod, rabbitmq, start
from aftersales.common.testing.servers.orphans import end_orphans

RUNS = Path(__file__).parents[2] / ".run" / "faults"


async def until(found: Callable[[], Awaitable[Any]], seconds: float, what: str, every: float = 0.1) -> Any:
    """Ask until there is a truthy answer. Raises TimeoutError that says for what it was waited."""
    deadline = time.monotonic() + seconds
    while not (answer := await found()):
        if time.monotonic() > deadline:
            raise TimeoutError(f"{what}: not within {seconds:.0f} s")
        await asyncio.sleep(every)
    return answer


@dataclass
class Servers:
    """Several systems may run on them, one after another or at once."""

    folder: Path
    mongo: Process
    rabbit: Process
    proxy: Proxy

    @property
    def mongo_url(self) -> str:
        return self.mongo.url

    @property
    def amqp_for_services(self) -> str:
        return f"amqp://guest:guest@127.0.0.1:{self.proxy.port}/"

    async def close(self) -> None:
        await self.proxy.stop()
        for server in (self.rabbit, self.mongo):
            await asyncio.to_thread(server.kill)
        shutil.rmtree(self.folder, ignore_errors=True)


async def start_servers() -> Servers:
    """Start both servers; what earlier runs that were killed left behind is ended first."""
    for left in RUNS.glob("[0-9]*"):
        if left.name.isdigit() and not psutil.pid_exists(int(left.name)):
            end_orphans(left)
            shutil.rmtree(left, ignore_errors=True)
    folder = RUNS / str(os.getpid())
    folder.mkdir(parents=True, exist_ok=True)
    mongo, rabbit = await asyncio.gather(
        asyncio.to_thread(lambda: start(mongod(folder / "mongo", free_port()))),
        asyncio.to_thread(lambda: start(rabbitmq(folder / "rabbit", free_port()))),
    )
    proxy = Proxy(free_port(), rabbit.server.ports["amqp"])
    await proxy.start()
    return Servers(folder, mongo, rabbit, proxy)
