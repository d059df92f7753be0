"""The auditor, which anchors the audit trail every hour and verifies it every day, in one replica at a time."""

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime, timedelta

from prometheus_client import CollectorRegistry, Gauge

from aftersales.common.clock import Clock
from aftersales.common.mongo import Document, Index, Mongo, Writes
from aftersales.common.settings import ServiceSettings
from aftersales.common.telemetry import log
from aftersales.common.trail.anchors import ANCHORS, make_anchor
from aftersales.common.trail.verification import Report, Verification
from aftersales.common.work import audit
from aftersales.values import uuid7
from aftersales.values.anchors import Anchor, append_to_file, read_file
from aftersales.values.errors import Unavailable

VERIFICATIONS = "verifications"
INDEXES = (Index("finished_at", ttl=timedelta(days=400)),)
AUDIT_LEASE = "audit"
_LEASE_FOR = timedelta(minutes=5)
_LOOK_EVERY = 60.0
"""Seconds between two checks whether something is due."""
_SHARE = 0.2
"""The share of time that a verification works, so that it does not take MongoDB from others."""
_LONGEST_PAUSE = 5.0


class Run(Report):
    """A verification that was finished."""

    id: str
    started_at: datetime
    finished_at: datetime
    by: str
    """The replica that ran it."""
    sealed: bool
    """Whether a key was set."""


class _LeaseLost(Exception):
    """Another replica has the lease now."""


class Auditor:
    """Anchors and verifies: `run` is a task of the service; `anchor` and `verify` act immediately."""

    def __init__(
        self,
        mongo: Mongo,
        clock: Clock,
        service: str,
        settings: ServiceSettings,
        collections: Sequence[str],
    ) -> None:
        self._mongo, self._clock, self.service = mongo, clock, service
        self._settings, self._collections = settings, collections
        self.keys = audit.Keys(settings.audit_key.get_secret_value())
        self._owner = uuid7()
        self._asked = asyncio.Event()
        self._known: list[Anchor] = []
        """The last anchor that this process has seen; it must exist as long as the process runs."""
        self.verified_at: Gauge
        self.broken: Gauge

    def show_in(self, registry: CollectorRegistry) -> None:
        self.verified_at = Gauge(
            "aftersales_audit_verified_timestamp_seconds",
            "When the audit trail was last verified as a whole; 0 before the first time.",
            registry=registry,
        )
        self.broken = Gauge(
            "aftersales_audit_broken",
            "What the last verification of the audit trail found not to fit.",
            registry=registry,
        )
        Gauge(
            "aftersales_audit_sealed",
            "Whether AFTERSALES_AUDIT_KEY is set, so that records and anchors cannot be forged without it.",
            registry=registry,
        ).set(bool(self.keys))

    def ask(self) -> None:
        """Verify soon, whenever the last verification was."""
        self._asked.set()

    async def run(self) -> None:
        """Anchor and verify when it is due or requested, until cancelled."""
        if not self.keys:
            log.warning("audit.no_key", setting="AFTERSALES_AUDIT_KEY")
        while True:
            with suppress(TimeoutError):
                await asyncio.wait_for(self._asked.wait(), _LOOK_EVERY)
            try:
                await self._look()
            except Unavailable as error:
                log.warning("audit.waits", error=str(error))

    async def _look(self) -> None:
        now, asked = self._clock.now(), self._asked.is_set()
        last = await self.last_run()
        anchor = await self.last_anchor()
        if (anchor is None or anchor.at <= now - self._settings.audit_anchor_every) and await self._claim():
            await self.anchor()
        if asked or last is None or last.finished_at <= now - self._settings.audit_verify_every:
            if await self._claim():
                self._asked.clear()
                with suppress(_LeaseLost):
                    await self.verify()
            elif asked:  # the replica that holds the lease is verifying
                self._asked.clear()
        await self._show()

    async def _show(self) -> None:
        if anchor := await self.last_anchor():
            self._remember(anchor)
        if last := await self.last_run():
            self.verified_at.set(last.finished_at.timestamp())
            self.broken.set(last.broken)

    async def anchor(self) -> Anchor | None:
        """Anchor the chains that have grown, and export the anchor as a log line and to the file."""
        row = await make_anchor(self._mongo, self.keys, self._clock.now())
        if row is None:
            return None
        anchor = Anchor.of(self.service, row)
        self._remember(anchor)
        log.info("audit.anchored", anchor=anchor.model_dump(mode="json", exclude_none=True))
        await self.export()
        return anchor

    async def export(self) -> None:
        """Append every anchor newer than the last one in the file, if a file is set."""
        path = self._settings.audit_anchor_path
        if not path:
            return
        last = max((anchor.number for anchor in self._exported()), default=0)
        rows = await self._mongo.rows(ANCHORS, {"_id": {"$gt": last}}, sort=("_id",))
        try:
            await asyncio.to_thread(append_to_file, path, [Anchor.of(self.service, row) for row in rows])
        except OSError as error:
            log.error("audit.anchors_not_exported", file=path, error=str(error))

    def _remember(self, anchor: Anchor) -> None:
        if not self._known or self._known[-1].number < anchor.number:
            self._known = [anchor]

    async def verify(self) -> Run:
        """Verify everything, store the findings, and renew the lease meanwhile."""
        started = self._clock.now()
        verification = Verification(
            self._mongo, self.keys, self._collections, started, [*self._known, *self._exported()], self._pause
        )
        report = await verification.run()
        run = Run(
            **dict(report),
            id=uuid7(),
            started_at=started,
            finished_at=self._clock.now(),
            by=self._settings.instance,
            sealed=bool(self.keys),
        )
        writes = Writes()
        fields = run.model_dump()
        writes.insert(VERIFICATIONS, {"_id": fields.pop("id"), **fields})
        await self._mongo.commit(writes)
        for finding in run.findings:
            log.error("audit.broken", code=finding.code, **finding.params)
        log.info("audit.verified", records=run.records, documents=run.documents, broken=run.broken)
        await self._show()
        return run

    def _exported(self) -> list[Anchor]:
        """Return the anchors that were exported to the file, if there is one."""
        path = self._settings.audit_anchor_path
        try:
            return read_file(path, [self.service]) if path else []
        except FileNotFoundError:
            return []
        except OSError as error:
            log.error("audit.anchors_unreadable", file=path, error=str(error))
            return []

    async def _claim(self) -> bool:
        return await self._mongo.leases.claim(AUDIT_LEASE, self._owner, _LEASE_FOR)

    async def _pause(self, worked: float) -> None:
        await asyncio.sleep(min(worked * (1 / _SHARE - 1), _LONGEST_PAUSE))
        if not await self._claim():
            raise _LeaseLost

    async def last_anchor(self) -> Anchor | None:
        rows = await self._mongo.rows(ANCHORS, {}, sort=("-_id",), limit=1)
        return Anchor.of(self.service, rows[0]) if rows else None

    async def last_run(self) -> Run | None:
        rows = await self._mongo.rows(VERIFICATIONS, {}, sort=("-_id",), limit=1)
        return _run(rows[0]) if rows else None


def _run(row: Document) -> Run:
    return Run.model_validate({**row, "id": row["_id"]})
