"""A running service: its database, bus, writer, relay and timers, started and stopped in order."""

import asyncio
from collections.abc import Callable, Coroutine, Mapping, Sequence
from contextlib import suppress
from datetime import timedelta
from typing import Any, ClassVar

from aftersales.common import dead_letters, failing_timers, relay, timers
from aftersales.common.aggregate import Aggregate
from aftersales.common.amqp import TROUBLE, Bus, Topology
from aftersales.common.branch_hours import OPEN_CLOCKS
from aftersales.common.broker_urls import broker_urls
from aftersales.common.catch_up import CatchUp
from aftersales.common.clock import Clock
from aftersales.common.counts import Counts
from aftersales.common.inbound import Inbound
from aftersales.common.live.hub import LiveHub
from aftersales.common.live.kinds import live_kinds
from aftersales.common.mongo import Index, Mongo, files
from aftersales.common.partners import own_sources
from aftersales.common.parts import PartEnded
from aftersales.common.privacy.eraser import Eraser
from aftersales.common.retained import Archived
from aftersales.common.service import Service
from aftersales.common.sign_in.readings import READING_INDEXES, Reading
from aftersales.common.sweep import Sweep
from aftersales.common.tallies import Folding
from aftersales.common.telemetry import Metrics, log
from aftersales.common.timers import Timers
from aftersales.common.trail.anchors import ANCHORS
from aftersales.common.trail.auditor import INDEXES, VERIFICATIONS, Auditor
from aftersales.common.trail.balance import BASES
from aftersales.common.undeliverable import Undeliverable
from aftersales.common.work import Job, UnitOfWork, Writer, audit, values
from aftersales.common.work.group import ANSWERS, INBOX, TALLIES, Origin
from aftersales.values import uuid7
from aftersales.values.errors import Busy, Unavailable

INBOX_KEPT, ANSWERS_KEPT, UPLOADS_KEPT = timedelta(days=14), timedelta(hours=72), timedelta(days=1)
SWEEP_FILES_EVERY = timedelta(hours=1)
_ENDING = frozenset({"history"})
"""Parts that end when they are done."""
_STOPPED_FIRST = ("timers", "sweep", "history", "catch_up", "tallies", "files", "audit", "live")
_CLOCKS_DIFFER = timedelta(minutes=2)
"""Allowance between our clock and the broker's, by which the journal is searched."""
HTTP_SHARE = 0.3
"""Share of the stop budget for open requests, before everything else stops (`http.app.run_service`)."""


class ServiceMark(Aggregate):
    """The mark of something that is done once in the life of a database."""

    COLLECTION: ClassVar[str] = "marks"
    AUDITED: ClassVar[bool] = False

    branch: str = "-"


_CAUGHT_UP = ServiceMark(id="caught_up")


