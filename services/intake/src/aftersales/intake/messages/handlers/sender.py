"""The sender: hands planned messages to their gateways, outside any transaction, in one replica at a time.

A message is committed as `sending` first, handed over, and then recorded. After a crash between the last two it is
handed over again with the same id, so that no message is lost and the gateway can drop the repetition.
"""

import asyncio
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from aftersales.common.clock import Clock
from aftersales.common.telemetry import log
from aftersales.common.work import Job, UnitOfWork, Writer
from aftersales.engine import Mongo
from aftersales.intake.messages.domain.message import GATEWAY, CustomerMessage, WordedMessage
from aftersales.intake.messages.store import put_into_words
from aftersales.values import uuid7
from aftersales.values.errors import Busy, Unavailable
from aftersales.values.messages import render_message

from . import record_handover
from .gateways import Gateway, OutgoingNotice, submit_notice

SENDER_LEASE = "messages"
_LEASE = timedelta(minutes=2)
_BATCH = 20
"""Messages that are handed over at the same time; within `gateway_timeout`, so well within the lease."""


class Sender:
    """Sends while it has the lease."""

    def __init__(self, gateways: Mapping[str, Gateway], settings: Any) -> None:
        self._gateways, self._settings = gateways, settings
        self._owner = uuid7()

    async def run(self, mongo: Mongo, writer: Writer, clock: Clock) -> None:
        """Send until cancelled; sleep a tick only when no more messages are ready."""
        while True:
            sent = 0
            try:
                if await mongo.leases.claim(SENDER_LEASE, self._owner, _LEASE):
                    sent = await self.send_batch(mongo, writer, clock)
            except (Unavailable, Busy) as error:
                log.warning("messages.wait", error=str(error)[:200])
            except Exception:  # noqa: BLE001 (a message that cannot be recorded must not end the service)
                log.exception("messages.broken")
            if sent < _BATCH:
                await asyncio.sleep(self._settings.timer_tick.total_seconds())

    async def send_batch(self, mongo: Mongo, writer: Writer, clock: Clock) -> int:
        """Send the oldest messages that are ready; return their number."""
        ready = await mongo.find(CustomerMessage, {"state": "sending"}, sort=("_id",), limit=_BATCH)
        current = [one for one in ready if not (one.expires_at and one.expires_at <= clock.now())]
        worded = await put_into_words(mongo, current, self._settings.locale, self._settings.request_links)
        await asyncio.gather(*(self._send(message, writer) for message in worded))
        return len(current)

    async def _send(self, message: WordedMessage, writer: Writer) -> None:
        problem = await submit_notice(self._gateways.get(str(message.channel)), notice_of(message))
        if problem:
            log.warning("messages.failed", message=message.id, channel=message.channel, why=problem.why)

        async def record(work: UnitOfWork) -> None:
            await record_handover(
                work, message.id, problem.why if problem else "", again=bool(problem and problem.again)
            )

        preload = ((CustomerMessage, message.id),)
        await writer.submit(Job(record, "record_handover", GATEWAY, uuid7(), preload=preload))


def notice_of(message: WordedMessage) -> OutgoingNotice:
    """Return what the gateway gets; its id is the same each time on this channel, even after a lost answer."""
    about = message.request or message.params.get("recall") or message.params.get("serial", "")
    return OutgoingNotice(
        id=f"{message.id}.{message.channel}",
        message=message.id,
        channel=str(message.channel),
        to=message.to,
        language=message.language,
        template=message.template,
        subject=render_message("message.subject", message.language, {"about": about}),
        text=message.text,
    )
