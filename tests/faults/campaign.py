"""A whole run: start the services, let requests stream in, strike again and again, settle, and hold it to account."""

import asyncio
import random
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass

from faults.chaos import Chaos
from faults.evidence import Watch
from faults.kinds import KINDS
from faults.load import Load, Stream
from faults.probes import Probes
from faults.rig import System
from faults.score import Outcome
from faults.servers import Servers
from faults.settle import Settling
from faults.wire import Wire

Log = Callable[[str], None]


@dataclass(frozen=True)
class Campaign:
    """Which faults, in this order, under which load."""

    plan: Sequence[str]
    seed: int
    stream: Stream
    replicas: int = 1
    probe_limit: float = 10.0
    """Seconds within which the probes are to tell."""


async def campaign(servers: Servers, given: Campaign, log: Log = print) -> Outcome:
    """Strike as planned while requests stream in."""
    began, seed = time.monotonic(), given.seed
    system = System(servers, replicas=given.replicas)
    watch, probes = Watch(system), Probes(system)
    tasks: list[asyncio.Task[None]] = []
    try:
        await system.start()
        wire = Wire(system, seed)
        load = Load(wire, seed, given.stream)
        await load.furnish()
        tasks = [asyncio.create_task(doing) for doing in (watch.run(), load.run(), probes.run())]
        chaos = Chaos(system, load, probes, random.Random(seed), given.probe_limit)
        with suppress(TimeoutError):  # it is among the complaints, and there is no point in going on
            for number, kind in enumerate(given.plan, 1):
                log(f"{number}/{len(given.plan)} {await chaos.strike(kind, KINDS[kind])}")
        load.close()
        await tasks[1]
        log(f"{len(wire.ledger.attempts)} requests, {len(wire.ledger.accepted)} accepted; waiting until all is quiet")
        settling = Settling(system, wire.ledger, watch)
        evidence = await settling.evidence(seed)
        evidence.shown, evidence.probe_limit = chaos.shown, given.probe_limit
        outcome = Outcome(seed, evidence, watch.results["duplicate"], chaos.redelivered + settling.redelivered)
        outcome.dead = dict(settling.dead)
        outcome.recovered, outcome.seconds = chaos.recovered, time.monotonic() - began
        outcome.complaints = chaos.complaints + settling.complaints + system.deaths
        return outcome
    finally:
        for task in tasks:
            task.cancel()
        with suppress(asyncio.CancelledError):
            await asyncio.gather(*tasks, return_exceptions=True)
        await system.stop()