class Runtime:
    """Built once per process by `build_app`. `failed` is set if a part ended that must never end."""

    def __init__(self, service: Service, clock: Clock) -> None:
        settings = service.settings
        self.service, self.clock, self.metrics = service, clock, Metrics()
        self.mongo = Mongo(
            settings.mongo_url.get_secret_value(), settings.database or service.name, settings.mongo_driver
        )
        self.topology = _topology(service)
        brokers = broker_urls(settings.amqp_url.get_secret_value())
        self.bus = Bus(brokers, self.topology, self.metrics, self._take, settings.prefetch)
        self.bus.wait_until_useful = self._database_there
        self.auditor = Auditor(self.mongo, clock, service.name, settings, audited_collections(service))
        self.auditor.show_in(self.metrics.registry)
        self.relay = relay.Relay(self.mongo, self.bus.publisher, clock, self.metrics)
        self.writer = Writer(
            self.mongo,
            self.relay,
            clock,
            self.metrics,
            _origin(service, self.topology),
            instance=settings.instance,
            keys=self.auditor.keys,
            zone=settings.zone,
            group_size=settings.group_size,
            queue_size=settings.writer_queue,
            gather=settings.gather,
        )
        self.relay.store_dead_letter = Undeliverable(self.writer, clock, service.name).store_dead_letter
        self.sweep = Sweep(self.mongo, self.relay, self.bus.publisher, clock)
        self.inbound = Inbound(
            service.consumers,
            self.topology,
            self.writer,
            clock=clock,
            metrics=self.metrics,
            refused=service.refused,
            partners={**own_sources(brokers), **service.partners},
        )
        self.catch_up = CatchUp(self.bus, self._take, clock, INBOX_KEPT, self.writer)
        self.bus.on_missed = self._missed
        self.live = LiveHub(self.mongo, live_kinds(service), self.metrics.registry, settings.live_listeners)
        self.counts = Counts(self.mongo, service.clocked, clock)
        self.timers = Timers(self.mongo, self.writer, clock, self.metrics)
        self.prepared = self.failed = self._stopping = False
        self.on_failure: Callable[[], None] = lambda: None
        self._tasks: dict[str, asyncio.Task[None]] = {}

    def _take(self, delivery: Any) -> None:
        self.inbound.take(delivery)

    async def _database_there(self) -> None:
        """Wait until MongoDB answers. A delivery received earlier uses up one of its 20 if the connection is lost."""
        while not await self.mongo.answers():
            await asyncio.sleep(0.5)

    async def start(self) -> None:
        """Start and return immediately; the parts wait for MongoDB and RabbitMQ in the background."""
        self._spawn("writer", self.writer.run())
        self._spawn("relay", self.relay.run())
        self._spawn("main", self._main())

    async def _main(self) -> None:
        settings = self.service.settings
        await self._prepare()
        self._spawn("bus", self.bus.run())
        self._spawn("sweep", self.sweep.run(settings.sweep_every, settings.sweep_age))
        self._spawn("history", self._catch_up())
        self._spawn("catch_up", self.catch_up.run(self.mongo))
        self._spawn("tallies", Folding(self.mongo, f"{self.service.name}@{settings.instance}").run())
        self._spawn("timers", self.timers.run(self.service.timers, settings.timer_tick))
        self._spawn("audit", self.auditor.run())
        self._spawn("live", self.live.run())
        if personal := self.service.personal:
            eraser = Eraser(self.mongo, self.writer, self.clock, personal, self.service.files)
            self._spawn("eraser", eraser.run(self.metrics))
        for name, run in self.service.background.items():
            self._spawn(name, run(self.mongo, self.writer, self.clock))
        if self.service.files:
            self._spawn("files", self._sweep_files(self.service.files))
        log.info("service.started", port=settings.http_port)
        await asyncio.Event().wait()

    async def _catch_up(self) -> None:
        """Read, once, the events published before this service existed; the journal stores them for a week."""
        while not await self._caught_up():
            await asyncio.sleep(1)

    async def _caught_up(self) -> bool:
        try:
            if not await self.mongo.get(ServiceMark, _CAUGHT_UP.id):
                found = await self.bus.replay(self.inbound.take)
                await self.writer.submit(self._planting("caught up", _CAUGHT_UP))
                log.info("service.caught_up", events=found)
                return True
        except (*TROUBLE, Unavailable, Busy) as error:
            log.warning("service.waits", error=str(error)[:200])
            return False
        return True

    async def _missed(self, seconds: float | None) -> None:
        """Read the events again that were published while the service had no queue."""
        if seconds is not None:
            log.error("events.missed", queue=self.topology.queue, seconds=round(seconds))
            await self.catch_up.missed(self.clock.now() - timedelta(seconds=seconds) - _CLOCKS_DIFFER)
        elif await self.mongo.get(ServiceMark, _CAUGHT_UP.id):  # the queue was deleted while this service was stopped
            await self.catch_up.missed()

    async def _sweep_files(self, kind: type[Aggregate]) -> None:
        """Remove bytes that lost their document in a crash, at the start and regularly."""
        while True:
            with suppress(Unavailable):
                await self.mongo.files.sweep(kind, self.clock.now() - UPLOADS_KEPT)
            await asyncio.sleep(SWEEP_FILES_EVERY.total_seconds())

    async def _prepare(self) -> None:
        """Create collections, indexes and seeds; try again until MongoDB answers."""
        while not self.prepared:
            try:
                await self.mongo.prepare(all_indexes(self.service))
                await self.writer.submit(self._planting("seed", *self.service.seeds))
                self.prepared = True
            except Unavailable as error:
                log.warning("service.waits", error=str(error))
                await asyncio.sleep(1)

    def _planting(self, why: str, *seeds: Aggregate) -> Job:
        """Return the job that creates those of these documents that are missing."""

        async def plant(work: UnitOfWork) -> None:
            for seed in seeds:
                if await work.get(type(seed), seed.id) is None:
                    work.put(seed)

        return Job(plant, why, self.service.name, uuid7(), preload=[(type(seed), seed.id) for seed in seeds])

    def _spawn(self, name: str, part: Coroutine[Any, Any, None]) -> None:
        task = self._tasks[name] = asyncio.create_task(part, name=name)
        task.add_done_callback(self._ended)

    def _ended(self, task: "asyncio.Task[None]") -> None:
        """Mark the process as unhealthy if a part ended that must never end."""
        error = None if task.cancelled() else task.exception()
        done = not task.cancelled() and task.get_name() in _ENDING
        if error is None and (done or self._stopping):
            return
        self.failed = True
        how = PartEnded("was cancelled" if task.cancelled() else "returned")
        log.critical("service.part_failed", part=task.get_name(), exc_info=error or how)
        self.on_failure()

    async def stop(self) -> None:
        """Finish the accepted work within the rest of the stop budget; everything else stays in outbox and queue."""
        self._stopping = True
        self.live.stop()
        budget = self.service.settings.stop_budget.total_seconds() * (1 - HTTP_SHARE)
        await self._cancel(*_STOPPED_FIRST, *self.service.background, seconds=budget * 0.1)
        with suppress(TimeoutError):
            async with asyncio.timeout(budget * 0.8):
                if "bus" in self._tasks:
                    await self.bus.stop_consuming(budget * 0.4)
                self.writer.stop()
                await asyncio.wait({self._tasks["writer"]}, timeout=budget * 0.3)
                await self.relay.drain(budget * 0.2)
        await self._cancel(*self._tasks, seconds=budget * 0.1)
        await self.counts.stop()
        await self.mongo.close()

    async def _cancel(self, *names: str, seconds: float = 3) -> None:
        tasks = [task for name in names if (task := self._tasks.get(name)) and not task.done()]
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks, timeout=seconds)


