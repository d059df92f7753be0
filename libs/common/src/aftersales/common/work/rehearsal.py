"""Rehearsals, which run jobs as the writer would run them, and write nothing."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from aftersales.common.mongo import Mongo
from aftersales.common.work.group import Group, Origin
from aftersales.common.work.job import Job
from aftersales.common.work.numbers import Numbers
from aftersales.common.work.unit import UnitOfWork
from aftersales.values.errors import DomainError


class _Rehearsed(DomainError):
    """Ends a job like a refusal, so that the group drops its changes."""

    def __init__(self, *, result: Any) -> None:
        super().__init__("work.rehearsed")
        self.result = result


class _NoNumbers(Numbers):
    """Returns the same number for every call, so that none is reserved."""

    def __init__(self) -> None:
        """Create it without a database."""

    async def next(self, prefix: str, now: datetime) -> str:  # noqa: ARG002 (the base class has it)
        return f"{prefix}-000000-0000"


async def rehearse_jobs(mongo: Mongo, origin: Origin, jobs: Sequence[Job], now: datetime) -> list[Any]:
    """Run each job alone on the committed documents and return its result or exception. Writes nothing."""
    group = Group(mongo, origin, _NoNumbers())
    alone = [_alone(job) for job in jobs]
    await group.load(alone)
    outcomes = [await group.run(job, now) for job in alone]
    return [outcome.result if isinstance(outcome, _Rehearsed) else outcome for outcome in outcomes]


def _alone(job: Job) -> Job:
    async def run(work: UnitOfWork) -> None:
        raise _Rehearsed(result=await job.run(work))

    return replace(job, run=run)
