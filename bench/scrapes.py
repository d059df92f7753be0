"""Scrapes of a service with a million open clocks, and with the tallies of a thousand instances that are gone."""

import asyncio
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import product
from typing import NamedTuple

from bench.events import running_service
from bench.ledger import Account
from bench.loading import load
from bench.places import Urls

from aftersales.common.branch_hours import OPEN_CLOCKS
from aftersales.common.counts import Counts
from aftersales.common.http.exposition import expose_metrics
from aftersales.common.mongo import Document, to_document
from aftersales.common.runtime import Runtime
from aftersales.common.work.group import TALLIES, tally_id
from aftersales.policy import sla
from aftersales.policy.sla import Terms

BRANCHES, INSTANCES = 200, 1000
SCRAPES = 100
_OUTCOMES = ("met", "breached", "waived")


class Found(NamedTuple):
    """Milliseconds of each scrape, some of them while all is counted, and how long counting took in seconds."""

    scrapes: list[float]
    counting: float


async def race(urls: Urls, count: int) -> tuple[Found, Found]:
    """With `count` open clocks, then with three fifths as many rows of tallies."""
    async with running_service(urls, "scrape") as runtime:
        runtime.counts = Counts(runtime.mongo, (Account,), runtime.clock)  # the others' races go without its index
        database = str(runtime.service.settings.database)
        await load(urls.mongo_url, database, open_clocks, count)
        await runtime.mongo.prepare({Account.COLLECTION: (OPEN_CLOCKS,)})
        clocks = await _scraped(runtime)
        rows = runtime.counts.clocks.rows or ()
        assert sum(row["n"] for row in rows) == count, "each open clock is counted once"
        await load(urls.mongo_url, database, tallies, count * 3 // 5)
        tallied = await _scraped(runtime)
        assert sum(row["amount"] for row in runtime.counts.tallies.rows or ()) == count * 3 // 5
    return clocks, tallied


def open_clocks(first: int, count: int) -> Iterator[dict[str, Document]]:
    """Items of 200 branches, each with one promise; one in ten is late."""
    now = datetime.now(UTC)
    terms = Terms(target=timedelta(hours=5))
    late, early = (sla.start_clock((), "repair", "repair-1", now - timedelta(hours=hours), terms) for hours in (6, 0))
    made = [to_document(Account(id="-", version=1, clocks=clocks)) for clocks in (late, early)]
    for number in range(first, first + count):
        place = {"_id": f"o{number:08}", "branch": f"b{number % BRANCHES}"}
        yield {Account.COLLECTION: made[number % 10 > 0] | place}


def tallies(first: int, count: int) -> Iterator[dict[str, Document]]:
    """Rows of a thousand instance names, 200 branches and three outcomes."""
    combinations = list(product(range(BRANCHES), _OUTCOMES))
    for number in range(first, first + count):
        instance, (branch, outcome) = number // len(combinations), combinations[number % len(combinations)]
        labels = {"branch": f"b{branch}", "outcome": outcome, "stage": "repair"}
        writer, name = f"ledger@pod-{instance}", "sla_deadlines"
        id = tally_id(writer, name, tuple(labels.items()))
        yield {TALLIES: {"_id": id, "name": name, "labels": labels, "writer": writer, "amount": 1.0}}


async def _scraped(runtime: Runtime) -> Found:
    await runtime.counts.refresh()
    began = time.perf_counter()
    counting = asyncio.create_task(runtime.counts.refresh())
    times, counted = [], 0.0
    for _ in range(SCRAPES):
        start = time.perf_counter()
        await expose_metrics(runtime)
        times.append((time.perf_counter() - start) * 1000)
        counted = counted or (time.perf_counter() - began if counting.done() else 0)
        await asyncio.sleep(0.05)
    await counting
    return Found(sorted(times), counted or time.perf_counter() - began)
