"""The loop that takes all queued jobs and commits them as one group.

The states of a group of jobs:

    queued ------> running ------------> committing ------------> done
      |             ^   ^   ^             |   |   |                ^
      |             |   |   +- Conflict --+   |   |                |
      |             |   |   (fresh state)     |   |                |
      |             |   +--- not found --- unknown --- committed --+
      |             |               (Unavailable: wait, check)     |
      |  committed  |                             |                |
      +--> ahead ---+       third Conflict, or a refused write     |
           |                                      |                |
           +-> queued, if that was not committed  +-> one by one --+

`ahead`: a full group is already queued, so it runs while the one before it is committed. `unknown`: the answer to the
commit was lost; the audit record shows whether it was made. `one by one`: each job is a group of its own, so that only
the job at fault fails, with `Busy` after 8 tries. In `done`, every job has its outcome, and the relay has its parcels.
"""

import asyncio
import random
from collections import deque
from collections.abc import Sequence
from datetime import datetime, timedelta
from time import perf_counter
from typing import Any

from aftersales.common.back_off import back_off
from aftersales.common.clock import Clock
from aftersales.common.mongo import Document, Mongo
from aftersales.common.relay import Relay
from aftersales.common.telemetry import Metrics, log
from aftersales.common.work import audit
from aftersales.common.work.group import Group, Origin
from aftersales.common.work.job import Job
from aftersales.common.work.numbers import Numbers
from aftersales.common.work.rehearsal import rehearse_jobs
from aftersales.values.errors import Busy, Conflict, Unavailable

_RERUNS = 2
"""How often a whole group is run again after a conflict, before its jobs run one by one."""
_TRIES = 8
"""How often a single job is tried before it fails."""


