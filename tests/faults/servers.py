"""MongoDB, RabbitMQ and a proxy before each broker: servers of our own, one or three of each, which may be killed."""

import asyncio
import os
import random
import shutil
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil
from faults.proxy import Cut, Proxy

from aftersales.testing.servers import (
    Process,
    free_port,
    prepare_mongod,
    prepare_rabbitmq,
    start_brokers,
    start_mongods,
    start_server,
)
from aftersales.testing.servers.orphans import end_orphans

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
    mongods: list[Process]
    brokers: list[Process]
    proxies: list[Proxy] = field(default_factory=list)
    """One before each broker."""
    out: set[int] = field(default_factory=set)
    """Brokers that are frozen now, by their place in `brokers`."""

    @property
    def mongo_url(self) -> str:
        return self.mongods[0].url

    @property
    def broker(self) -> Process:
        """Return a broker that runs, any of them; the first one while none does."""
        running = [broker for place, broker in enumerate(self.brokers) if broker.runs and place not in self.out]
        return random.choice(running or self.brokers[:1])

    @property
    def amqp_url(self) -> str:
        """Past the proxy, to a broker that runs."""
        return self.broker.url

    @property
    def amqp_for_services(self) -> str:
        return ",".join(f"amqp://guest:guest@127.0.0.1:{proxy.port}" for proxy in self.proxies)

    @property
    def cuts(self) -> int:
        """How many connections were cut so far."""
        return sum(proxy.cuts for proxy in self.proxies)

    def arm(self, how: Cut) -> None:
        """Cut each publishing connection during its next publish."""
        for proxy in self.proxies:
            proxy.arm(how)

    def disarm(self) -> None:
        for proxy in self.proxies:
            proxy.disarm()

    def reset_all(self) -> None:
        """Cut every connection to a broker now."""
        for proxy in self.proxies:
            proxy.reset_all()

    async def close(self) -> None:
        for proxy in self.proxies:
            await proxy.stop()
        for server in (*self.brokers, *self.mongods):
            await asyncio.to_thread(server.kill)
        await asyncio.to_thread(end_orphans, self.folder)
        shutil.rmtree(self.folder, ignore_errors=True)


async def start_servers(count: int = 1) -> Servers:
    """Start so many mongods and brokers; what earlier runs that were killed left behind is ended first."""
    for left in RUNS.glob("[0-9]*"):
        if left.name.isdigit() and not psutil.pid_exists(int(left.name)):
            end_orphans(left)
            shutil.rmtree(left, ignore_errors=True)
    folder = RUNS / str(os.getpid())
    folder.mkdir(parents=True, exist_ok=True)
    if count == 1:
        starting = (
            asyncio.to_thread(lambda: [start_server(prepare_mongod(folder / "mongo", free_port()))]),
            asyncio.to_thread(lambda: [start_server(prepare_rabbitmq(folder / "rabbit", free_port()))]),
        )
    else:
        starting = (
            asyncio.to_thread(start_mongods, folder, count),
            asyncio.to_thread(start_brokers, folder, count),
        )
    mongods, brokers = await asyncio.gather(*starting)
    servers = Servers(folder, mongods, brokers)
    for broker in brokers:
        proxy = Proxy(free_port(), broker.server.ports["amqp"])
        await proxy.start()
        servers.proxies.append(proxy)
    return servers