def _topology(service: Service) -> Topology:
    return Topology(
        bus=service.settings.bus,
        service=service.name,
        keys=tuple(sorted(c.kind.TYPE for c in service.consumers if not c.kind.TYPE.startswith("partner."))),
        tiers=service.settings.retry_tiers,
        partners=any(c.kind.TYPE.startswith("partner.") for c in service.consumers),
    )


def _origin(service: Service, topology: Topology) -> Origin:
    produces = frozenset(event.TYPE for event in service.produces)
    return Origin(
        service.name,
        topology.events,
        produces,
        archivable=frozenset(service.settings.retention),
        clocked=frozenset(kind.COLLECTION for kind in service.clocked),
        woken=frozenset(timer.kind.COLLECTION for timer in service.timers),
    )


def audited_collections(service: Service) -> Sequence[str]:
    """Return the names of the collections whose changes are audited."""
    kinds: tuple[type[Aggregate], ...]
    kinds = (
        dead_letters.StoredDeadLetter,
        *service.indexes,
        *service.clocked,
        *(timer.kind for timer in service.timers),
    )
    return sorted({kind.COLLECTION for kind in kinds if kind.AUDITED})


def all_indexes(service: Service) -> Mapping[str, Sequence[Index]]:
    """Return every collection of a service with its indexes, including the shared ones."""
    wanted: dict[str, list[Index]] = {
        INBOX: [Index("at", ttl=INBOX_KEPT)],
        ANSWERS: [Index("at", ttl=ANSWERS_KEPT)],
        TALLIES: [],
        "leases": [],
        "counters": [],
        ServiceMark.COLLECTION: [],
        dead_letters.StoredDeadLetter.COLLECTION: list(dead_letters.INDEXES),
        failing_timers.FailingTimer.COLLECTION: list(failing_timers.INDEXES),
        relay.OUTBOX: [],
        **({files.UPLOADS: [Index("at")]} if service.files else {}),
        audit.COLLECTION: list(audit.INDEXES),
        Reading.COLLECTION: list(READING_INDEXES),
        **{name: [] for name in (ANCHORS, BASES, audit.ARCHIVED_HEADS, values.VALUES)},
        Archived.COLLECTION: [],
        VERIFICATIONS: list(INDEXES),
    }
    for kind, own in service.indexes.items():
        wanted.setdefault(kind.COLLECTION, []).extend(own)
    for timer in service.timers:
        wanted.setdefault(timer.kind.COLLECTION, []).append(timers.INDEX)
    for kind in service.clocked:
        wanted.setdefault(kind.COLLECTION, []).append(OPEN_CLOCKS)
    return wanted
