"""`make bench` runs every race of docs/bench.md side by side and writes the report.

make bench                       runs all races at full size and writes docs/bench.md
make bench ARGS="--only relay"   runs the named races and writes nothing
make bench ARGS="--quick"        runs small sizes, as a smoke test
"""

import argparse
import asyncio
import os
import platform
import socket
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import partial

import psutil
import uvloop
from bench import (
    archive,
    business_time,
    chain,
    dead_letters,
    events,
    imports,
    lists,
    live,
    relay,
    requests,
    scarce,
    scrapes,
    sign_in,
    sleepers,
    startup,
)
from bench.goals import GOALS
from bench.places import ROOT, Driver, Urls, servers
from bench.rows import Rival, Row, compare, say

from aftersales.common.http.app import calm_garbage_collection

DRIVERS: dict[Driver, str] = {"pymongo": "PyMongo", "motor": "Motor"}


async def race_events(urls: Urls, size: float) -> list[Row]:
    many, few = _count(6000, size), _count(600, size)
    rows = []
    for driver, name in DRIVERS.items():
        single, stream, loop = (
            partial(race, urls, driver=driver) for race in (events.one_by_one, events.with_faststream, events.by_hand)
        )
        rivals = [
            Rival(f"one transaction a message, 16 at once, {name}", single, few, GOALS[driver].single),
            Rival(f"FastStream, one transaction a message, 16 at once, {name}", stream, few, 3),
            Rival(f"bare batch loop, {name}", loop, many, GOALS[driver].loop),
        ]
        ours = partial(events.ours, urls, driver=driver)
        rows += await compare(f"events handled, exactly-once effect, {name}", ours, many, rivals)
    return rows


async def race_relay(urls: Urls, size: float) -> list[Row]:
    rivals = [Rival("one awaited publish at a time", lambda n: relay.one_at_a_time(urls, n), _count(1000, size), 5)]
    return await compare("events relayed, confirmed", lambda n: relay.ours(urls, n), _count(20_000, size), rivals)


async def race_backlog(urls: Urls, size: float) -> list[Row]:
    count = _count(100_000, size)
    rivals = [Rival("events relayed, confirmed", lambda n: relay.ours(urls, n), _count(20_000, size), 0.5)]
    return await compare(f"a backlog of {count:,} outbox rows swept", lambda n: relay.backlog(urls, n), count, rivals)


async def race_requests(urls: Urls, size: float) -> list[Row]:
    count = _count(3000, size)
    rows = []
    for driver, name in DRIVERS.items():
        async with requests.all_three(urls, driver) as (ours, bare, safe):
            rivals = [
                Rival(f"bare FastAPI + insert, {name}", bare, count, GOALS[driver].bare),
                Rival(
                    f"FastAPI + a transaction a request, the same rows, no rules, {name}",
                    safe,
                    count // 5,
                    GOALS[driver].safe,
                ),
            ]
            rows += await compare(f"`POST /requests`, {requests.CLIENTS} clients, {name}", ours, count, rivals)
    return rows


async def race_chain(urls: Urls, size: float) -> list[Row]:
    count = _count(2000, size)
    rate, half, quiet = await chain.race(urls, count)
    what = "registered → assigned → reserved"
    rows = [Row(f"{what}, full load", f"{rate:,.0f}/s")]
    for load, times in ((f"half load ({rate / 2:,.0f}/s)", half), (f"{chain.QUIET}/s", quiet)):
        p50, p99 = (times[min(len(times) - 1, int(len(times) * share))] for share in (0.5, 0.99))
        goal = "goal: p99 < 200 ms" + ("" if p99 < 200 else ", **missed**")
        rows.append(Row(f"{what}, {load}", f"p50 {p50:.0f} ms, p99 {p99:.0f} ms", goal))
    return rows


async def race_scarce(urls: Urls, size: float) -> list[Row]:
    waiting = _count(scarce.WAITING, size)
    found = await scarce.race(urls, waiting)
    goal = "goal: ≤ 3 ×" + ("" if found.ratio <= 3 else ", **missed**")
    what = f"one piece received of a part that {waiting:,} slips wait for"
    return [
        Row(what, f"{found.scarce:.1f} ms", f"of a part that none waits for: {found.plain:.1f} ms; {goal}", found.ratio)
    ]


