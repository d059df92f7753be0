"""Faults of queues, consumers, deliveries and timers: what an operator, a partner or a bug does to them."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import pymongo
from faults.chaos import Chaos
from faults.echo import Echo, topology
from faults.evidence import PLANTED
from faults.rig import SERVICES, System
from faults.servers import until

from aftersales.testing.servers import run_rabbitmqctl
from aftersales.values import sibling_number

_CANCEL = """
Name = rabbit_misc:r(<<"/">>, queue, <<"{queue}">>),
{{ok, Queue}} = rabbit_amqqueue:lookup(Name),
[ra:process_command(amqqueue:get_pid(Queue), rabbit_fifo:make_checkout(
    {{proplists:get_value(consumer_tag, C), proplists:get_value(channel_pid, C)}}, cancel, #{{}}))
 || C <- rabbit_amqqueue:consumers_all(<<"/">>), proplists:get_value(queue_name, C) =:= Name].
"""
"""The broker forgets the consumers of a queue; their channels stay open, and nobody tells the clients."""
_BEFORE = timedelta(seconds=30)
"""How much older than a queue's deletion an event may be that was in it."""
_COMES_BACK = 60.0
_WAKES = 40.0
"""Seconds until the appointment of a new order is broken, with much to spare."""
_FAILING = 600
"""Timers, more than are looked at together."""


async def twice_and_shuffled(chaos: Chaos) -> None:
    """For some seconds each event comes to each of its queues twice, and later ones before earlier ones."""
    async with Echo(chaos.system, chaos.chance) as echo:
        async with echo.instead_of_the_exchange():
            await chaos.pause(4, 6)
        chaos.redelivered += echo.delivered // 2


async def cancel_consumers(chaos: Chaos) -> None:
    queue = topology(chaos.system, chaos.chance.choice(SERVICES)).queue
    async with Echo(chaos.system, chaos.chance) as echo:
        await forget_consumers(chaos.system, queue)
        await _comes_back(chaos, echo, queue)


async def forget_consumers(system: System, queue: str) -> None:
    """Have the broker forget who consumes this queue."""
    await asyncio.to_thread(run_rabbitmqctl, system.servers.broker.server, "eval", _CANCEL.format(queue=queue))


async def delete_queue(chaos: Chaos) -> None:
    """What was in it is gone, and what comes meanwhile has no place: the journal has both, and the service reads it.

    A partner's event is not in the journal: the partner has to send it again.
    """
    service = chaos.chance.choice(SERVICES)
    queue = topology(chaos.system, service).queue
    async with Echo(chaos.system, chaos.chance) as echo:
        deleted = datetime.now(UTC)
        await echo.delete(queue)
        await _comes_back(chaos, echo, queue)
    if service == "intake":
        await chaos.load.wire.send_again(deleted - _BEFORE)


async def delete_retry_queue(chaos: Chaos) -> None:
    """The first tier of a service is gone while events come to it before their time."""
    service = chaos.chance.choice(SERVICES)
    tier = topology(chaos.system, service).retry(0)
    async with Echo(chaos.system, chaos.chance) as echo:
        deleted = datetime.now(UTC)
        await echo.delete(tier)
        async with echo.instead_of_the_exchange():
            await chaos.pause(3, 4)
        chaos.redelivered += echo.delivered // 2
        try:
            await until(lambda: echo.exists(tier), _COMES_BACK, f"{tier} is declared again")
        except TimeoutError as error:
            chaos.complaints.append(str(error))
    await _catch_up(chaos, service, deleted - _BEFORE)
    if service == "intake":
        await chaos.load.wire.send_again(deleted - _BEFORE)


async def _comes_back(chaos: Chaos, echo: Echo, queue: str) -> None:
    """Wait until somebody consumes the queue; where that takes long, a probe must tell."""
    service = next(name for name in SERVICES if topology(chaos.system, name).queue == queue)
    await chaos.standstill(chaos.system.of(service), unless=lambda: echo.is_consumed(queue))
    await until(lambda: echo.is_consumed(queue), _COMES_BACK, f"{queue} is consumed")


async def _catch_up(chaos: Chaos, service: str, since: datetime) -> None:
    """Have the service read the journal again, as the runbook tells the operator."""
    url = f"{chaos.one_of(service).url}/events/catch-up"

    async def requested() -> bool:
        answer = await chaos.system.ask("POST", url, {"since": since.isoformat()})
        return answer is not None

    async def done() -> bool:
        answer = await chaos.system.ask("GET", url)
        return answer is not None and not answer["running"]

    await until(requested, _COMES_BACK, f"{service} is told to catch up")
    await until(done, _COMES_BACK, f"{service} has caught up")


async def send_poison(chaos: Chaos) -> None:
    """Nobody can read these, and their headers claim what only the service may say of its own tries."""
    name = f"poison {chaos.chance.random()}"
    for attempt in (2**63 - 1, 2**31, -1, "many", True, [9], 0.5):
        await chaos.load.wire.publish_nonsense(f"{name} {attempt}", {"x-attempt": attempt})
    await chaos.pause()


async def fail_timers(chaos: Chaos) -> None:
    """More timers than are looked at together cannot be handled: their orders go by a policy that nobody has.

    A sound one must be run all the same: nobody arrives at a new order, and that must be told.
    """
    await until(lambda: asyncio.to_thread(_fail_timers, chaos), 30, "an order to copy")
    try:
        number = await chaos.load.probe(f"timers-{chaos.chance.randrange(10**9)}")

        async def broken() -> bool:
            order = await chaos.load.wire.look("dispatch", f"/orders/{sibling_number(number, 'WO')}")
            return order is not None and any(clock["outcome"] == "breached" for clock in order["clocks"])

        await until(broken, _WAKES, "a sound timer is run")
    except TimeoutError as error:
        chaos.complaints.append(f"failing timers: {error}")
    finally:
        await asyncio.to_thread(_end_failing_timers, chaos)


def _fail_timers(chaos: Chaos) -> bool:
    """Copy an order many times; false where there is none yet."""
    with pymongo.MongoClient[dict[str, Any]](chaos.servers.mongo_url, tz_aware=True) as client:
        orders = client[chaos.system.database("dispatch")]["orders"]
        order = orders.find_one({"state": "waiting"}) or orders.find_one()
        if order is None:
            return False
        past = datetime.now(UTC) - timedelta(hours=1)
        broken = {
            "state": "waiting",
            "policy": "nobodys@1",
            "wake_at": past,
            "retry_at": past,
            "clocks": [],
            "branch": "-",
        }
        orders.insert_many(order | broken | {"_id": f"WO-{PLANTED}-{number}"} for number in range(_FAILING))
    return True


def _end_failing_timers(chaos: Chaos) -> None:
    with pymongo.MongoClient[dict[str, Any]](chaos.servers.mongo_url) as client:
        database = client[chaos.system.database("dispatch")]
        planted = {"$regex": PLANTED}
        for name in database.list_collection_names():
            database[name].delete_many({"$or": [{"_id": planted}, {"event_id": planted}]})
