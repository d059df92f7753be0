"""The real system as child processes: each service as one program or several, on servers that may be killed."""

import asyncio
import itertools
import sys
import time
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import pymongo
from faults.program import STOP_BUDGET, Program
from faults.servers import Servers, until

from aftersales.testing.servers import free_port
from aftersales.testing.servers.model import OWNER

SERVICES = ("intake", "dispatch", "inventory", "feedback")
TIERS = (0.3, 0.6, 1.2, 2.5, 5.0)
POLICY = {
    "RETRY_TIERS": "[" + ",".join(map(str, TIERS)) + "]",
    "SWEEP_AGE": "PT1.5S",
    "SWEEP_EVERY": "PT0.5S",
    "TIMER_TICK": "PT0.1S",
    "STOP_BUDGET": f"PT{STOP_BUDGET}S",
    "HEARTBEAT_EVERY": "PT1S",
    "ASSIGNMENT_RETRY_AFTER": "PT1S",
}
"""Short, like the figures of `quick_policy`, so that much happens during a run."""


class System:
    """The services on one bus, each as often as `replicas` says.

    `broken` gives the arguments for `testing.broken`, by the service that starts so.
    """

    def __init__(
        self,
        servers: Servers,
        tag: str = "aftersales",
        *,
        replicas: int = 1,
        services: Sequence[str] = SERVICES,
        broken: Mapping[str, Sequence[str]] | None = None,
    ) -> None:
        self.servers, self.tag, self.services = servers, tag, services
        self.folder = servers.folder / tag
        self.folder.mkdir(parents=True, exist_ok=True)
        self._broken = broken or {}
        self._replicas = {name: [self._program(name, letter) for letter in "abc"[:replicas]] for name in services}
        self._turn = itertools.count()
        self.http = httpx.AsyncClient(timeout=25)
        self.started = 0.0
        """When all were first ready, by the monotonic clock."""
        self._guard: asyncio.Task[None] | None = None

    def _program(self, service: str, letter: str) -> Program:
        command: tuple[str, ...] = (str(Path(sys.executable).parent / f"aftersales-{service}"),)
        if service in self._broken:
            command = (sys.executable, "-m", "aftersales.testing.broken", service, *self._broken[service])
        port, name = free_port(), f"{service}-{letter}"
        own = {
            "MONGO_URL": self.servers.mongo_url,
            "AMQP_URL": self.servers.amqp_for_services,
            "BUS": self.tag,
            "DATABASE": self.database(service),
            "INSTANCE": letter,
            "HTTP_PORT": str(port),
        }
        environment = {f"AFTERSALES_{key}": value for key, value in (POLICY | own).items()}
        environment[OWNER] = str(self.folder)
        return Program(service, name, command, environment, port, self.folder / f"{name}.log")

    def database(self, service: str) -> str:
        return f"{self.tag}_{service}"

    @property
    def programs(self) -> list[Program]:
        """Every replica of every service."""
        return [program for replicas in self._replicas.values() for program in replicas]

    def of(self, service: str) -> list[Program]:
        """Return the service's replicas."""
        return self._replicas[service]

    def url(self, service: str) -> str:
        """Return one replica's address, as a balancer does: in turn, and none that was ended."""
        replicas = self.of(service)
        running = [program for program in replicas if program.wanted] or replicas
        return running[next(self._turn) % len(running)].url

    async def start(self) -> None:
        """Start all, and wait until none of them reads the journal any more, which would heal a loss."""
        for program in self.programs:
            program.start()
        await self.ready()
        with pymongo.MongoClient[dict[str, Any]](self.servers.mongo_url) as client:
            await until(partial(self._caught_up, client), 60, "the journal read")
        self.started = time.monotonic()
        self._guard = asyncio.create_task(self._restart_dead())

    async def stop(self) -> None:
        if self._guard is not None:
            self._guard.cancel()
        for program in self.programs:
            await program.kill()
        await self.http.aclose()

    async def ready(self, seconds: float = 180) -> None:
        await until(self._ready, seconds, "services ready")

    async def _caught_up(self, client: pymongo.MongoClient[dict[str, Any]]) -> bool:
        marks = [client[self.database(service)]["marks"].find_one({"_id": "caught_up"}) for service in self.services]
        return all(marks)

    async def _ready(self) -> bool:
        return all([await self.shows(program, "/healthz") for program in self.programs])

    async def shows(self, program: Program, probe: str) -> bool:
        """Ask one of its probes whether all is well; one that does not answer in time says no."""
        return not await self.ill(program, probe)

    async def ill(self, program: Program, probe: str) -> list[str]:
        """Return what does not work, as the probe says; empty when all is well."""
        try:
            answer = await self.http.get(f"{program.url}{probe}", timeout=3)
        except httpx.HTTPError:
            return ["no answer"]
        return [] if answer.is_success else [part for part, works in answer.json().items() if not works]

    async def ask(self, method: str, url: str, body: Any = None) -> Any:
        """Return the JSON of a 2xx; None for now, where there is no answer or another one."""
        try:
            answer = await self.http.request(method, url, json=body)
        except httpx.HTTPError:
            return None
        return answer.json() if answer.is_success else None

    async def _restart_dead(self) -> None:
        """Do what a supervisor does; each death is noted."""
        while True:
            for program in self.programs:
                if program.died():
                    program.start()
            await asyncio.sleep(0.1)

    @property
    def deaths(self) -> list[str]:
        return [death for program in self.programs for death in program.deaths]
