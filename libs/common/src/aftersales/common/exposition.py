"""What Prometheus sees: the process's own instruments, and the promises as they stand in the database."""

import asyncio
from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.exposition import CONTENT_TYPE_LATEST
from prometheus_client.registry import Collector

from aftersales.common.aggregate import DURATION_EDGES
from aftersales.common.errors import Unavailable
from aftersales.common.failing_timers import GRACE, FailingTimer
from aftersales.common.mongo import Document
from aftersales.common.parking import ParkedMessage
from aftersales.common.relay import OUTBOX
from aftersales.common.telemetry import log
from aftersales.common.work.group import TALLIES, tally_totals

if TYPE_CHECKING:
    from aftersales.common.runtime import Runtime

_Totals = dict[tuple[str, tuple[tuple[str, str], ...]], float]
_STATES = ("on_track", "at_risk", "overdue", "paused")
_OUTCOMES = ("met", "breached", "waived")
_UNSENT: list[Document] = [{"$group": {"_id": None, "n": {"$sum": {"$size": "$messages"}}, "oldest": {"$min": "$at"}}}]
_DATABASE_SECONDS = 2
"""How long a scrape waits for it: less than `scrape_timeout`, or the whole service would seem to be down."""


async def expose(runtime: "Runtime") -> tuple[bytes, str]:
    """The whole page. Without the database it still shows the process's own instruments."""
    _ = runtime.bus.blocked, runtime.bus.consuming, runtime.bus.oldest_delivery
    runtime.metrics.waiting.set(runtime.writer.waiting)
    own = generate_latest(runtime.metrics.registry)
    try:
        families = await asyncio.wait_for(_families(runtime), _DATABASE_SECONDS)
    except (Unavailable, TimeoutError) as error:
        log.warning("metrics.database_missing", error=str(error))
        families = []
    answers = GaugeMetricFamily(
        "aftersales_database_up",
        "0 while the database does not answer: all that is counted there is missing then.",
        bool(families),
    )
    registry = CollectorRegistry()
    registry.register(_Snapshot([answers, *families]))
    return own + generate_latest(registry), CONTENT_TYPE_LATEST


class _Snapshot(Collector):
    def __init__(self, families: list[Metric]) -> None:
        self._families = families

    def collect(self) -> Iterator[Metric]:
        yield from self._families


async def _families(runtime: "Runtime") -> list[Metric]:
    now = runtime.clock.now()
    tallies, clocks, outbox, dead, beats, failing = await asyncio.gather(
        runtime.mongo.rows(TALLIES, {}),
        _open_clocks(runtime, now),
        runtime.mongo.aggregate(OUTBOX, _UNSENT),
        runtime.mongo.aggregate(ParkedMessage, [{"$group": {"_id": "$reason", "n": {"$sum": 1}}}]),
        runtime.mongo.rows("heartbeats", {}),
        runtime.mongo.aggregate(FailingTimer, _failing_since(now)),
    )
    return [
        *_tallied(tally_totals(tallies), clocks),
        *_promises(clocks),
        *_outbox(outbox[0] if outbox else {}),
        _dead(dead),
        _heartbeat(runtime.service.name, beats),
        _failing({timer.kind.COLLECTION: 0 for timer in runtime.service.timers}, failing),
    ]


def _failing_since(now: datetime) -> list[Document]:
    return [{"$match": {"again_at": {"$gt": now - GRACE}}}, {"$group": {"_id": "$kind", "n": {"$sum": 1}}}]


def _failing(none: dict[str, int], rows: Sequence[Document]) -> Metric:
    family = GaugeMetricFamily(
        "aftersales_timers_failing", "Documents whose timer failed and will be tried again.", labels=("kind",)
    )
    for kind, count in (none | {row["_id"]: row["n"] for row in rows}).items():
        family.add_metric([kind], count)
    return family


async def _open_clocks(runtime: "Runtime", now: datetime) -> list[Document]:
    """Items whose work is not done, per stage, branch and how late they are."""
    state = {
        "$switch": {
            "branches": [
                {"case": {"$eq": ["$clocks.deadline", None]}, "then": "paused"},
                {"case": {"$lte": ["$clocks.deadline", now]}, "then": "overdue"},
                {"case": {"$and": ["$clocks.warn_at", {"$lte": ["$clocks.warn_at", now]}]}, "then": "at_risk"},
            ],
            "default": "on_track",
        }
    }
    waiting = {"$cond": [{"$gt": ["$clocks.deadline", now]}, "$clocks.deadline", None]}
    pipeline: list[Document] = [
        {"$match": {"clocks": {"$elemMatch": {"ended_at": None}}}},
        {"$unwind": "$clocks"},
        {"$match": {"clocks.ended_at": None}},
        {
            "$group": {
                "_id": {"stage": "$clocks.stage", "branch": "$branch", "state": state},
                "n": {"$sum": 1},
                "next": {"$min": waiting},
            }
        },
    ]
    found = await asyncio.gather(*(runtime.mongo.aggregate(kind, pipeline) for kind in runtime.service.clocked))
    return [row for rows in found for row in rows]


