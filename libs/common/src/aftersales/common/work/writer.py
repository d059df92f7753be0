"""The loop that takes all the work that waits and commits it as one group.

The states of a group of pieces:

    queued ------> running ------------> committing ------------> done
      |             ^   ^   ^             |   |   |                ^
      |             |   |   +- Conflict --+   |   |                |
      |             |   |   (fresh state)     |   |                |
      |             |   +--- not there --- unknown --- it landed --+
      |             |               (Unavailable: pause, look)     |
      |  committed  |                             |                |
      +--> ahead ---+       third Conflict, or a refused write     |
           |                                      |                |
           +-> queued, if that was not committed  +-> one by one --+

`ahead`: a whole group waits already, so it is run while the one before it is committed. `unknown`: the answer to the
commit was lost, and the audit record tells whether it was made. `one by one`: each piece is a group of its own, so that
the culprit alone fails, after 8 tries with `Busy`. In `done` every piece has its outcome and the relay its parcels.
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
from aftersales.common.work.numbers import Numbers
from aftersales.common.work.piece import Piece
from aftersales.common.work.rehearsal import rehearse
from aftersales.values.errors import Busy, Conflict, Unavailable

_RERUNS = 2
"""How often a whole group is run again after a conflict, before its pieces go one by one."""
_TRIES = 8
"""How often a single piece is, before it fails."""


class Writer:
    """One per process. `submit` from anywhere in its event loop; `run` is its task; `stop` finishes what it took."""

    def __init__(
        self, mongo: Mongo, relay: Relay, clock: Clock, metrics: Metrics, origin: Origin, **limits: Any
    ) -> None:
        self._mongo, self._relay, self._clock, self._metrics, self._origin = mongo, relay, clock, metrics, origin
        self._numbers = Numbers(mongo, limits.get("zone", "UTC"))
        self._chain = audit.Chain(f"{origin.service}@{limits.get('instance', 'local')}", limits.get("keys"))
        self._group_size: int = limits.get("group_size", 100)
        self._queue_size: int = limits.get("queue_size", 2000)
        self._gather: float = limits.get("gather", timedelta()).total_seconds()
        self._queue: deque[Piece] = deque()
        self._commands = 0
        """How many of them are no deliveries: `queue_size` limits these alone, the prefetch limits the others."""
        self._deliveries: dict[tuple[bytes, str], Piece] = {}
        """By message and `why`: the pieces that handle, retry or park it, until they are committed."""
        self._ahead: _Attempt | None = None
        """What comes next, where it runs while another group is committed."""
        self._wake = asyncio.Event()
        self._stopping = False
        self._chain_loaded = self._busy = False

    @property
    def busy(self) -> bool:
        """Whether a group is being committed."""
        return self._busy

    @property
    def waiting(self) -> int:
        return len(self._queue) + (len(self._ahead.pieces) if self._ahead else 0)

    async def submit(self, piece: Piece) -> Any:
        """Do it, and return what its handler returned once that is committed.

        Raises what the handler raised, or `Busy` when too much waits or the service stops.
        """
        if self._commands >= self._queue_size:
            raise Busy("service.busy")
        self.enqueue(piece)
        return await piece.future  # a caller that gives up cancels this alone: the work is done all the same

    async def rehearse(self, pieces: Sequence[Piece]) -> list[Any]:
        """Run each alone, beside the queue, and write nothing: what its handler returned or raised."""
        return await rehearse(self._mongo, self._origin, pieces, self._clock.now())

    def enqueue(self, piece: Piece) -> None:
        """Take the piece without waiting; deliveries come this way, bounded by the prefetch.

        After a lost connection the same messages come again on another channel. One that waits here or is being
        committed is not queued again: its outcome goes to the newest delivery.
        """
        if self._stopping:
            raise Busy("service.stopping")
        if piece.message is None:
            self._commands += 1
        else:
            known = self._deliveries.setdefault((piece.message, piece.why), piece)
            if known is not piece and known.is_live and not known.is_live():
                known.future.cancel()
                known.future, known.is_live = piece.future, piece.is_live
                return
        self._queue.append(piece)
        self._wake.set()

    async def run(self) -> None:
        """Until `stop`: take what waits, commit it, tell those who wait."""
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
        """Refuse new work; `run` returns when the queue is empty."""
        self._stopping = True
        self._wake.set()

    def _take(self) -> list[Piece]:
        taken = [self._queue.popleft() for _ in range(min(self._group_size, len(self._queue)))]
        self._commands -= sum(piece.message is None for piece in taken)
        return taken

    async def _settle(self, attempt: "_Attempt", *, alone: bool = False) -> None:
        """Commit its pieces, again on fresh state after a conflict; in the end each has its outcome."""
        conflicts = waits = 0
        unknown: list[_Attempt] = []
        pieces = attempt.pieces
        while True:
            try:
                if await self._landed(unknown):
                    return None
                return await self._attempt(attempt, alone=alone)
            except Unavailable as error:
                waits += 1
                unknown += [attempt] if attempt.record else []
                self._metrics.reruns.labels("unavailable").inc()
                log.warning("writer.waits", error=str(error), pieces=len(pieces))
                await asyncio.sleep(back_off(waits, 0.1, 5.0) * random.uniform(0.5, 1))  # noqa: S311 (jitter)
            except Conflict as error:
                conflicts += 1
                self._metrics.reruns.labels(str(error.args[0])).inc()
                self._chain_loaded = False
                doubled = error.args[0] == "duplicate_key" and not unknown  # else it may be that attempt, landed late
                if len(pieces) > 1 and (conflicts > _RERUNS or doubled):
                    return await self._one_by_one(pieces)
                if conflicts >= _TRIES:
                    return self._resolve(pieces[0], Busy("write.conflict"))
                await asyncio.sleep(random.uniform(0, 0.005 * 2**conflicts))  # noqa: S311 (jitter)
            except Exception as error:  # noqa: BLE001 (a write MongoDB refuses is that piece's alone)
                if len(pieces) > 1:
                    return await self._one_by_one(pieces)
                log.exception("writer.refused", why=pieces[0].why)
                return self._resolve(pieces[0], error)
            attempt = _Attempt(pieces)

    async def _one_by_one(self, pieces: list[Piece]) -> None:
        """So that the culprit alone fails. Nothing runs ahead: it would miss what the next of these changes."""
        self._metrics.reruns.labels("one_by_one").inc()
        for piece in pieces:
            await self._settle(_Attempt([piece]), alone=True)

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
        """Load what its pieces need and run them, on what the group before it changed."""
        group = attempt.group = Group(self._mongo, self._origin, self._numbers)
        await group.load(attempt.pieces)
        if before:
            group.follow(before)
        attempt.at = self._clock.now()
        attempt.outcomes = [await group.run(piece, attempt.at) for piece in attempt.pieces]
        return group

    def _run_ahead(self, before: Group) -> None:
        """Where a whole group waits already, run it during the commit; its own commit comes after that one."""
        if self._ahead is None and len(self._queue) >= self._group_size:
            self._ahead = _Attempt(self._take())
            self._ahead.running = asyncio.create_task(self._run(self._ahead, before))
            self._ahead.running.add_done_callback(_look)

    def _forget_ahead(self) -> None:
        """What it stands on was not committed: its pieces wait to be run anew."""
        if self._ahead and self._ahead.running:
            self._ahead.running.cancel()
            self._ahead = _Attempt(self._ahead.pieces)

    async def _landed(self, unknown: list["_Attempt"]) -> bool:
        """After a lost connection: was one of these committed all the same? Its audit record tells."""
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
        self._metrics.group_pieces.observe(len(attempt.pieces))
        if attempt.group:
            attempt.group.documents.committed.set()
            self._relay.offer(attempt.group.parcels)
        for piece, outcome in zip(attempt.pieces, attempt.outcomes, strict=True):
            self._resolve(piece, outcome)

    def _resolve(self, piece: Piece, outcome: Any) -> None:
        if piece.message is not None and self._deliveries.get((piece.message, piece.why)) is piece:
            del self._deliveries[piece.message, piece.why]
        piece.resolve(outcome)


def _look(task: "asyncio.Task[Group]") -> None:
    """Its error counts where it is awaited; a forgotten one's is nobody's."""
    if not task.cancelled():
        task.exception()


class _Attempt:
    """One try at a group, kept so that a lost answer can be looked up."""

    def __init__(self, pieces: list[Piece]) -> None:
        self.pieces = pieces
        self.running: asyncio.Task[Group] | None = None
        """Where it runs during another's commit."""
        self.group: Group | None = None
        self.at: datetime
        self.outcomes: list[Any] = []
        self.record: Document | None = None
