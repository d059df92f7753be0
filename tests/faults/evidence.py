"""What is left when all is quiet: databases, metrics, journal and MongoDB's own log, as plain data for the checks."""

import asyncio
import json
import time
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import httpx
import pymongo
from faults.echo import Event
from faults.ledger import Ledger
from faults.probes import Shown
from faults.program import Program
from faults.rig import System
from prometheus_client.parser import text_string_to_metric_families

from aftersales.common.mongo import Mongo
from aftersales.common.work import audit

Document = dict[str, Any]
Sample = tuple[str, tuple[tuple[str, str], ...]]
"""A metric's name and its labels, sorted."""
PLANTED = "BROKEN"
"""In the ids of documents that were written and removed past the services."""
_BOOKKEEPING = (
    *("inbox", "answers", "tallies", "leases", "counters", "outbox", "audit", "parked"),
    *("anchors", "verifications", "audit_bases", "audit_heads", "audit_values", "archived"),
)


@dataclass
class Books:
    """One service's database and its replicas' metrics."""

    documents: dict[str, dict[str, Document]] = field(default_factory=dict)
    """By collection and id."""
    inbox: set[str] = field(default_factory=set)
    answers: dict[str, Document] = field(default_factory=dict)
    parked: dict[str, Document] = field(default_factory=dict)
    outbox: list[Document] = field(default_factory=list)
    tallies: list[Document] = field(default_factory=list)
    audit: list[Document] = field(default_factory=list)
    """Every change, in the order of its writer's chain, with the id and time of its record."""
    broken_chains: dict[str, int] = field(default_factory=dict)
    committed: dict[str, str] = field(default_factory=dict)
    """Id and type of every event that was ever committed to the outbox, as MongoDB's oplog has it."""
    pages: dict[str, dict[Sample, float]] = field(default_factory=dict)
    """The metrics of each replica."""

    def all(self, collection: str) -> list[Document]:
        return list(self.documents.get(collection, {}).values())


@dataclass
class Evidence:
    ledger: Ledger
    books: dict[str, Books]
    journal: list[Document]
    """Every event that was published, as decoded envelopes in order; the same one twice where it was twice."""
    stuck: dict[str, int] = field(default_factory=dict)
    """Messages left in a queue that nobody takes."""
    changed_by_repeat: list[str] = field(default_factory=list)
    """Documents that were not the same after every event had been delivered once more."""
    handled_and_parked: list[str] = field(default_factory=list)
    """Events that were both before the dead letters were sent again, each with its service."""
    shown: list[Shown] = field(default_factory=list)
    """What the probes showed of each fault."""
    probe_limit: float = 10.0
    """Seconds within which they are to be red, and green again."""

    @property
    def events(self) -> dict[str, Document]:
        """Each event that was published, once."""
        return {event["id"]: event for event in self.journal}


def decode(events: Sequence[Event]) -> list[Document]:
    return [json.loads(body) for _, body in events]


async def collect(system: System, ledger: Ledger, journal: Sequence[Event], pages: dict[str, Any]) -> Evidence:
    """Read everything; the metrics pages were read while the services still ran."""
    books: dict[str, Books] = {}
    for name in system.services:
        books[name] = await asyncio.to_thread(read_books, system.servers.mongo_url, system.database(name))
        books[name].pages = {p.name: pages.get(p.name, {}) for p in system.of(name)}
        books[name].broken_chains = await verify(system.servers.mongo_url, system.database(name))
    return Evidence(ledger, books, decode(journal))


async def verify(url: str, database: str) -> dict[str, int]:
    """The audit chains that do not fit, each with its first wrong entry."""
    mongo = Mongo(url, database)
    try:
        found = (await audit.verify_chains(mongo)).broken
    finally:
        await mongo.close()
    return found


def read_books(url: str, database: str) -> Books:
    with pymongo.MongoClient[Document](url, tz_aware=True, readConcernLevel="majority") as client:
        db = client[database]
        books = Books()
        for name in db.list_collection_names():
            if name not in _BOOKKEEPING:
                books.documents[name] = {row["_id"]: row for row in db[name].find()}
        books.inbox = {row["_id"] for row in db["inbox"].find({"parked": {"$exists": False}}, {"_id": 1})}
        books.answers = {row["_id"]: row for row in db["answers"].find({}, {"answer": 1})}
        books.parked = {row["_id"]: row for row in db["parked"].find()}
        books.outbox = [message for row in db["outbox"].find() for message in row["messages"]]
        books.tallies = list(db["tallies"].find())
        books.audit = [
            change | {"record": record["_id"], "at": record["at"]}
            for record in db["audit"].find(sort=[("_id", 1)])
            for change in record["changes"]
            if PLANTED not in change["document"]
        ]
        books.committed = _committed(client, f"{database}.outbox")
    return books


def _committed(client: pymongo.MongoClient[Document], namespace: str) -> dict[str, str]:
    """Rows that were ever inserted, each in its transaction: MongoDB knows them after we have deleted them."""
    wanted = {f"o.applyOps.{name}": 1 for name in ("op", "ns", "o.messages.id", "o.messages.key")}
    found: dict[str, str] = {}
    for entry in client["local"]["oplog.rs"].find({"o.applyOps.ns": namespace}, wanted):
        for step in entry["o"]["applyOps"]:
            if step["ns"] == namespace and step["op"] == "i":
                found |= {message["id"]: message["key"] for message in step["o"]["messages"]}
    return found


async def scrape(system: System, program: Program) -> dict[Sample, float] | None:
    """A replica's metrics page, or None while it gives none."""
    with suppress(httpx.HTTPError):
        answer = await system.http.get(f"{program.url}/metrics", timeout=8)
        if answer.status_code == 200:
            families = text_string_to_metric_families(answer.text)
            return {(s.name, tuple(sorted(s.labels.items()))): s.value for family in families for s in family.samples}
    return None


def _counted_at(page: dict[Sample, float]) -> float:
    """When the oldest of the page's counts was made; 0 where there is none."""
    return min((at for (name, _), at in page.items() if name == "aftersales_counted_timestamp_seconds"), default=0)


class Watch:
    """Adds up how counters grow over restarts, as Prometheus does."""

    def __init__(self, system: System) -> None:
        self._system = system
        self._last: dict[str, dict[Sample, float]] = {}
        self.results: Counter[str] = Counter()
        """Events by what became of them: `handled`, `duplicate`, `retried`, `parked`."""

    async def run(self) -> None:
        while True:
            await self.look()
            await asyncio.sleep(0.7)

    async def look(self) -> dict[str, dict[Sample, float]]:
        """Look once; the page of each replica that answered."""
        programs = self._system.programs
        pages = await asyncio.gather(*(scrape(self._system, program) for program in programs))
        found = {program.name: page for program, page in zip(programs, pages, strict=True) if page is not None}
        for name, page in found.items():
            self._add(name, page)
        return found

    async def counted(self, seconds: float = 60) -> dict[str, dict[Sample, float]]:
        """Look until all that is counted in the databases was counted after this call; at the latest look as it is."""
        began = time.time()
        while True:
            pages = await self.look()
            if time.time() > began + seconds or all(_counted_at(page) > began for page in pages.values()):
                return pages
            await asyncio.sleep(0.2)

    def _add(self, program: str, page: dict[Sample, float]) -> None:
        before = self._last.get(program, {})
        for (metric, labels), value in page.items():
            if metric == "aftersales_events_total":
                grown = value - before.get((metric, labels), 0)
                self.results[dict(labels)["result"]] += int(grown if grown >= 0 else value)
        self._last[program] = page
