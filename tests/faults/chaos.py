"""Does faults to a system under load, one after another, and measures how soon each is told and overcome."""

import asyncio
import random
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field

from faults.load import Load
from faults.probes import Healed, Probes, Shown
from faults.program import Program
from faults.rig import System
from faults.servers import Servers
from faults.settle import stopped

_QUEUES_NEED = 15.0
"""Seconds."""
_STARTS_WITHIN = 120.0


@dataclass
class Chaos:
    """What a kind of fault (`kinds`) works with."""

    system: System
    load: Load
    probes: Probes
    chance: random.Random
    probe_limit: float = 10.0
    """Seconds within which a probe is to be red where the line stands still."""
    recovered: dict[str, list[float]] = field(default_factory=dict)
    """Seconds from the beginning of each fault until a new request was through all services, by kind."""
    shown: list[Shown] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)
    """A stop beyond its budget, a system that did not recover."""
    redelivered: int = 0
    """Deliveries that were made a second time on purpose."""

    @property
    def servers(self) -> Servers:
        return self.system.servers

    async def strike(self, kind: str, do: Callable[["Chaos"], Awaitable[None]]) -> str:
        """Do it, set it right, and measure how long it took until a new request went all the way; say so.

        Raises TimeoutError when that takes longer than anybody would wait.
        """
        began = time.monotonic()
        shown = Shown(kind)
        self.shown.append(shown)
        self.probes.forget()
        await do(self)
        mended = time.monotonic()
        number = sum(map(len, self.recovered.values()))
        try:
            await self.load.probe(f"{number}-{kind.replace(' ', '-')}")
            took = time.monotonic() - began
            await self.probes.until_green(60)
        except TimeoutError:
            self.complaints.append(f"{kind}: not recovered after {time.monotonic() - began:.0f} s")
            raise
        shown.green, shown.probes = self.probes.green_after(mended), self.probes.red
        self.recovered.setdefault(kind, []).append(took)
        return f"{kind}: the fault took {mended - began:.1f} s, {shown}, recovered in {took:.1f} s"

    async def standstill(self, programs: Sequence[Program] = (), unless: Healed | None = None) -> None:
        """The line of these replicas (of all, by default) stands still now: wait until their probes say so.

        No longer than they may take, and not when the line moves again by itself (`unless`).
        """
        await self.probes.until_red(self.shown[-1], programs or self.system.programs, self.probe_limit, unless)

    async def pause(self, least: float = 0.0, most: float = 1.0) -> None:
        await asyncio.sleep(self.chance.uniform(least, most))

    def one_of(self, service: str) -> Program:
        return self.chance.choice(self.system.of(service))

    async def start(self, *programs: Program) -> None:
        """Start these and wait until they answer: what a start takes is nobody's delay."""
        for program in programs:
            program.start()
        async with asyncio.timeout(_STARTS_WITHIN):
            while not all([await self.system.shows(program, "/livez") for program in programs]):
                await asyncio.sleep(0.1)

    async def end(self, program: Program, when: str) -> None:
        """End it by SIGTERM; a stop beyond its budget is a complaint."""
        self.complaints += await stopped(program, when)

    async def queues_are_old_enough(self) -> None:
        """Wait out the first seconds of the queues' life.

        RabbitMQ 3.10.8 forgets a quorum queue or a stream, with all that it confirmed, when it is killed within
        about a second of making it (measured; under load later). Nothing outside the broker can help that.
        """
        while time.monotonic() < self.system.started + _QUEUES_NEED:
            await asyncio.sleep(0.2)
