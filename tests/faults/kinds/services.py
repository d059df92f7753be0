"""Faults of the services' own processes."""

import asyncio
import signal

from faults.chaos import Chaos
from faults.rig import SERVICES

_BACKLOG = 200
"""Commands whose events are left in the outbox by a crash."""


async def kill(chaos: Chaos, service: str) -> None:
    program = chaos.one_of(service)
    await program.kill()
    await chaos.pause()
    await chaos.start(program)


async def terminate(chaos: Chaos, service: str) -> None:
    program = chaos.one_of(service)
    await chaos.end(program, "at work")
    await chaos.start(program)


async def freeze(chaos: Chaos, service: str) -> None:
    program = chaos.one_of(service)
    program.send(signal.SIGSTOP)
    await chaos.standstill([program])
    await chaos.pause()
    program.send(signal.SIGCONT)


async def kill_all(chaos: Chaos) -> None:
    programs = chaos.system.programs
    await asyncio.gather(*(program.kill() for program in programs))
    await chaos.start(*programs)


async def kill_one_of_each(chaos: Chaos) -> None:
    """The other replica of each service goes on alone for some seconds."""
    programs = [chaos.one_of(service) for service in SERVICES]
    await asyncio.gather(*(program.kill() for program in programs))
    await chaos.pause(2, 4)
    await chaos.start(*programs)


async def freeze_one_of_each(chaos: Chaos) -> None:
    """What they hold, deliveries, leases and transactions, is held until they wake up."""
    programs = [chaos.one_of(service) for service in SERVICES]
    for program in programs:
        program.send(signal.SIGSTOP)
    await chaos.standstill(programs)
    await chaos.pause(1, 3)
    for program in programs:
        program.send(signal.SIGCONT)


async def crash_in_an_outage(chaos: Chaos) -> None:
    """While no broker runs many events are committed, and then all services are killed: only the outbox knows them."""
    await chaos.queues_are_old_enough()
    for broker in chaos.servers.brokers:
        await asyncio.to_thread(broker.kill)
    await asyncio.gather(*(chaos.load.receive_something() for _ in range(_BACKLOG)))
    programs = chaos.system.programs
    await asyncio.gather(*(program.kill() for program in programs))
    await asyncio.gather(*(asyncio.to_thread(broker.start, 120) for broker in chaos.servers.brokers))
    await chaos.start(*programs)
