"""Lists, boards and numbers with a million requests: how long each takes, and what MongoDB reads for it."""

import json
import random
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from functools import partial
from typing import Any, NamedTuple
from urllib.parse import urlencode

from bench.caller import Caller
from bench.loading import drop_indexes, load, make_indexes
from bench.past import BRANCHES, CUSTOMERS, OWNERS, PRODUCTS, documents, number_of
from bench.places import DATA, Urls, caught_up
from bench.requests import BRANCH
from pymongo import AsyncMongoClient

from aftersales.common.http.paging import Place
from aftersales.common.mongo import Document
from aftersales.intake.requests.api.boards import counting_pipeline
from aftersales.intake.requests.api.filters import RequestFilter
from aftersales.intake.requests.domain.request import ServiceRequest
from aftersales.intake.requests.store import INDEXES
from aftersales.testing.programs import run_services

DEEP = 20
"""Pages before the one that is called deep."""
CALLS = 200
_NOW = datetime.now(UTC).replace(microsecond=0)
_FEW = random.Random(7)
_INDEXED = {ServiceRequest.COLLECTION: INDEXES[ServiceRequest]}


class Asked(NamedTuple):
    """A question; `{n}` in a value becomes another number at each call."""

    what: str
    query: dict[str, Any]
    path: str = "/requests"
    deep: bool = False


QUESTIONS = (
    Asked("open, one branch, due first", {"open": "true", "branch": "b-{n}"}),
    Asked("open, one branch, due first, deep page", {"open": "true", "branch": "b-{n}"}, deep=True),
    Asked("open, one branch and stage", {"stage": "visit", "branch": "b-{n}"}),
    Asked("open, one owner", {"open": "true", "owner": "desk-{n}"}),
    Asked("open, all branches, due first", {"open": "true"}),
    Asked("open, all branches, rare channel", {"open": "true", "channel": "letter"}),
    Asked("newest, one branch", {"branch": "b-{n}"}),
    Asked("newest, one branch, deep page", {"branch": "b-{n}"}, deep=True),
    Asked("newest, one branch, cancelled ones of a kind", {"branch": "b-{n}", "state": "cancelled", "kind": "repair"}),
    Asked("newest, all branches, rare kind", {"kind": "consultation"}),
    Asked("newest, one customer", {"customer": "c-{n}"}),
    Asked("newest, one product", {"serial": "SN-{n}"}),
    Asked("by the end of a number", {"q": "{tail}"}),
    Asked("a branch's board", {}, "/boards/branch/b-{n}"),
    Asked("one request", {}, "/requests/{number}"),
)


class Found(NamedTuple):
    """Milliseconds, and what the plan read: index, keys and documents, for how many that came back."""

    what: str
    p50: float
    p99: float
    plan: str


async def race(urls: Urls, count: int) -> list[Found]:
    async with _filled(urls, count) as (caller, database, numbers):
        found = []
        for asked in QUESTIONS:
            times = sorted([await _time(caller, asked, number) for number in _FEW.choices(numbers, k=CALLS)])
            plan = await _plan(database, asked, numbers[count // 3])
            found.append(Found(asked.what, times[len(times) // 2], times[int(len(times) * 0.99)], plan))
        return found


@asynccontextmanager
async def _filled(urls: Urls, count: int) -> AsyncIterator[tuple[Caller, Any, list[str]]]:
    async with run_services(urls, DATA, "intake") as bases, AsyncMongoClient[Any](urls.mongo_url) as client:
        await caught_up(urls, bases["bus"], "intake")
        caller = await Caller.connect(bases["intake"])
        for number in range(BRANCHES):
            status, body = await caller.send("PUT", f"/branches/b-{number}", BRANCH)
            assert status == 200, body
        await caller.close()
        name = f"{bases['bus']}_intake"
        await drop_indexes(client, name, _INDEXED)
        await load(urls.mongo_url, name, partial(documents, _NOW, count), count)
        await make_indexes(client, name, _INDEXED)
        caller = await Caller.connect(bases["intake"])  # intake has hung up on one that was silent so long
        yield caller, client[name], [number_of(number, count, _NOW) for number in range(count)]
        await caller.close()


def _url(asked: Asked, number: str) -> str:
    numbers = {"b-{n}": BRANCHES, "desk-{n}": OWNERS, "c-{n}": CUSTOMERS, "SN-{n}": PRODUCTS}

    def filled(value: str) -> str:
        most = next((most for name, most in numbers.items() if value.endswith(name)), 1)
        return value.format(n=_FEW.randrange(most), tail=number[-4:], number=number)

    query = urlencode({name: filled(value) for name, value in asked.query.items()})
    return f"{filled(asked.path)}?{query}" if query else filled(asked.path)


async def _time(caller: Caller, asked: Asked, number: str) -> float:
    """Milliseconds of one call; the pages before a deep one do not count."""
    url = _url(asked, number)
    cursor = ""
    for _ in range(DEEP if asked.deep else 0):
        page = json.loads((await caller.send("GET", f"{url}&limit=15{cursor}"))[1])
        if not page["next"]:
            break
        cursor = f"&cursor={page['next']}"
    began = time.perf_counter()
    status, body = await caller.send("GET", url + cursor)
    took = (time.perf_counter() - began) * 1000
    assert status == 200, body
    return took


async def _plan(database: Any, asked: Asked, number: str) -> str:
    """Say which index answers, and how much of it is read."""
    if asked.path == "/requests/{number}":
        return "by _id"
    if asked.query:
        filled = {name: value.format(n=3, tail=number[-4:]) for name, value in asked.query.items()}
        only = RequestFilter.model_validate(filled | {"state": [filled["state"]] if "state" in filled else []})
        start = Place(only.order())
        where = {name: value for name, value in only.where().items() if value is not None}
        sort = {name.lstrip("-"): -1 if name.startswith("-") else 1 for name in start.keys}
        find = {"find": "requests", "filter": {"$and": [where, next(start.runs())]}, "sort": sort, "limit": 51}
    else:
        find = {"aggregate": "requests", "pipeline": counting_pipeline("b-3", _NOW), "cursor": {}}
    explained = await database.command("explain", find, verbosity="executionStats")
    explained = explained if "executionStats" in explained else explained["stages"][0]["$cursor"]
    figures = explained["executionStats"]
    index = next(_indexes(explained["queryPlanner"]["winningPlan"]))
    read = f"{figures['totalKeysExamined']} keys, {figures['totalDocsExamined']} documents"
    return f"{index}: {read} for {figures['nReturned']}"


def _indexes(plan: Document) -> Any:
    if "indexName" in plan:
        yield ", ".join(name.lstrip("-") for name in list(plan["keyPattern"])[:3])
    for inner in (plan.get("inputStage"), plan.get("queryPlan"), *plan.get("inputStages", ())):
        if inner:
            yield from _indexes(inner)
