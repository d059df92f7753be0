"""Timers that sleep: what a million of them cost a tick, and how late those that are due fire."""

import asyncio
import statistics
import time
from datetime import UTC, datetime, timedelta
from typing import Any

from bench.events import running_service
from bench.ledger import Account
from bench.places import Urls

from aftersales.common.mongo import to_document
from aftersales.common.runtime import Runtime

DUE = 1000
_CHUNK = 20_000


async def race(urls: Urls, sleeping: int) -> dict[str, float]:
    """Milliseconds of a tick with none and with `sleeping` asleep, and how late (p50, max) `DUE` of them fired."""
    async with running_service(urls, "sleep") as runtime:
        await runtime._cancel("timers")
        empty = await _tick(runtime)
        await _lay_down(runtime, sleeping)
        full = await _tick(runtime)
        late = await _wake(runtime)
    return {"empty_ms": empty, "full_ms": full, "late_p50": statistics.median(late), "late_max": max(late)}


async def _tick(runtime: Runtime) -> float:
    (timer,) = runtime.service.timers
    times = []
    for _ in range(200):
        began = time.perf_counter()
        await runtime.timers.wake(timer)
        times.append((time.perf_counter() - began) * 1000)
    return statistics.median(times)


async def _lay_down(runtime: Runtime, count: int) -> None:
    """All due in a year, except `DUE` of them: these a few seconds from when the last is in."""
    collection: Any = runtime.mongo._db[Account.COLLECTION]
    later = datetime.now(UTC) + timedelta(days=365)
    for start in range(0, count, _CHUNK):
        numbers = range(start, min(start + _CHUNK, count))
        rows = [to_document(Account(id=f"s{n}", version=1, wake_at=later + timedelta(seconds=n))) for n in numbers]
        await collection.insert_many(rows, ordered=False)


async def _wake(runtime: Runtime) -> list[float]:
    """Seconds from each one's time to the commit of what its handler did."""
    collection: Any = runtime.mongo._db[Account.COLLECTION]
    runtime._spawn("timers", runtime.timers.run(runtime.service.timers, runtime.service.settings.timer_tick))
    due = datetime.now(UTC) + timedelta(seconds=2)
    ids = [f"s{n}" for n in range(DUE)]
    await collection.update_many({"_id": {"$in": ids}}, {"$set": {"wake_at": due}, "$inc": {"version": 1}})
    late: dict[str, float] = {}
    while len(late) < DUE:
        await asyncio.sleep(0.01)
        seen = time.time() - due.timestamp()
        for row in await runtime.mongo.rows(Account.COLLECTION, {"_id": {"$in": ids}, "wake_at": None}, only=("_id",)):
            late.setdefault(row["_id"], seen)
        assert seen < 60, f"{DUE - len(late)} still sleep"
    return list(late.values())
