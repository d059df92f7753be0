"""Dead letters of our own messages for which RabbitMQ has no queue after all attempts."""

from aftersales.common.clock import Clock
from aftersales.common.dead_letters import (
    ORIGIN,
    ORIGIN_USER,
    ReplayTarget,
    StoredDeadLetter,
    body_digest,
    dead_letter_id,
    store_dead_letter,
)
from aftersales.common.events import decode_envelope
from aftersales.common.inbound import inbox_id
from aftersales.common.outgoing import Outgoing, Parcel
from aftersales.common.telemetry import log
from aftersales.common.work import Job, UnitOfWork, Writer
from aftersales.values import uuid7
from aftersales.values.errors import Malformed

REASON = "publish.refused"


class Undeliverable:
    """Stores the rest of a parcel as dead letters; raises the writer's exceptions."""

    def __init__(self, writer: Writer, clock: Clock, service: str) -> None:
        self._writer, self._clock, self._service = writer, clock, service

    async def store_dead_letter(self, parcel: Parcel) -> None:
        for message in parcel.left:
            await self._give_up(message, parcel)

    async def _give_up(self, message: Outgoing, parcel: Parcel) -> None:
        """Store a dead letter, unless the message went to a queue of ours directly and was handled meanwhile."""
        try:
            envelope, user = decode_envelope(message.body), str(message.headers.get(ORIGIN_USER, ""))
            event_id, event_type, correlation = inbox_id(envelope, user), envelope.type, envelope.correlationid
            inbox = None if message.exchange else event_id
        except Malformed:
            event_id, event_type, correlation, inbox = body_digest(message.body), "unknown", uuid7(), None
        letter = StoredDeadLetter(
            id=dead_letter_id(event_id, message.body),
            queue=message.exchange or message.key,
            exchange=message.exchange or str(message.headers.get(ORIGIN, "")),
            user=str(message.headers.get(ORIGIN_USER, "")),
            event_id=event_id,
            event_type=event_type,
            reason=REASON,
            params={"exchange": message.exchange, "key": message.key},
            attempts=parcel.tries + 1,
            first_at=parcel.at,
            last_at=self._clock.now(),
            digest=body_digest(message.body),
            body=message.body,
            target=ReplayTarget(exchange=message.exchange, key=message.key, headers=message.headers),
        )

        async def keep(work: UnitOfWork) -> None:
            await store_dead_letter(work, letter)

        job = Job(
            keep, "store_dead_letter", self._service, correlation, inbox=inbox, stores_dead_letter=inbox is not None
        )
        self._writer.enqueue(job)
        await job.future
        log.error("relay.parked", type=event_type, event_id=event_id, key=message.key, correlation=correlation)