def _tallied(totals: _Totals, clocks: Sequence[Document]) -> Iterator[Metric]:
    yield _deadlines(totals, clocks)
    buckets: dict[str, dict[float, float]] = defaultdict(dict)
    sums: dict[str, float] = {}
    for (name, labels), amount in totals.items():
        values = dict(labels)
        if name == "stage_seconds":
            sums[values["stage"]] = amount
        elif name == "stage_bucket":
            buckets[values["stage"]][float(values["le"])] = amount
    durations = HistogramMetricFamily(
        "aftersales_stage_duration_seconds", "From a stage's start to its end; edges on the targets.", labels=("stage",)
    )
    for stage, counts in buckets.items():
        total = 0.0
        cumulative: list[tuple[str, float]] = []
        for edge in (*DURATION_EDGES, float("inf")):
            total += counts.get(edge, 0)
            cumulative.append(("+Inf" if edge == float("inf") else str(float(edge)), total))
        durations.add_metric([stage], cumulative, sums.get(stage, 0))
    yield durations


def _deadlines(totals: _Totals, clocks: Sequence[Document]) -> Metric:
    """Each outcome of each stage and branch, from zero on: a series born at 1 has no increase in Prometheus."""
    family = CounterMetricFamily(
        "aftersales_sla_deadlines",
        "Deadlines that ended, counted in the transaction that ended them.",
        labels=("branch", "outcome", "stage"),
    )
    ended: dict[tuple[str, str, str], float] = {}
    for (name, labels), amount in totals.items():
        if name == "sla_deadlines":
            values = dict(labels)
            ended[values["branch"], values["outcome"], values["stage"]] = amount
    places = {(branch, stage) for branch, _, stage in ended}
    places |= {(row["_id"]["branch"], row["_id"]["stage"]) for row in clocks}
    for branch, stage in sorted(places):
        for outcome in _OUTCOMES:
            family.add_metric([branch, outcome, stage], ended.get((branch, outcome, stage), 0))
    return family


def _promises(rows: Sequence[Document]) -> Iterator[Metric]:
    items = GaugeMetricFamily(
        "aftersales_sla_open_items", "Items whose stage is not done.", labels=("stage", "branch", "state")
    )
    following = GaugeMetricFamily(
        "aftersales_sla_next_deadline_timestamp_seconds", "The next deadline to come.", labels=("stage", "branch")
    )
    counts: dict[tuple[str, str], dict[str, int]] = defaultdict(dict)
    deadlines: dict[tuple[str, str], datetime] = {}
    for row in rows:
        key = (row["_id"]["stage"], row["_id"]["branch"])
        counts[key][row["_id"]["state"]] = row["n"]
        if row["next"]:
            deadlines[key] = min(row["next"], deadlines.get(key, row["next"]))
    for key, by_state in counts.items():
        for state in _STATES:
            items.add_metric([*key, state], by_state.get(state, 0))
    for key, deadline in deadlines.items():
        following.add_metric(list(key), deadline.timestamp())
    yield items
    yield following


def _outbox(row: Document) -> Iterator[Metric]:
    yield GaugeMetricFamily("aftersales_outbox_rows", "Events not yet confirmed by the broker.", row.get("n", 0))
    name = "aftersales_outbox_oldest_unsent_timestamp_seconds"
    oldest = GaugeMetricFamily(name, "When the oldest of them was committed; absent when there is none.", labels=())
    if row.get("oldest"):
        oldest.add_metric([], row["oldest"].timestamp())
    yield oldest


def _dead(rows: Sequence[Document]) -> Metric:
    family = GaugeMetricFamily("aftersales_dead_letters", "Messages parked, by reason.", labels=("reason",))
    for row in rows:
        family.add_metric([row["_id"]], row["n"])
    return family


def _heartbeat(service: str, rows: Sequence[Document]) -> Metric:
    name = "aftersales_heartbeat_timestamp_seconds"
    family = GaugeMetricFamily(
        name, "The newest heartbeat that came through here; 0 before the first.", labels=("stage",)
    )
    family.add_metric([service], max((row["seen_at"].timestamp() for row in rows if row.get("seen_at")), default=0))
    return family
