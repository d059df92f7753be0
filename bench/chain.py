"""Registered -> assigned -> reserved through three services, each its own process: how long it takes."""

import asyncio
import json
import time
from dataclasses import dataclass, field
from typing import Any

import aio_pika
from bench.caller import Caller
from bench.places import DATA, Urls, caught_up
from bench.requests import BRANCH, form

from aftersales.testing.programs import run_services

BRANCHES, TECHNICIANS = 10, 10
SENDERS = 16
QUIET = 20
"""Requests a second at which hardly two meet."""
_SERVICES = ("intake", "dispatch", "inventory")


@dataclass
class Watch:
    """When each request was sent, and when its parts were set aside."""

    sent: dict[str, float] = field(default_factory=dict)
    reserved: dict[str, float] = field(default_factory=dict)

    def milliseconds(self) -> list[float]:
        return sorted((self.reserved[number] - at) * 1000 for number, at in self.sent.items())


async def race(urls: Urls, count: int) -> tuple[float, list[float], list[float]]:
    """Requests a second through all three at full load; the sorted milliseconds at half of that, and at `QUIET`."""
    async with run_services(urls, DATA, *_SERVICES) as bases:
        await caught_up(urls, bases["bus"], *_SERVICES)
        await _furnish(bases, stock=3 * count)
        async with await aio_pika.connect(urls.amqp_url) as connection:
            rate = await _flat_out(bases, await _listen(connection, bases["bus"]), count)
            half, quiet = await _listen(connection, bases["bus"]), await _listen(connection, bases["bus"])
            await _paced(bases, half, count, rate / 2)
            await _paced(bases, quiet, count // 5, QUIET)
            return rate, half.milliseconds(), quiet.milliseconds()


async def _furnish(bases: dict[str, str], stock: int) -> None:
    callers = {name: await Caller.connect(bases[name]) for name in _SERVICES}
    part = {"name": "压缩机", "faults": ["no-cooling"], "lines": ["refrigerator"]}
    await _ok(callers["inventory"].send("PUT", "/parts/P-100", part))
    for number in range(BRANCHES):
        branch = f"b-{number}"
        await _ok(callers["intake"].send("PUT", f"/branches/{branch}", BRANCH))
        for other in range(TECHNICIANS):
            someone = {"name": "李师傅", "branch": branch, "skills": ["refrigerator"]}
            someone["licence_until"] = "2040-01-01T00:00:00Z"
            await _ok(callers["dispatch"].send("PUT", f"/technicians/T-{number}-{other}", someone))
        receipt = {"branch": branch, "part": "P-100", "lot": "L-1", "bin": "A-1", "quantity": stock}
        await _ok(callers["inventory"].send("POST", "/receipts", receipt))
    for caller in callers.values():
        await caller.close()


async def _ok(sending: Any) -> Any:
    status, body = await sending
    assert status < 300, body
    return json.loads(body)


async def _listen(connection: Any, bus: str) -> Watch:
    """Hear of each reservation as any other service would."""
    watch = Watch()
    channel = await connection.channel()
    await channel.set_qos(1000)
    queue = await channel.declare_queue(exclusive=True)
    await queue.bind(f"{bus}.events", "inventory.part_reserved.v1")

    async def heard(message: Any) -> None:
        at = time.perf_counter()
        watch.reserved[json.loads(message.body)["data"]["request"]] = at

    await queue.consume(heard, no_ack=True)
    return watch


async def _flat_out(bases: dict[str, str], watch: Watch, count: int) -> float:
    """As fast as `SENDERS` can; the rate counts to the last reservation."""
    numbers = iter(range(count))

    async def sender() -> None:
        caller = await Caller.connect(bases["intake"])
        for number in numbers:
            await _one(caller, watch, number)
        await caller.close()

    began = time.perf_counter()
    await asyncio.gather(*(sender() for _ in range(SENDERS)))
    await _all_reserved(watch)
    return count / (time.perf_counter() - began)


async def _paced(bases: dict[str, str], watch: Watch, count: int, rate: float) -> None:
    """Each at its time, whether the one before was answered or not."""
    free: asyncio.Queue[Caller] = asyncio.Queue()
    for _ in range(4 * SENDERS):
        free.put_nowait(await Caller.connect(bases["intake"]))

    async def send(number: int, at: float) -> None:
        await asyncio.sleep(at - time.perf_counter())
        caller = await free.get()
        await _one(caller, watch, number, at)
        free.put_nowait(caller)

    began = time.perf_counter() + 0.2
    await asyncio.gather(*(send(number, began + number / rate) for number in range(count)))
    await _all_reserved(watch)


async def _one(caller: Caller, watch: Watch, number: int, at: float | None = None) -> None:
    at = at or time.perf_counter()
    request = await _ok(caller.send("POST", "/requests", form(number, f"b-{number % BRANCHES}")))
    watch.sent[request["id"]] = at


async def _all_reserved(watch: Watch, seconds: float = 120) -> None:
    deadline = time.perf_counter() + seconds
    while not watch.sent.keys() <= watch.reserved.keys():
        assert time.perf_counter() < deadline, f"{len(watch.sent.keys() - watch.reserved.keys())} are missing"
        await asyncio.sleep(0.01)
