"""The real system as child processes: each service an own program, on servers that may be killed."""

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import pymongo
from faults.servers import Servers, until

from aftersales.common.testing.servers import free_port
from aftersales.common.testing.servers.model import OWNER, tail

SERVICES = ("intake", "dispatch", "inventory", "feedback")
TIERS = (0.3, 0.6, 1.2, 2.5, 5.0)
STOP_BUDGET = 6.0
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


@dataclass
class Program:
    """One service as a child process."""

    name: str
    command: tuple[str, ...]
    environment: dict[str, str]
    port: int
    log: Path
    wanted: bool = False
    """Whether it should be running now."""
    deaths: list[str] = field(default_factory=list)
    """Each time it ended by itself, with the end of its log."""
    _child: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        with self.log.open("ab") as output:
            self._child = subprocess.Popen(
                self.command,
                env=os.environ | self.environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        self.wanted = True

    def send(self, number: signal.Signals) -> None:
        if self._child is not None and self._child.poll() is None:
            os.kill(self._child.pid, number)

    async def kill(self) -> None:
        self.wanted = False
        self.send(signal.SIGKILL)
        await self._gone(10)

    async def terminate(self) -> tuple[float, int | None]:
        """End it by SIGTERM: the seconds it took, and its exit code (None: it had to be killed)."""
        self.wanted = False
        began = time.monotonic()
        self.send(signal.SIGTERM)
        code = await self._gone(STOP_BUDGET * 4)
        took = time.monotonic() - began
        if code is None:
            await self.kill()
        return took, code

    async def _gone(self, seconds: float) -> int | None:
        child = self._child
        deadline = time.monotonic() + seconds
        while child is not None and child.poll() is None and time.monotonic() < deadline:
            await asyncio.sleep(0.01)
        return child.poll() if child else 0

    def died(self) -> bool:
        """Whether it ended though nobody ended it; noted once."""
        if not self.wanted or self._child is None or self._child.poll() is None:
            return False
        self.wanted = False
        end = "\n".join(line[:1500] for line in tail(self.log, 3).splitlines())
        self.deaths.append(f"{self.name} ended by itself (exit {self._child.returncode}):\n{end}")
        return True


class System:
    """The services on one bus. `broken` gives the arguments for `broken.py`, by the service that starts so."""

    def __init__(
        self,
        servers: Servers,
        tag: str = "aftersales",
        services: Sequence[str] = SERVICES,
        broken: Mapping[str, Sequence[str]] | None = None,
    ) -> None:
        self.servers, self.tag = servers, tag
        self.folder = servers.folder / tag
        self.folder.mkdir(parents=True, exist_ok=True)
        self.programs = {name: self._program(name, (broken or {}).get(name)) for name in services}
        self.http = httpx.AsyncClient(timeout=25)
        self.started = 0.0
        """When all were first ready, by the monotonic clock."""
        self._guard: asyncio.Task[None] | None = None

    def _program(self, name: str, broken: Sequence[str] | None) -> Program:
        command: tuple[str, ...] = (str(Path(sys.executable).parent / f"aftersales-{name}"),)
        if broken is not None:
            command = (sys.executable, str(Path(__file__).with_name("broken.py")), name, *broken)
        port = free_port()
        own = {
            "MONGO_URL": self.servers.mongo_url,
            "AMQP_URL": self.servers.amqp_for_services,
            "BUS": self.tag,
            "DATABASE": self.database(name),
            "INSTANCE": "1",
            "HTTP_PORT": str(port),
        }
        environment = {f"AFTERSALES_{key}": value for key, value in (POLICY | own).items()}
        environment[OWNER] = str(self.folder)
        return Program(name, command, environment, port, self.folder / f"{name}.log")

    def database(self, name: str) -> str:
        return f"{self.tag}_{name}"

    def __getitem__(self, name: str) -> Program:
        return self.programs[name]

    async def start(self) -> None:
        """Start all, and wait until none of them reads the journal any more, which would heal a loss."""
        for program in self.programs.values():
            program.start()
        await self.ready()
        with pymongo.MongoClient[dict[str, Any]](self.servers.mongo_url) as client:
            await until(partial(self._caught_up, client), 60, "the journal read")
        self.started = time.monotonic()
        self._guard = asyncio.create_task(self._restart_dead())

    async def stop(self) -> None:
        if self._guard is not None:
            self._guard.cancel()
        for program in self.programs.values():
            await program.kill()
        await self.http.aclose()

    async def ready(self, seconds: float = 180) -> None:
        await until(partial(self._ready, list(self.programs)), seconds, "services ready")

    async def _caught_up(self, client: pymongo.MongoClient[dict[str, Any]]) -> bool:
        marks = [client[self.database(name)]["marks"].find_one() for name in self.programs]
        return all(marks)

    async def _ready(self, names: Sequence[str]) -> bool:
        return all([await self._is_ready(self[name]) for name in names])

    async def _is_ready(self, program: Program) -> bool:
        try:
            return (await self.http.get(f"{program.url}/healthz", timeout=3)).status_code == 200
        except httpx.HTTPError:
            return False

    async def _restart_dead(self) -> None:
        """Do what a supervisor does; each death is noted."""
        while True:
            for program in self.programs.values():
                if program.died():
                    program.start()
            await asyncio.sleep(0.1)

    @property
    def deaths(self) -> list[str]:
        return [death for program in self.programs.values() for death in program.deaths]