async def race_dead_letters(urls: Urls, size: float) -> list[Row]:
    count = _count(100_000, size)
    found = await dead_letters.race(urls, count)
    calm, meanwhile = (times[int(len(times) * 0.99)] for times in (found.calm, found.meanwhile))
    goal = "goal: ≤ 2 ×" + ("" if meanwhile <= 2 * calm else ", **missed**")
    what = f"`POST /requests`, {dead_letters.RATE}/s, while {count:,} dead letters are sent again ({found.rate:,.0f}/s)"
    return [Row(what, f"p99 {meanwhile:.0f} ms", f"calm: p99 {calm:.0f} ms; {goal}", meanwhile / calm)]


async def race_sleepers(urls: Urls, size: float) -> list[Row]:
    sleeping = _count(1_000_000, size)
    found = await sleepers.race(urls, sleeping)
    goal = "goal: within 1 s" + ("" if found["late_max"] < 1 else ", **missed**")
    return [
        Row(
            f"a tick with {sleeping:,} sleeping timers",
            f"{found['full_ms']:.2f} ms",
            f"none: {found['empty_ms']:.2f} ms",
        ),
        Row(
            f"{sleepers.DUE:,} of them due at once, commit after",
            f"p50 {found['late_p50']:.2f} s, last {found['late_max']:.2f} s",
            goal,
        ),
    ]


async def race_scrapes(urls: Urls, size: float) -> list[Row]:
    count = _count(1_000_000, size)
    clocks, tallied = await scrapes.race(urls, count)
    rows = []
    for what, found in ((f"{count:,} open clocks", clocks), (f"{count * 3 // 5:,} more rows of tallies", tallied)):
        p50, p99 = (found.scrapes[int(len(found.scrapes) * share)] for share in (0.5, 0.99))
        goal = "goal: p99 < 100 ms" + ("" if p99 < 100 else ", **missed**")
        figure = f"p50 {p50:.0f} ms, p99 {p99:.0f} ms; counted in {found.counting:.1f} s"
        rows.append(Row(f"a scrape, {what}", figure, goal))
    return rows


async def race_archive(urls: Urls, size: float) -> list[Row]:
    count = _count(1_000_000, size)
    took, found = await archive.race(urls, count)
    rows = [Row(f"archive of {count:,} customers", f"loaded in {took['load']:.0f} s, indexed in {took['index']:.0f} s")]
    for one in found:
        looked = f"{one.rows:.0f} found, {one.keys:,.0f} keys, {one.documents:,.0f} documents, {one.plans}"
        goal = "goal: p99 < 50 ms" + ("" if one.p99 < 50 else ", **missed**")
        rows.append(Row(f"search, {one.what}: {looked}", f"p50 {one.p50:.1f} ms, p99 {one.p99:.1f} ms", goal))
    return rows


async def race_imports(urls: Urls, size: float) -> list[Row]:
    """100 000 rows in three minutes are 556/s."""
    count = _count(100_000, size)
    rows = []
    async for what, rate, seconds in imports.race(urls, count):
        say(f"  {what}: {count:,} rows in {seconds:.0f} s, {rate:,.0f}/s")
        goal = "goal: 556/s" + ("" if rate >= 556 else ", **missed**")
        rows.append(Row(f"{what}, {count:,} rows", f"{rate:,.0f} rows/s", goal))
    return rows


async def race_lists(urls: Urls, size: float) -> list[Row]:
    count = _count(1_000_000, size)
    rows = []
    for found in await lists.race(urls, count):
        goal = "goal: p99 < 50 ms" + ("" if found.p99 < 50 else ", **missed**")
        say(f"  {found}")
        what = f"{found.what}, of {count:,} requests ({found.plan})"
        rows.append(Row(what, f"p50 {found.p50:.1f} ms, p99 {found.p99:.1f} ms", goal))
    return rows


