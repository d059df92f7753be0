"""Faults of MongoDB."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any

import pymongo
from faults.chaos import Chaos
from pymongo.errors import PyMongoError

from aftersales.testing.servers import Process, find_primary


@asynccontextmanager
async def _without(gone: list[Process]) -> AsyncIterator[None]:
    await asyncio.gather(*(asyncio.to_thread(mongod.kill) for mongod in gone))
    try:
        yield
    finally:
        await asyncio.gather(*(asyncio.to_thread(mongod.start, 120) for mongod in gone))


async def kill(chaos: Chaos) -> None:
    async with _without(chaos.servers.mongods):
        await chaos.standstill()


async def restart(chaos: Chaos) -> None:
    for mongod in chaos.servers.mongods:
        await asyncio.to_thread(mongod.stop)
        await asyncio.to_thread(mongod.start, 120)


async def end_services_without(chaos: Chaos) -> None:
    programs = chaos.system.programs
    async with _without(chaos.servers.mongods):
        await asyncio.gather(*(chaos.end(program, "without MongoDB") for program in programs))
    await chaos.start(*programs)


async def freeze(chaos: Chaos) -> None:
    """Connections stay open and nothing answers."""
    for mongod in chaos.servers.mongods:
        mongod.pause()
    try:
        await chaos.standstill()
        await chaos.pause(2, 8)
    finally:
        for mongod in chaos.servers.mongods:
            mongod.resume()


async def step_down(chaos: Chaos) -> None:
    """Make the primary give up for two seconds; its open transactions are aborted."""
    await asyncio.to_thread(_step_down, await _primary(chaos))


def _step_down(mongod: Process) -> None:
    port = mongod.server.ports["mongo"]
    with (
        pymongo.MongoClient[dict[str, Any]]("127.0.0.1", port, directConnection=True) as client,
        suppress(PyMongoError),
    ):
        client.admin.command({"replSetStepDown": 2, "secondaryCatchUpPeriodSecs": 0, "force": True})


async def _primary(chaos: Chaos) -> Process:
    found = None
    while found is None:
        found = await asyncio.to_thread(find_primary, chaos.servers.mongods)
    return found


async def kill_primary(chaos: Chaos) -> None:
    async with _without([await _primary(chaos)]):
        await chaos.pause(3, 6)


async def freeze_primary(chaos: Chaos) -> None:
    """The others choose another; it takes itself for the primary until it wakes up."""
    mongod = await _primary(chaos)
    mongod.pause()
    await chaos.pause(4, 8)
    mongod.resume()


async def lose_majority(chaos: Chaos) -> None:
    """Kill all members but one, which then takes no writes."""
    mongods = chaos.servers.mongods
    async with _without(chaos.chance.sample(mongods, len(mongods) - 1)):
        await chaos.standstill()


async def lose_connections_without(chaos: Chaos) -> None:
    """MongoDB is away, and each lost connection to RabbitMQ brings the same deliveries again."""
    async with _without(chaos.servers.mongods):
        for _ in range(6):
            chaos.servers.reset_all()
            await chaos.pause(0.5, 1.5)
