"""Incoming events: a delivery becomes a job; a failed one is retried later or becomes a dead letter, never lost."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import datetime
from typing import Any, NamedTuple

from pydantic import TypeAdapter, ValidationError

from aftersales.common import dead_letters, partners
from aftersales.common.amqp import Delivery, Topology
from aftersales.common.clock import Clock
from aftersales.common.dead_letters import StoredDeadLetter
from aftersales.common.events import PARTNER, Envelope, decode_envelope, type_of
from aftersales.common.outgoing import Outgoing
from aftersales.common.service import Consumer, Refused
from aftersales.common.telemetry import Metrics, log
from aftersales.common.work import DUPLICATE, Job, UnitOfWork, Writer
from aftersales.values import Moment, uuid7
from aftersales.values.errors import Busy, DomainError, Malformed, NotYet

_BUSY_SECONDS = 0.5


class Inbound:
    """Classifies failures: refused or malformed: dead letter; too early or a bug: retry tiers, then dead letter.

    Every delivery ends with a commit: of its effect, of its retry (which the outbox then publishes), or of the dead
    letter. None of these waits for RabbitMQ, so that no message blocks the others.
    """

    def __init__(self, consumers: Sequence[Consumer], topology: Topology, writer: Writer, **tools: Any) -> None:
        self._consumers = {consumer.kind.TYPE: consumer for consumer in consumers}
        self._topology, self._writer = topology, writer
        self._clock: Clock = tools["clock"]
        self._metrics: Metrics = tools["metrics"]
        self._refused: Refused | None = tools.get("refused")
        self._gate = partners.Gate(topology.partner_exchange, tools.get("partners", {}))
        self._ending: set[asyncio.Task[None]] = set()
        self._counters: dict[tuple[str, str], Any] = {}

    def take(self, delivery: Delivery) -> None:
        """Enqueue the job of a delivery, which is acknowledged when its effect is committed."""
        if delivery.queue == self._topology.dead:
            return self._give_up(delivery, DomainError("delivery_limit"), _peek(delivery))
        try:
            if delivery.exchange == self._topology.partner_exchange:
                delivery.body = partners.to_structured_mode(delivery.body, delivery.headers, delivery.content_type)
            envelope = decode_envelope(delivery.body)
            self._gate.admit(envelope, self._origin(delivery), user_of(delivery))
            consumer = self._consumers.get(envelope.type)
            if consumer is None and envelope.type.startswith(PARTNER):
                raise Malformed("event.unknown_type", type=envelope.type[:100])  # noqa: TRY301 (stored right below)
            if consumer is None:  # from a binding of an older version of this service
                self._count(envelope.type, "ignored")
                return delivery.done()
            job = self._job(delivery, envelope, consumer)
            job.message, job.is_live = delivery.body, delivery.is_live
        except Malformed as error:
            return self._give_up(delivery, error, _peek(delivery))
        with suppress(Busy):  # stopping: unacknowledged, it is delivered again after the restart
            self._writer.enqueue(job)
            job.future.add_done_callback(lambda future: self._settled(delivery, envelope, future))
        return None

    def _job(self, delivery: Delivery, envelope: Envelope, consumer: Consumer) -> Job:
        event = envelope.event()
        inbox = inbox_id(envelope, user_of(delivery))
        sender = partners.sender_of(envelope, user_of(delivery)) if consumer.receipt else None
        receipts = [(consumer.receipt, id) for id in sender.receipts] if consumer.receipt and sender else ()

        async def run(work: UnitOfWork) -> None:
            await (consumer.handle(work, event, sender) if sender else consumer.handle(work, event))
            if work.was_dead_letter:
                await dead_letters.forget_dead_letter(work, inbox, delivery.body)

        return Job(
            run,
            why=envelope.type,
            actor=envelope.source,
            correlation=envelope.correlationid,
            causation=envelope.id,
            traceparent=envelope.traceparent,
            inbox=inbox,
            preload=(*consumer.preload(event), *receipts),
        )

    def _settled(self, delivery: Delivery, envelope: Envelope, future: "asyncio.Future[Any]") -> None:
        if future.cancelled():
            return
        error = future.exception()
        if error is None:
            again = future.result() is DUPLICATE
            self._count(envelope.type, "duplicate" if again else "handled")
            if not again:  # a duplicate, perhaps from the journal, has no effect to measure
                late = (self._clock.now() - envelope.time).total_seconds()
                self._metrics.critical_time.labels(envelope.type).observe(max(0.0, late))
            delivery.done()
            return
        refused = isinstance(error, DomainError) and not isinstance(error, NotYet | Busy)
        if refused or self._tried(delivery) >= len(self._topology.tiers):
            self._give_up(delivery, error, _named(envelope, delivery))
        else:
            self._retry(delivery, error, _named(envelope, delivery))

    def _count(self, kind: str, result: str) -> None:
        key = (kind if kind in self._consumers else "other", result)
        if key not in self._counters:  # looking up a labelled counter costs more than counting
            self._counters[key] = self._metrics.events.labels(*key)
        self._counters[key].inc()

    def _retry(self, delivery: Delivery, error: BaseException, message: "_Message") -> None:
        """Send the message to the next retry tier, through the outbox (the inbox absorbs duplicates)."""
        dead_letter = self._dead_letter(delivery, error, message)
        headers = {  # only our own: an old x-death makes RabbitMQ 3.10 drop the message
            "x-attempt": dead_letter.attempts,
            "x-error": dead_letter.reason,
            "x-first-failed-at": dead_letter.first_at.isoformat(),
            dead_letters.ORIGIN: dead_letter.exchange,
            dead_letters.ORIGIN_USER: dead_letter.user,
        }
        again = Outgoing(uuid7(), "", self._topology.retry(dead_letter.attempts - 1), delivery.body, headers)

        async def retry(work: UnitOfWork) -> None:
            work.send(again)

        self._note("retried", dead_letter, message)
        self._end(delivery, self._own(retry, message), dead_letter, message)

    def _give_up(self, delivery: Delivery, error: BaseException, message: "_Message") -> None:
        """Store a dead letter of a malformed or refused message, and notify the partner who sent it (INT-12)."""
        dead_letter = self._dead_letter(delivery, error, message)
        partner = self._from_partner(delivery) or message.type.startswith(PARTNER)
        refused = isinstance(error, DomainError) and not isinstance(error, NotYet | Busy)
        tell = self._refused if partner and refused and dead_letter.reason != "delivery_limit" else None
        self._note("parked", dead_letter, message)
        self._end(delivery, self._storing(dead_letter, message, tell), dead_letter, message)

    def _note(self, result: str, dead_letter: StoredDeadLetter, message: "_Message") -> None:
        self._count(message.type, result)
        tell = log.warning if result == "parked" else log.info
        tell(
            f"event.{result}",
            type=message.type,
            event_id=message.id,
            reason=dead_letter.reason,
            attempt=dead_letter.attempts,
            correlation=message.correlation,
        )

    def _dead_letter(self, delivery: Delivery, error: BaseException, message: "_Message") -> StoredDeadLetter:
        return StoredDeadLetter(
            id=dead_letters.dead_letter_id(message.id, delivery.body),
            queue=self._topology.queue,
            exchange=self._origin(delivery),
            user=user_of(delivery),
            event_id=message.id,
            event_type=message.type,
            reason=error.code if isinstance(error, DomainError) else type(error).__name__,
            params=error.params if isinstance(error, DomainError) else {"error": str(error)[:500]},
            attempts=self._tried(delivery) + 1,
            first_at=self._first_at(delivery),
            last_at=self._clock.now(),
            digest=dead_letters.body_digest(delivery.body),
            body=delivery.body,
        )

    def _own(self, run: Callable[[UnitOfWork], Awaitable[None]], message: "_Message") -> Job:
        return Job(run, run.__name__, self._topology.service, message.correlation)

    def _storing(self, dead_letter: StoredDeadLetter, message: "_Message", tell: Refused | None = None) -> Job:
        async def store_dead_letter(work: UnitOfWork) -> None:
            await dead_letters.store_dead_letter(work, dead_letter)
            if tell:
                await tell(work, dead_letter)

        return replace(
            self._own(store_dead_letter, message), inbox=message.inbox, stores_dead_letter=message.inbox is not None
        )

    def _end(self, delivery: Delivery, job: Job, dead_letter: StoredDeadLetter, message: "_Message") -> None:
        job.message, job.is_live = delivery.body, delivery.is_live
        task = asyncio.ensure_future(self._ended(delivery, job, dead_letter, message))
        self._ending.add(task)
        task.add_done_callback(self._ending.discard)

    async def _ended(self, delivery: Delivery, job: Job, dead_letter: StoredDeadLetter, message: "_Message") -> None:
        """Acknowledge after the job is committed; if that is impossible, after a minimal dead letter is stored."""
        try:
            done = await self._committed(job)
        except Exception as error:  # noqa: BLE001 (after any error, the delivery has to end)
            log.exception("event.not_stored", type=message.type, correlation=message.correlation)
            done = await self._committed(self._storing(dead_letters.minimal_dead_letter(dead_letter, error), message))
        if done:
            delivery.done()

    async def _committed(self, job: Job) -> bool:
        """Commit the job, however busy the writer is. Return False if the service stops: it is delivered again."""
        while True:
            try:
                self._writer.enqueue(job)
                await job.future
            except Busy as error:
                if error.code == "service.stopping":
                    return False
                await asyncio.sleep(_BUSY_SECONDS)
                job = replace(job, future=asyncio.get_running_loop().create_future())
            else:
                return True

    def _from_partner(self, delivery: Delivery) -> bool:
        return self._origin(delivery) == self._topology.partner_exchange

    def _origin(self, delivery: Delivery) -> str:
        """Return the exchange where it was first published; empty if it was put into our queue directly.

        The service resends failed messages directly, with headers of its own. In a message from an exchange, anybody
        may have forged these headers, so they are ignored.
        """
        if delivery.exchange:
            return delivery.exchange
        deaths = delivery.headers.get("x-death") if delivery.queue == self._topology.dead else None
        newest = deaths[0] if isinstance(deaths, list) and deaths else None
        through = newest.get("exchange") if isinstance(newest, dict) else None  # set by RabbitMQ
        if through and through != self._topology.direct:
            return str(through)
        return str(delivery.headers.get(dead_letters.ORIGIN, ""))[:256]

    def _tried(self, delivery: Delivery) -> int:
        """Return the number of earlier attempts."""
        stated = None if delivery.exchange else delivery.headers.get("x-attempt")
        return stated if type(stated) is int and 0 < stated <= len(self._topology.tiers) else 0

    def _first_at(self, delivery: Delivery) -> datetime:
        try:
            return _AWARE.validate_python(None if delivery.exchange else delivery.headers.get("x-first-failed-at"))
        except ValidationError:  # missing, or not ours
            return self._clock.now()


_AWARE = TypeAdapter(Moment)


class _Message(NamedTuple):
    """The known properties of a message of any content."""

    id: str
    """The id under which the inbox stores the event, or a digest if it has none."""
    type: str
    correlation: str
    inbox: str | None


def _named(envelope: Envelope, delivery: Delivery) -> _Message:
    id = inbox_id(envelope, user_of(delivery))
    return _Message(id, envelope.type, envelope.correlationid, id)


def _peek(delivery: Delivery) -> _Message:
    try:
        return _named(decode_envelope(delivery.body), delivery)
    except Malformed:
        return _Message(dead_letters.body_digest(delivery.body), type_of(delivery.body) or "unknown", uuid7(), None)


def user_of(delivery: Delivery) -> str:
    """Return the user who first published it; a resent message, which names no exchange, has it in a header."""
    return delivery.user or ("" if delivery.exchange else str(delivery.headers.get(dead_letters.ORIGIN_USER, ""))[:256])


def inbox_id(envelope: Envelope, user: str) -> str:
    """Return an event's id, or for partners, a hash of user, source, id and content (CloudEvents 1.0, section 3.1)."""
    return partners.sender_of(envelope, user).content if envelope.type.startswith(PARTNER) else envelope.id
