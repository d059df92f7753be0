"""Faults of RabbitMQ and of the way to it."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from faults.chaos import Chaos
from faults.proxy import Cut

from aftersales.testing.servers import Process, run_rabbitmqctl

_FROZEN = (5, 40)
"""Seconds: shorter and longer than it takes a client to miss its heartbeats."""


@asynccontextmanager
async def _without_brokers(chaos: Chaos) -> AsyncIterator[None]:
    await chaos.queues_are_old_enough()
    await asyncio.gather(*(asyncio.to_thread(broker.kill) for broker in chaos.servers.brokers))
    try:
        yield
    finally:
        await asyncio.gather(*(asyncio.to_thread(broker.start, 120) for broker in chaos.servers.brokers))


async def kill(chaos: Chaos) -> None:
    async with _without_brokers(chaos):
        await chaos.standstill()


async def restart(chaos: Chaos) -> None:
    for broker in chaos.servers.brokers:
        await asyncio.to_thread(broker.stop)
        await asyncio.to_thread(broker.start, 120)


async def end_services_without(chaos: Chaos) -> None:
    """End all services while there is no broker: each must still end within its budget."""
    programs = chaos.system.programs
    async with _without_brokers(chaos):
        await asyncio.gather(*(chaos.end(program, "without RabbitMQ") for program in programs))
    await chaos.start(*programs)


async def freeze(chaos: Chaos) -> None:
    """Connections stay open and nothing answers, sometimes for longer than the heartbeats allow."""
    await chaos.queues_are_old_enough()
    until = time.monotonic() + chaos.chance.choice(_FROZEN)
    async with _frozen(chaos, chaos.servers.brokers):
        await chaos.standstill()
        await asyncio.sleep(max(0.0, until - time.monotonic()))


@asynccontextmanager
async def _frozen(chaos: Chaos, brokers: list[Process]) -> AsyncIterator[None]:
    places = {chaos.servers.brokers.index(broker) for broker in brokers}
    chaos.servers.out |= places
    for broker in brokers:
        broker.pause()
    try:
        yield
    finally:
        for broker in brokers:
            broker.resume()
        chaos.servers.out -= places


async def cut(chaos: Chaos, how: Cut) -> None:
    """Break every publishing connection during its next publish; at least one must come to that."""
    servers = chaos.servers
    before = servers.cuts
    deadline = time.monotonic() + 30
    while servers.cuts == before and time.monotonic() < deadline:
        servers.arm(how)
        await asyncio.sleep(0.1)
    if servers.cuts == before:
        chaos.complaints.append(f"cut {how}: nothing was published within 30 s")
    await asyncio.sleep(0.5)
    servers.disarm()


async def cut_everything(chaos: Chaos) -> None:
    chaos.servers.reset_all()


async def raise_memory_alarm(chaos: Chaos) -> None:
    """RabbitMQ takes no publishes, and connections stay up."""
    for broker in chaos.servers.brokers:
        await asyncio.to_thread(run_rabbitmqctl, broker.server, "set_vm_memory_high_watermark", "absolute", "1MB")
    try:
        await chaos.standstill()
        await chaos.pause(0, 3)
    finally:
        for broker in chaos.servers.brokers:
            await asyncio.to_thread(run_rabbitmqctl, broker.server, "set_vm_memory_high_watermark", "0.6")


async def lose_quorum(chaos: Chaos) -> None:
    """Kill all brokers but one, which then serves nobody."""
    await chaos.queues_are_old_enough()
    gone = chaos.chance.sample(chaos.servers.brokers, len(chaos.servers.brokers) - 1)
    await asyncio.gather(*(asyncio.to_thread(broker.kill) for broker in gone))
    await chaos.standstill()
    await asyncio.gather(*(asyncio.to_thread(broker.start, 120) for broker in gone))


async def kill_one(chaos: Chaos) -> None:
    await chaos.queues_are_old_enough()
    broker = chaos.chance.choice(chaos.servers.brokers)
    await asyncio.to_thread(broker.kill)
    await chaos.pause(1, 4)
    await asyncio.to_thread(broker.start, 120)


async def freeze_one(chaos: Chaos) -> None:
    """The others take it for lost; what it did not hear of it must learn when it wakes up, as after a partition."""
    await chaos.queues_are_old_enough()
    async with _frozen(chaos, [chaos.chance.choice(chaos.servers.brokers)]):
        await chaos.pause(12, 16)
