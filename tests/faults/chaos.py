"""What goes wrong: each kind of fault as a function, done to a running system and set right again."""

import asyncio
import random
import signal
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import pymongo
from faults.echo import Echo
from faults.load import Load
from faults.proxy import Cut
from faults.rig import SERVICES, System
from faults.settle import stopped
from pymongo.errors import PyMongoError

_QUEUES_NEED = 15.0
"""Seconds."""


@dataclass
class Chaos:
    """Does faults to a system under load, one after another."""

    system: System
    load: Load
    chance: random.Random
    recovered: dict[str, list[float]] = field(default_factory=dict)
    """Seconds from the beginning of each fault until a new request was through all services, by kind."""
    complaints: list[str] = field(default_factory=list)
    """A stop beyond its budget, a system that did not recover."""
    redelivered: int = 0
    """Deliveries that were made a second time on purpose."""

    async def strike(self, kind: str) -> str:
        """Do it, set it right, and measure how long it took until a new request went all the way; say so.

        Raises TimeoutError when that takes longer than anybody would wait.
        """
        began = time.monotonic()
        await KINDS[kind](self)
        struck = time.monotonic() - began
        number = sum(map(len, self.recovered.values()))
        try:
            await self.load.probe(f"{number}-{kind.replace(' ', '-')}")
        except TimeoutError:
            self.complaints.append(f"{kind}: not recovered after {time.monotonic() - began:.0f} s")
            raise
        took = time.monotonic() - began
        self.recovered.setdefault(kind, []).append(took)
        return f"{kind}: the fault took {struck:.1f} s, recovered in {took:.1f} s"

    async def _pause(self, least: float = 0.0, most: float = 1.0) -> None:
        await asyncio.sleep(self.chance.uniform(least, most))

    async def kill(self, service: str) -> None:
        await self.system[service].kill()
        await self._pause()
        self.system[service].start()

    async def terminate(self, service: str) -> None:
        await self._end(service, "at work")
        self.system[service].start()

    async def _end(self, service: str, when: str) -> None:
        self.complaints += await stopped(self.system, service, when)

    async def freeze(self, service: str) -> None:
        self.system[service].send(signal.SIGSTOP)
        await self._pause(1.5, 4)
        self.system[service].send(signal.SIGCONT)

    async def kill_all(self) -> None:
        for service in SERVICES:
            await self.system[service].kill()
        for service in SERVICES:
            self.system[service].start()

    async def kill_rabbit(self) -> None:
        await self._queues_are_old_enough()
        await asyncio.to_thread(self.system.servers.rabbit.kill)
        await self._pause()
        await asyncio.to_thread(self.system.servers.rabbit.start, 120)

    async def _queues_are_old_enough(self) -> None:
        """Wait out the first seconds of the queues' life.

        RabbitMQ 3.10.8 forgets a quorum queue or a stream, with all that it confirmed, when it is killed within
        about a second of making it (measured; under load later). Nothing outside the broker can help that.
        """
        while time.monotonic() < self.system.started + _QUEUES_NEED:
            await asyncio.sleep(0.2)

    async def stop_rabbit(self) -> None:
        await asyncio.to_thread(self.system.servers.rabbit.stop)
        await asyncio.to_thread(self.system.servers.rabbit.start, 120)

    async def stop_services_without_rabbit(self) -> None:
        """End all services while there is no broker: each must still end within its budget."""
        await self._queues_are_old_enough()
        await asyncio.to_thread(self.system.servers.rabbit.kill)
        await asyncio.gather(*(self._end(service, "without RabbitMQ") for service in SERVICES))
        await asyncio.to_thread(self.system.servers.rabbit.start, 120)
        for service in SERVICES:
            self.system[service].start()

    async def cut(self, how: Cut) -> None:
        """Break every publishing connection during its next publish; at least one must come to that."""
        proxy = self.system.servers.proxy
        before = proxy.cuts
        deadline = time.monotonic() + 30
        while proxy.cuts == before and time.monotonic() < deadline:
            proxy.arm(how)
            await asyncio.sleep(0.1)
        if proxy.cuts == before:
            self.complaints.append(f"cut {how}: nothing was published within 30 s")
        await asyncio.sleep(0.5)
        proxy.disarm()

    async def cut_everything(self) -> None:
        self.system.servers.proxy.reset_all()

    async def kill_mongo(self) -> None:
        await asyncio.to_thread(self.system.servers.mongo.kill)
        await self._pause()
        await asyncio.to_thread(self.system.servers.mongo.start, 120)

    async def stop_mongo(self) -> None:
        await asyncio.to_thread(self.system.servers.mongo.stop)
        await asyncio.to_thread(self.system.servers.mongo.start, 120)

    async def stop_services_without_mongo(self) -> None:
        await asyncio.to_thread(self.system.servers.mongo.kill)
        await asyncio.gather(*(self._end(service, "without MongoDB") for service in SERVICES))
        await asyncio.to_thread(self.system.servers.mongo.start, 120)
        for service in SERVICES:
            self.system[service].start()

    async def step_down(self) -> None:
        """Make the primary give up for two seconds; its open transactions are aborted."""
        await asyncio.to_thread(self._step_down)

    def _step_down(self) -> None:
        with (
            pymongo.MongoClient[dict[str, Any]](self.system.servers.mongo_url, directConnection=True) as client,
            suppress(PyMongoError),
        ):
            client.admin.command({"replSetStepDown": 2, "secondaryCatchUpPeriodSecs": 0, "force": True})

    async def twice_and_shuffled(self) -> None:
        """For some seconds each event comes to each of its queues twice, and later ones before earlier ones."""
        async with Echo(self.system, self.chance) as echo:
            async with echo.instead_of_the_exchange():
                await self._pause(4, 6)
            self.redelivered += echo.delivered // 2


Kind = Callable[[Chaos], Awaitable[None]]


def _each(what: str, do: Callable[[Chaos, str], Awaitable[None]]) -> dict[str, Kind]:
    return {f"{what} {service}": partial(_to, do, service) for service in SERVICES}


def _to(do: Callable[[Chaos, str], Awaitable[None]], service: str, chaos: Chaos) -> Awaitable[None]:
    return do(chaos, service)


KINDS: dict[str, Kind] = {
    **_each("kill -9", Chaos.kill),
    **_each("SIGTERM", Chaos.terminate),
    **_each("SIGSTOP", Chaos.freeze),
    "kill -9 all services": Chaos.kill_all,
    "kill -9 RabbitMQ": Chaos.kill_rabbit,
    "restart RabbitMQ": Chaos.stop_rabbit,
    "SIGTERM all without RabbitMQ": Chaos.stop_services_without_rabbit,
    "cut half a frame": lambda chaos: chaos.cut("half"),
    "cut before the confirm": lambda chaos: chaos.cut("deaf"),
    "cut all connections": Chaos.cut_everything,
    "kill -9 mongod": Chaos.kill_mongo,
    "restart mongod": Chaos.stop_mongo,
    "SIGTERM all without MongoDB": Chaos.stop_services_without_mongo,
    "step down": Chaos.step_down,
    "twice and shuffled": Chaos.twice_and_shuffled,
}
