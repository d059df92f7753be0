"""A whole run: start the services, let requests stream in, strike again and again, settle, and hold it to account."""

import asyncio
import random
import time
from collections.abc import Callable, Sequence
from contextlib import suppress

from faults.chaos import Chaos
from faults.evidence import Watch
from faults.load import Load, Stream
from faults.rig import System
from faults.score import Outcome
from faults.servers import Servers
from faults.settle import Settling
from faults.wire import Wire

Log = Callable[[str], None]


async def campaign(servers: Servers, plan: Sequence[str], *, seed: int, stream: Stream, log: Log = print) -> Outcome:
    """Strike as planned while requests stream in."""
    began = time.monotonic()
    system = System(servers)
    watch = Watch(system)
    tasks: list[asyncio.Task[None]] = []
    try:
        await system.start()
        wire = Wire(system, seed)
        load = Load(wire, seed, stream)
        await load.furnish()
        tasks = [asyncio.create_task(watch.run()), asyncio.create_task(load.run())]
        chaos = Chaos(system, load, random.Random(seed))
        with suppress(TimeoutError):  # it is among the complaints, and there is no point in going on
            for number, kind in enumerate(plan, 1):
                log(f"{number}/{len(plan)} {await chaos.strike(kind)}")
        load.close()
        await tasks[1]
        log(f"{len(wire.ledger.attempts)} requests, {len(wire.ledger.accepted)} accepted; waiting until all is quiet")
        settling = Settling(system, wire.ledger, watch)
        evidence = await settling.evidence(seed)
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
