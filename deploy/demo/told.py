"""What the services say of themselves after the day, asked for as anybody could: lists, metrics, dead letters, KPIs."""

import asyncio
import time
from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from deploy.demo.offices import Document, Offices
from deploy.local.place import SERVICES
from prometheus_client.parser import text_string_to_metric_families

LISTS = {
    ("intake", "requests"): "/requests",
    ("dispatch", "orders"): "/orders",
    ("inventory", "slips"): "/slips",
    ("feedback", "followups"): "/followups",
}


LATE_ENTRY = timedelta(days=1)
"""How long after a contact its request may be entered: the KPIs begin so much earlier than the play."""


@dataclass(frozen=True)
class Told:
    states: dict[tuple[str, str], dict[str, int]]
    """How many documents are in each state, by service and list."""
    deadlines: dict[tuple[str, str], int]
    """Promises that ended, by stage and outcome, over all branches: what Prometheus would scrape."""
    dead: list[Document]
    kpis: Document
    """Of the requests of the last day before `since`, and after it."""
    since: datetime

    @property
    def dead_reasons(self) -> dict[str, int]:
        return dict(Counter(letter["reason"] for letter in self.dead))


async def ask(offices: Offices, since: datetime) -> Told:
    states = {
        key: dict(Counter(row["state"] for row in await offices.every(key[0], path))) for key, path in LISTS.items()
    }
    deadlines: Counter[tuple[str, str]] = Counter()
    dead: list[Document] = []
    for service in SERVICES:
        deadlines += _deadlines(await _counted(offices, service))
        dead += [letter | {"service": service} for letter in await offices.every(service, "/dead")]
    until = datetime.now(UTC)
    begin = since - LATE_ENTRY
    kpis = await offices.ask("feedback", "/kpis", **{"from": begin.isoformat(), "to": until.isoformat()})
    return Told(states, dict(deadlines), dead, kpis, since)


async def _counted(offices: Offices, service: str, seconds: float = 60) -> str:
    """The service's metrics, when all that is counted in its database was counted after this call."""
    began = time.time()
    while True:
        page = await offices.page(service, "/metrics")
        families = {family.name: family.samples for family in text_string_to_metric_families(page)}
        counted = [sample.value for sample in families.get("aftersales_counted_timestamp_seconds", ())]
        if time.time() > began + seconds or min(counted, default=0) > began:
            return page
        await asyncio.sleep(0.2)


def _deadlines(page: str) -> Counter[tuple[str, str]]:
    found: Counter[tuple[str, str]] = Counter()
    for family in text_string_to_metric_families(page):
        if family.name == "aftersales_sla_deadlines":
            for sample in family.samples:
                found[sample.labels["stage"], sample.labels["outcome"]] += int(sample.value)
    return found
