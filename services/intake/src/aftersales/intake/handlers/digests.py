"""Marks of every service's clocks, gathered for the people whose promises they are (ALL-3)."""

from aftersales.common.events import SlaMark
from aftersales.common.work import Work
from aftersales.intake.domain import digest as digests
from aftersales.intake.domain.digest import Digest


async def gather_mark(work: Work, mark: SlaMark) -> None:
    fresh = digests.digest_of(mark, work.now)
    digest, news = digests.gather(await work.get(Digest, fresh.id) or fresh, mark)
    work.put(digest, *news)


async def close_hour(work: Work, id: str) -> None:
    digest = await work.need(Digest, id)
    if digest.wake_at and digest.wake_at <= work.now:
        closed, news = digests.close(digest)
        work.put(closed, *news)
