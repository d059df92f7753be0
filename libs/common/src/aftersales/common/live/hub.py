"""The hub of a process: follows the changes of the service's documents, wakes the listeners, ends their streams."""

import asyncio
import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime

from fastapi.sse import format_sse_event
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from aftersales.common.back_off import back_off
from aftersales.common.live.kinds import LiveKind
from aftersales.common.live.ring import HintFilter, HintRing
from aftersales.common.mongo import ChangedDocument, ChangeFeed, FeedLost, Mongo
from aftersales.common.telemetry import log
from aftersales.values.errors import Busy, DomainError, Unavailable

RETRY = 2000
"""Milliseconds after which a browser connects again."""
_PAUSE, _PAUSE_EACH = 0.05, 0.001
"""Seconds between two pieces of a stream: at least, and for each listener, so that sending takes a part of a core."""
_FULL_SECONDS = 30
_LAG_EDGES = (0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60)

Recheck = Callable[[], Awaitable[HintFilter]]
"""Returns what the listener may see and wants now. Raises `DomainError` if its access ended."""


@dataclass
class LivePace:
    """Durations in seconds."""

    heartbeat: float = 10.0
    """After this time a silent stream sends its position."""
    recheck: float = 2.0
    """After this time it is asked again what a listener may see; an account may be as old as that, too."""
    slowest: float = 10.0
    """A listener that accepts nothing for this long is cut off."""


class LiveMetrics:
    def __init__(self, registry: CollectorRegistry) -> None:
        self.listeners = Gauge("aftersales_live_listeners", "Open streams of `GET /live`.", registry=registry)
        self.hints = Counter("aftersales_live_hints", "Hints sent, once for each listener.", registry=registry)
        self.ended = Counter(
            "aftersales_live_ended", "Streams that the service ended, by reason.", ["reason"], registry=registry
        )
        self.resyncs = Counter("aftersales_live_resyncs", "Listeners told to read everything.", registry=registry)
        self.lag = Histogram(
            "aftersales_live_lag_seconds",
            "From the commit of a change to its hint; of each batch the oldest.",
            buckets=_LAG_EDGES,
            registry=registry,
        )
        self.up = Gauge("aftersales_live_up", "1 while the changes of the database are read.", registry=registry)


class LiveHub:
    def __init__(self, mongo: Mongo, kinds: Mapping[str, LiveKind], registry: CollectorRegistry, most: int) -> None:
        self.kinds, self.metrics = kinds, LiveMetrics(registry)
        self._feed, self._most = mongo.follow(sorted(kinds)), most
        self.pace = LivePace()
        self._ring = HintRing()
        self._news = asyncio.Event()
        self._now = ""
        """The position of the database's clock; empty until the changes are read."""
        self._start = ""
        self._began = datetime.now(UTC)
        self._listeners = 0
        self._stopping = False
        self.up = False

    async def run(self) -> None:
        """Follow the changes until cancelled."""
        feed, failures = self._feed, 0
        try:
            while True:
                try:
                    await self._take(feed)
                    failures = 0
                except (Unavailable, FeedLost) as error:
                    failures += 1
                    self._show(up=False)
                    log.warning("live.interrupted", lost=isinstance(error, FeedLost), error=str(error))
                    await asyncio.sleep(back_off(failures, 0.1, 5.0))
        finally:
            self._show(up=False)
            await feed.close()

    async def _take(self, feed: ChangeFeed) -> None:
        changes = await feed.read()
        if feed.start != self._start:  # the first time, or after a loss: all listeners are behind the new start
            self._start = feed.start
            self._ring.begin(feed.start)
            self._wake()
        self._now = feed.now
        self._show(up=True)
        if changes:
            self._ring.add(changes)
            if changes[0].at >= self._began:  # the feed starts with older ones
                self.metrics.lag.observe(_age(changes[0]))
            self._wake()
            await asyncio.sleep(max(_PAUSE, _PAUSE_EACH * self._listeners))

    def _show(self, *, up: bool) -> None:
        self.up = up
        self.metrics.up.set(up)

    def _wake(self) -> None:
        self._news.set()
        self._news = asyncio.Event()

    def enter(self) -> None:
        """Count a listener. Raises `Busy` if there are too many, and `Unavailable` if nothing is read yet."""
        if self._stopping:
            raise Busy("service.stopping")
        if self._listeners >= self._most:
            raise Busy("live.full", most=self._most, seconds=_FULL_SECONDS)
        if not self._now:
            raise Unavailable("mongodb", "its changes are not read yet")
        self._listeners += 1
        self.metrics.listeners.set(self._listeners)

    def leave(self) -> None:
        self._listeners -= 1
        self.metrics.listeners.set(self._listeners)

    async def stream(self, wanted: HintFilter, recheck: Recheck, last: str | None) -> AsyncGenerator[bytes, None]:
        """Yield the text of a listener's stream, from its last position on, until its access ends or the service stops.

        The caller sends each piece before it asks for the next one, so a slow listener has no queue: its position falls
        behind in the ring, until it is told to read everything.
        """
        checked = time.monotonic()
        position = last or self._ring.newest
        yield format_sse_event(retry=RETRY, id=None if last else position)
        sent = time.monotonic()
        while not self._stopping:
            news = self._news
            if not self._ring.has_all_since(position, self._now):
                position = self._ring.newest
                self.metrics.resyncs.inc()
                yield format_sse_event(event="resync", id=position, data_str="{}")
            text, position, count = self._ring.piece(position, wanted)
            if text or time.monotonic() - sent >= self.pace.heartbeat:
                yield text or format_sse_event(comment="heartbeat", id=position)
                self.metrics.hints.inc(count)
                sent = time.monotonic()
                continue
            with suppress(TimeoutError):
                async with asyncio.timeout(min(self.pace.recheck - time.monotonic() + checked, self.pace.heartbeat)):
                    await news.wait()
            if time.monotonic() - checked >= self.pace.recheck:
                try:
                    wanted, checked = await recheck(), time.monotonic()
                except DomainError:
                    self.metrics.ended.labels("access").inc()
                    return
        self.metrics.ended.labels("stopping").inc()

    def stop(self) -> None:
        """End all streams; their listeners connect to another replica."""
        self._stopping = True
        self._wake()


def _age(change: ChangedDocument) -> float:
    return max(0.0, (datetime.now(UTC) - change.at).total_seconds())