class Writer:
    """The writer of a process. Call `submit` in its event loop; `run` is its task; `stop` finishes the queued jobs."""

    def __init__(
        self, mongo: Mongo, relay: Relay, clock: Clock, metrics: Metrics, origin: Origin, **limits: Any
    ) -> None:
        self._mongo, self._relay, self._clock, self._metrics, self._origin = mongo, relay, clock, metrics, origin
        self._numbers = Numbers(mongo, limits.get("zone", "UTC"))
        self._chain = audit.Chain(f"{origin.service}@{limits.get('instance', 'local')}", limits.get("keys"))
        self._group_size: int = limits.get("group_size", 100)
        self._queue_size: int = limits.get("queue_size", 2000)
        self._gather: float = limits.get("gather", timedelta()).total_seconds()
        self._queue: deque[Job] = deque()
        self._commands = 0
        """Queued jobs that are not deliveries. `queue_size` limits only these; the prefetch limits deliveries."""
        self._deliveries: dict[tuple[bytes, str], Job] = {}
        """The jobs that handle or retry a message or store its dead letter, by message and `why`, until committed."""
        self._ahead: _Attempt | None = None
        """The next group, if it runs while another one is committed."""
        self._wake = asyncio.Event()
        self._stopping = False
        self._chain_loaded = self._busy = False

    @property
    def busy(self) -> bool:
        return self._busy

    @property
    def waiting(self) -> int:
        return len(self._queue) + (len(self._ahead.jobs) if self._ahead else 0)

    async def submit(self, job: Job) -> Any:
        """Queue a job, and return its handler's result once it is committed.

        Raises the handler's exception, or `Busy` if the queue is full or the service stops.
        """
        if self._commands >= self._queue_size:
            raise Busy("service.busy")
        self.enqueue(job)
        return await job.future  # a caller that gives up cancels only this wait: the job is still done

    async def rehearse(self, jobs: Sequence[Job]) -> list[Any]:
        """Run each job alone, outside the queue, and return its result or exception. Writes nothing."""
        return await rehearse_jobs(self._mongo, self._origin, jobs, self._clock.now())

    def enqueue(self, job: Job) -> None:
        """Queue a job without waiting. Deliveries come this way, limited by the prefetch.

        After a lost connection, the same messages come again on another channel. One that is still queued or being
        committed is not queued again; its outcome goes to the newest delivery.
        """
        if self._stopping:
            raise Busy("service.stopping")
        if job.message is None:
            self._commands += 1
        else:
            known = self._deliveries.setdefault((job.message, job.why), job)
            if known is not job and known.is_live and not known.is_live():
                known.future.cancel()
                known.future, known.is_live = job.future, job.is_live
                return
        self._queue.append(job)
        self._wake.set()

    async def run(self) -> None:
        """Commit and resolve the queued jobs, until `stop` is called and the queue is empty."""
        while self.waiting or not self._stopping:
            if not self.waiting:
                self._wake.clear()
                await self._wake.wait()
                continue
            first, self._ahead = self._ahead or _Attempt(self._take()), None
            self._busy = True
            await self._settle(first)
            self._busy = False
            self._metrics.waiting.set(self.waiting)
            if not self._ahead and 0 < len(self._queue) < self._group_size and not self._stopping:
                await asyncio.sleep(self._gather)

    def stop(self) -> None:
        """Refuse new jobs; `run` returns when the queue is empty."""
        self._stopping = True
        self._wake.set()

    def _take(self) -> list[Job]:
        taken = [self._queue.popleft() for _ in range(min(self._group_size, len(self._queue)))]
        self._commands -= sum(job.message is None for job in taken)
        return taken

    async def _settle(self, attempt: "_Attempt", *, alone: bool = False) -> None:
        """Commit the jobs of an attempt, on fresh state after a conflict, until each job has its outcome."""
        conflicts = waits = 0
        unknown: list[_Attempt] = []
        jobs = attempt.jobs
        while True:
            try:
                if await self._landed(unknown):
                    return None
                return await self._attempt(attempt, alone=alone)
            except Unavailable as error:
                waits += 1
                unknown += [attempt] if attempt.record else []
                self._metrics.reruns.labels("unavailable").inc()
                log.warning("writer.waits", error=str(error), jobs=len(jobs))
                await asyncio.sleep(back_off(waits, 0.1, 5.0) * random.uniform(0.5, 1))  # noqa: S311 (jitter)
            except Conflict as error:
                conflicts += 1
                self._metrics.reruns.labels(str(error.args[0])).inc()
                self._chain_loaded = False
                doubled = error.args[0] == "duplicate_key" and not unknown  # else it may be the unknown attempt
                if len(jobs) > 1 and (conflicts > _RERUNS or doubled):
                    return await self._one_by_one(jobs)
                if conflicts >= _TRIES:
                    return self._resolve(jobs[0], Busy("write.conflict"))
                await asyncio.sleep(random.uniform(0, 0.005 * 2**conflicts))  # noqa: S311 (jitter)
            except Exception as error:  # noqa: BLE001 (a write that MongoDB refuses fails only its job)
                if len(jobs) > 1:
                    return await self._one_by_one(jobs)
                log.exception("writer.refused", why=jobs[0].why)
                return self._resolve(jobs[0], error)
            attempt = _Attempt(jobs)

    async def _one_by_one(self, jobs: list[Job]) -> None:
        """Commit each job alone, so that only the one at fault fails.

        No group runs ahead, because it would miss later changes by these jobs.
        """
        self._metrics.reruns.labels("one_by_one").inc()
        for job in jobs:
            await self._settle(_Attempt([job]), alone=True)

    async def _attempt(self, attempt: "_Attempt", *, alone: bool) -> None:
        began = perf_counter()
        if not self._chain_loaded:
            await self._chain.reload(self._mongo)
            self._chain_loaded = True
        group = await (attempt.running or self._run(attempt))
        attempt.record = self._chain.extend(group.audited, attempt.at)
        writes = group.writes(attempt.record, self._chain.writer, attempt.at)
        if not writes.empty:
            if not alone:
                self._run_ahead(group)
            try:
                await self._mongo.commit(writes)
            except BaseException:
                self._forget_ahead()
                raise
        self._metrics.commit_seconds.observe(perf_counter() - began)
        self._finish(attempt)

    async def _run(self, attempt: "_Attempt", before: Group | None = None) -> Group:
        """Load the documents of the jobs and run them, on top of the changes of the group before."""
        group = attempt.group = Group(self._mongo, self._origin, self._numbers)
        await group.load(attempt.jobs)
        if before:
            group.follow(before)
        attempt.at = self._clock.now()
        attempt.outcomes = [await group.run(job, attempt.at) for job in attempt.jobs]
        return group

    def _run_ahead(self, before: Group) -> None:
        """If a full group is already queued, run it during the commit of `before`; it is committed afterwards."""
        if self._ahead is None and len(self._queue) >= self._group_size:
            self._ahead = _Attempt(self._take())
            self._ahead.running = asyncio.create_task(self._run(self._ahead, before))
            self._ahead.running.add_done_callback(_look)

    def _forget_ahead(self) -> None:
        """Discard the run of the next group, which was based on changes that were not committed."""
        if self._ahead and self._ahead.running:
            self._ahead.running.cancel()
            self._ahead = _Attempt(self._ahead.jobs)

    async def _landed(self, unknown: list["_Attempt"]) -> bool:
        """Finish an attempt whose commit succeeded without an answer, by its audit record. Return whether one did."""
        for attempt in unknown:
            record = attempt.record or {}
            if await self._mongo.rows(audit.COLLECTION, {"_id": record["_id"], "hash": record["hash"]}, limit=1):
                self._finish(attempt)
                self._chain_loaded = False
                return True
        return False

    def _finish(self, attempt: "_Attempt") -> None:
        if attempt.record:
            self._chain.advance(attempt.record)
        self._metrics.group_pieces.observe(len(attempt.jobs))
        if attempt.group:
            attempt.group.documents.committed.set()
            self._relay.offer(attempt.group.parcels)
        for job, outcome in zip(attempt.jobs, attempt.outcomes, strict=True):
            self._resolve(job, outcome)

    def _resolve(self, job: Job, outcome: Any) -> None:
        if job.message is not None and self._deliveries.get((job.message, job.why)) is job:
            del self._deliveries[job.message, job.why]
        job.resolve(outcome)


def _look(task: "asyncio.Task[Group]") -> None:
    """Retrieve the exception, so that asyncio does not log that of a discarded task."""
    if not task.cancelled():
        task.exception()


class _Attempt:
    """One attempt to commit a group, kept in case the answer to its commit is lost."""

    def __init__(self, jobs: list[Job]) -> None:
        self.jobs = jobs
        self.running: asyncio.Task[Group] | None = None
        """The task that runs the group during another commit."""
        self.group: Group | None = None
        self.at: datetime
        self.outcomes: list[Any] = []
        self.record: Document | None = None
