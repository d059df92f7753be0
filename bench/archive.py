"""Searches in an archive of a million customers, over HTTP: how long they take, and what MongoDB looked at."""

import json
import random
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from bench.caller import Caller
from bench.loading import LOADERS, drop_indexes, load, make_indexes
from bench.people import archived, people
from bench.places import DATA, Urls, caught_up
from pymongo import AsyncMongoClient

from aftersales.intake.archive.domain.product import Product
from aftersales.intake.archive.domain.search import SearchEntry
from aftersales.intake.archive.store import INDEXES
from aftersales.testing.programs import run_services

TIMES = 200
PLACE = {"name": "上海", "zone": "Asia/Shanghai", "location": {"lat": 31.2, "lon": 121.5}}
_INDEXED = {kind.COLLECTION: INDEXES[kind] for kind in (SearchEntry, Product)}


@dataclass(frozen=True)
class Found:
    """What one kind of search took (milliseconds), and what it returned and looked at (a search, on average)."""

    what: str
    p50: float
    p99: float
    rows: float
    keys: float
    documents: float
    plans: str


async def race(urls: Urls, count: int) -> tuple[dict[str, float], list[Found]]:
    """Seconds that loading and indexing took, and what became of each kind of search."""
    async with run_services(urls, DATA, "intake") as bases, AsyncMongoClient[Any](urls.mongo_url) as client:
        await caught_up(urls, bases["bus"], "intake")
        name = f"{bases['bus']}_intake"
        await drop_indexes(client, name, _INDEXED)
        began = time.perf_counter()
        await load(urls.mongo_url, name, archived, count)
        loaded = time.perf_counter()
        await make_indexes(client, name, _INDEXED)
        indexed = time.perf_counter()
        caller = await Caller.connect(bases["intake"])
        for code in {person.branch for person in people(0, min(count, 1000))}:
            await caller.send("PUT", f"/branches/{code}", PLACE)
        found = [await _measure(caller, client[name], *kind) for kind in _kinds(count)]
        await caller.close()
        await client.drop_database(name)
    return {"load": loaded - began, "index": indexed - loaded}, found


def _kinds(count: int) -> Iterator[tuple[str, str, list[dict[str, str]]]]:
    """Kinds of searches: what for, where, and the queries themselves, which the people of the archive suggest."""
    known = random.Random(2).choices([*people(0, min(count // LOADERS, 20_000))], k=TIMES)

    def of(query: Any) -> list[dict[str, str]]:
        return [{"q": query(person)} for person in known]

    yield "last 4 digits of a phone", "/customers", of(lambda one: one.phone[-4:])
    yield "a whole phone", "/customers", of(lambda one: one.phone[3:])
    yield "name", "/customers", of(lambda one: one.name)
    yield "surname alone", "/customers", of(lambda one: one.name[0])
    yield (
        "pinyin",
        "/customers",
        [{"q": query} for query in ("wangfang", "lina", "chenjing", "shanwei", "qiuying")] * 40,
    )
    yield "initials", "/customers", [{"q": query} for query in ("wf", "lxy", "zm", "cjg", "hw")] * 40
    yield "serial number", "/customers", of(lambda one: one.serial)
    yield "last 6 of a serial number", "/customers", of(lambda one: one.serial[-6:])
    yield "street and house", "/customers", of(lambda one: f"{one.road[-3:]}{one.house[0]}号")
    yield "whole address", "/customers", of(lambda one: one.address)
    yield "city alone", "/customers", of(lambda one: one.road[:2])
    yield "name and city", "/customers", of(lambda one: f"{one.name} {one.road[:2]}")
    yield "initials and 4 digits", "/customers", of(lambda one: f"w {one.phone[-4:]}")
    yield "surname and city, both common", "/customers", of(lambda one: f"{one.name[0]} {one.road[:2]}")
    yield "surname in a branch", "/customers", [{"q": one.name[0], "branch": one.branch} for one in known]
    yield "two common words that never meet", "/customers", [{"q": "北京 浦东"}] * TIMES
    yield "newest of a branch", "/customers", [{"branch": one.branch} for one in known]
    yield "one screen: last 4 digits of a phone", "/lookup", of(lambda one: one.phone[-4:])
    yield "one screen: serial number", "/lookup", of(lambda one: one.serial)
    yield "one screen: name", "/lookup", of(lambda one: one.name)
    yield "products: first 7 of a serial number", "/products", of(lambda one: one.serial[:7])
    yield "products: last 4 of a serial number", "/products", of(lambda one: one.serial[-4:])
    yield "products: model", "/products", of(lambda one: one.model)


def _asked(path: str, query: dict[str, str]) -> str:
    """Return the address of twenty items; the screen of a call has a limit of its own."""
    return f"{path}?{urlencode(query if path == '/lookup' else query | {'limit': '20'})}"


async def _measure(caller: Caller, database: Any, what: str, path: str, queries: list[dict[str, str]]) -> Found:
    rows, times = 0, []
    for query in (queries[0], *queries):  # the first to warm up
        began = time.perf_counter()
        status, body = await caller.send("GET", _asked(path, query))
        times.append((time.perf_counter() - began) * 1000)
        assert status == 200, body
        rows += len(json.loads(body)["items"])
    p50, p99 = (sorted(times[1:])[int(len(queries) * share)] for share in (0.5, 0.99))
    keys, looked, plans = await _explained(caller, database, path, queries[:20])
    return Found(what, p50, p99, rows / len(times), keys, looked, plans)


async def _explained(
    caller: Caller, database: Any, path: str, queries: list[dict[str, str]]
) -> tuple[float, float, str]:
    """What MongoDB's profiler saw: keys and documents looked at for a search, and the plans."""
    await database.command("profile", 2)
    for query in queries:
        await caller.send("GET", _asked(path, query))
    await database.command("profile", 0)
    ours = {"ns": {"$regex": r"\.(customers|search_entries|products)$"}}
    seen = await database["system.profile"].find(ours).to_list(None)
    await database.drop_collection("system.profile")
    plans = {row["planSummary"].partition(" ")[0] for row in seen}
    assert "COLLSCAN" not in plans, seen
    each = [sum(row[field] for row in seen) / len(queries) for field in ("keysExamined", "docsExamined")]
    return each[0], each[1], ", ".join(sorted(plans))
