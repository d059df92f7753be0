"""The beat that shows whether the pipe through all services is open."""

from datetime import timedelta

from aftersales.common.events.intake import IntakeHeartbeat
from aftersales.common.heartbeat import Heartbeat, pass_on
from aftersales.common.work import Work


async def beat(work: Work, key: str, every: timedelta) -> None:
    """Send the first beat of the chain through all four services."""
    heartbeat = await work.need(Heartbeat, key)
    due = heartbeat.wake_at and heartbeat.wake_at <= work.now
    if due and (beaten := pass_on(heartbeat, work.now, IntakeHeartbeat)):
        seen, news = beaten
        work.put(seen.but(wake_at=work.now + every), *news)
