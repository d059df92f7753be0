"""The metrics page for Prometheus: the process's own metrics, and counts from the database."""

import asyncio
from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import datetime

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.exposition import CONTENT_TYPE_LATEST
from prometheus_client.registry import Collector

from aftersales.common.aggregate import DURATION_EDGES
from aftersales.common.counts import Counts
from aftersales.common.mongo import Document
from aftersales.common.runtime import Runtime
from aftersales.common.telemetry import log
from aftersales.common.work.group import tally_totals
from aftersales.values.errors import Unavailable

_Totals = dict[tuple[str, tuple[tuple[str, str], ...]], float]
_STATES = ("on_track", "at_risk", "overdue", "paused")
_OUTCOMES = ("met", "breached", "waived", "withdrawn")
_DATABASE_SECONDS = 2
"""How long a scrape waits for the database; less than `scrape_timeout`, or the service would seem down."""


async def expose_metrics(runtime: Runtime) -> tuple[bytes, str]:
    """Return the page and its type. Without the database, it has only the process's own metrics."""
    _ = runtime.bus.blocked, runtime.bus.consuming, runtime.bus.oldest_delivery
    runtime.metrics.waiting.set(runtime.writer.waiting)
    own = generate_latest(runtime.metrics.registry)
    counted: list[bytes] = []
    try:
        beats = await asyncio.wait_for(runtime.mongo.rows("heartbeats", {}), _DATABASE_SECONDS)
        await runtime.counts.look()
        timed = [timer.kind.COLLECTION for timer in runtime.service.timers]
        others = _rendered(_heartbeat(runtime.service.name, beats), *_others(runtime.counts, timed))
        counted = [others, *_by_branch(runtime.counts)]
    except (Unavailable, TimeoutError) as error:
        log.warning("metrics.database_missing", error=str(error))
    answers = GaugeMetricFamily(
        "aftersales_database_up",
        "0 while the database does not answer: all that is counted there is missing then.",
        bool(counted),
    )
    return b"".join([own, _rendered(answers), *counted]), CONTENT_TYPE_LATEST


def _rendered(*families: Metric) -> bytes:
    registry = CollectorRegistry()
    registry.register(_Snapshot(families))
    return generate_latest(registry)


class _Snapshot(Collector):
    def __init__(self, families: Sequence[Metric]) -> None:
        self._families = families

    def collect(self) -> Iterator[Metric]:
        yield from self._families


def _by_branch(counts: Counts) -> Iterator[bytes]:
    """Yield the metrics with a line for each branch. Rendering them takes longest, so their text is cached."""
    tallies, clocks = counts.tallies, counts.clocks
    if tallies.rows is not None:
        sums, known = tallies.rows, clocks.rows or ()
        yield counts.text("deadlines", (tallies, clocks), lambda: _rendered(_deadlines(tally_totals(sums), known)))
        yield counts.text("messages", (tallies,), lambda: _rendered(_messages(tally_totals(sums))))
        yield counts.text("durations", (tallies,), lambda: _rendered(_durations(tally_totals(sums))))
    if clocks.rows is not None:
        rows = clocks.rows
        yield counts.text("promises", (clocks,), lambda: _rendered(*_promises(rows)))


def _others(counts: Counts, timed: Sequence[str]) -> Iterator[Metric]:
    """Yield the metrics with few lines, and the time of each count; those not yet counted are missing."""
    ages = GaugeMetricFamily(
        "aftersales_counted_timestamp_seconds",
        "When the numbers were counted that are shown of this; 0 before the first count has ended.",
        labels=("of",),
    )
    for count in counts.all:
        ages.add_metric([count.of], count.at.timestamp() if count.at else 0)
    yield ages
    if counts.outbox.rows is not None:
        yield from _outbox(counts.outbox.rows[0] if counts.outbox.rows else {})
    if counts.dead_letters.rows is not None:
        yield _dead(counts.dead_letters.rows)
    if counts.failing.rows is not None:
        yield _failing(dict.fromkeys(timed, 0), counts.failing.rows)


def _failing(none: dict[str, int], rows: Sequence[Document]) -> Metric:
    family = GaugeMetricFamily(
        "aftersales_timers_failing", "Documents whose timer failed and will be tried again.", labels=("kind",)
    )
    for kind, count in (none | {row["_id"]: row["n"] for row in rows}).items():
        family.add_metric([kind], count)
    return family


def _durations(totals: _Totals) -> Metric:
    buckets: dict[str, dict[float, float]] = defaultdict(dict)
    sums: dict[str, float] = {}
    for (name, labels), amount in totals.items():
        values = dict(labels)
        if name == "stage_seconds":
            sums[values["stage"]] = round(amount, 3)  # sums of milliseconds, the same in any order
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
    return durations


def _deadlines(totals: _Totals, clocks: Sequence[Document]) -> Metric:
    """Return each outcome of each stage and branch, from 0 on.

    A series that begins with 1 shows no increase in Prometheus.
    """
    family = CounterMetricFamily(
        "aftersales_sla_deadlines",
        "Deadlines that ended, counted in the transaction that ended them; withdrawn: breaches that were taken back.",
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


def _messages(totals: _Totals) -> Metric:
    names = ("channel", "outcome", "template", "way")
    family = CounterMetricFamily(
        "aftersales_customer_messages", "Attempts to tell customers something, and how it ended.", labels=names
    )
    for (name, labels), amount in totals.items():
        if name == "customer_messages":
            family.add_metric([dict(labels)[one] for one in names], amount)
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
    family = GaugeMetricFamily("aftersales_dead_letters", "Dead letters by reason.", labels=("reason",))
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