async def race_live(urls: Urls, size: float) -> list[Row]:
    found = await live.race(urls, _count(2000, size))
    p50, p95 = (found.delays[int(len(found.delays) * share)] * 1000 for share in (0.5, 0.95))
    goal = "goal: p95 ≤ 1 s" + ("" if p95 <= 1000 else ", **missed**")
    many = f"{live.LISTENERS} listeners of `GET /live`"
    cost = Row(f"`POST /requests` with {many}", f"{found.heard:,.0f}/s", f"none: {found.alone:,.0f}/s", found.ratio)
    return [Row(f"{many}, {live.RATE} requests/s, hint after", f"p50 {p50:.0f} ms, p95 {p95:.0f} ms", goal), cost]


async def race_sign_in(urls: Urls, size: float) -> list[Row]:
    return await sign_in.race(urls, size)


async def race_startup(_urls: Urls, _size: float) -> list[Row]:
    seconds, memory = await asyncio.to_thread(startup.race)
    held = ", ".join(f"{name} {megabytes:.0f}" for name, megabytes in sorted(memory.items()))
    return [Row("cold `make up`, all ready after", f"{seconds:.1f} s"), Row("resident memory, MiB", held)]


async def race_business_time(_urls: Urls, size: float) -> list[Row]:
    rows = []
    for what, microseconds in business_time.race(_count(10_000, size)).items():
        goal = "goal: < 1 ms" + ("" if microseconds < 1000 else ", **missed**") if "10 years" in what else ""
        rows.append(Row(f"business time: {what}", f"{microseconds:,.0f} µs", goal))
    return rows


RACES = {
    "startup": race_startup,
    "events": race_events,
    "relay": race_relay,
    "backlog": race_backlog,
    "requests": race_requests,
    "chain": race_chain,
    "scarce": race_scarce,
    "dead_letters": race_dead_letters,
    "sleepers": race_sleepers,
    "scrapes": race_scrapes,
    "business_time": race_business_time,
    "archive": race_archive,
    "imports": race_imports,
    "lists": race_lists,
    "live": race_live,
    "sign_in": race_sign_in,
}


def _count(full: int, size: float) -> int:
    """At least 200, in steps of 200 (a batch)."""
    return max(200, int(full * size) // 200 * 200)


def report(rows: list[Row]) -> Iterator[str]:
    """docs/bench.md."""
    memory = psutil.virtual_memory().total / 2**30
    yield "# Speed\n"
    yield "`make bench` writes this page. Rates depend on the machine. The ratios are more reliable, because both sides"
    yield "run alternately; each is the median of the rounds' ratios. `bench/` describes each race.\n"
    yield f"{datetime.now(UTC):%Y-%m-%d}, {os.cpu_count()} cores, {memory:.0f} GiB, Python {platform.python_version()},"
    yield "one MongoDB (replica set of one, journaled majority, 4 GB of cache) and one RabbitMQ (quorum queues) on the"
    yield "same machine.\n"
    yield "| race | ours | compared with | ratio | goal | |"
    yield "| --- | --- | --- | --- | --- | --- |"
    yield from (row.markdown() for row in rows)


def yardstick() -> Row:
    """The cost of a hop on this machine, because hops between processes dominate the races."""
    near, far = socket.socketpair()
    count = 20_000

    def echo() -> None:
        while far.recv(1) != b"!":
            far.send(b".")

    with near, far:
        other = threading.Thread(target=echo)
        other.start()
        began = time.perf_counter()
        for _ in range(count):
            near.send(b".")
            near.recv(1)
        microseconds = (time.perf_counter() - began) / count * 1e6
        near.send(b"!")
        other.join()
    return Row("this machine: a byte to another thread and back", f"{microseconds:.0f} µs")


async def measure(names: list[str], urls: Urls, size: float) -> list[Row]:
    rows = [yardstick()]
    for name in names:
        say(f"[bold]{name}[/]")
        rows += await RACES[name](urls, size)
    return rows


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", choices=RACES, nargs="+", help="run these races and write nothing")
    parser.add_argument("--quick", action="store_true", help="run small sizes and write nothing")
    chosen = parser.parse_args()
    calm_garbage_collection()  # as each service does; it holds for the rivals in this process, too
    with servers() as urls, asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        rows = runner.run(measure(chosen.only or list(RACES), urls, 0.05 if chosen.quick else 1))
    text = "\n".join(report(rows)) + "\n"
    print(text)
    if not chosen.only and not chosen.quick:
        (ROOT / "docs" / "bench.md").write_text(text)


if __name__ == "__main__":
    main()
