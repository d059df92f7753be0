"""Events in: a delivery becomes a piece of work; what fails is retried later or parked, never lost."""

import asyncio
import hashlib
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

from pydantic import TypeAdapter, ValidationError

from aftersales.common import parking
from aftersales.common.aggregate import Aggregate
from aftersales.common.amqp import Delivery, Topology
from aftersales.common.clock import Clock
from aftersales.common.errors import Busy, DomainError, Malformed, NotYet
from aftersales.common.events import Envelope, Event, decode
from aftersales.common.relay import Outgoing, Publishes
from aftersales.common.telemetry import Metrics, log
from aftersales.common.values import Moment, uuid7
from aftersales.common.work import DUPLICATE, Piece, Work, Writer
from aftersales.common.work.piece import Needs

E = TypeVar("E", bound=Event)
Refused = Callable[[Work, parking.ParkedMessage], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Consumer:
    """What a service does with one type of event."""

    kind: type[Event]
    handle: Callable[[Work, Any], Awaitable[Any]]
    needs: Callable[[Any], Needs]
    receipt: type[Aggregate] | None = None
    """A kind of document that has the id under which the event is remembered (`work.message`): loaded along."""


def on(
    kind: type[E],
    handle: Callable[[Work, E], Awaitable[Any]],
    needs: Callable[[E], Needs] = lambda _event: (),
    receipt: type[Aggregate] | None = None,
) -> Consumer:
    """A row of a service's table of events in; `needs` names documents to load with those of the whole group."""
    return Consumer(kind, handle, needs, receipt)


class Inbound:
    """Classes every failure: refused or malformed -> parked; too early, or a bug -> retry tiers, then parked."""

    def __init__(self, consumers: Sequence[Consumer], topology: Topology, writer: Writer, **tools: Any) -> None:
        self._consumers = {consumer.kind.TYPE: consumer for consumer in consumers}
        self._topology, self._writer = topology, writer
        self._clock: Clock = tools["clock"]
        self._metrics: Metrics = tools["metrics"]
        self._publisher: Publishes = tools["publisher"]
        self._refused: Refused | None = tools.get("refused")
        self._retrying: set[asyncio.Task[None]] = set()
        self._counters: dict[tuple[str, str], Any] = {}

    def take(self, delivery: Delivery) -> None:
        """Start the work; the delivery is acknowledged when its effect is committed."""
        if delivery.queue == self._topology.dead:
            return self._later(self._park(delivery, "delivery_limit", {}, _peek(delivery.body)))
        try:
            envelope = decode(delivery.body)
            if delivery.exchange == self._topology.partner_exchange and not envelope.type.startswith("partner."):
                raise Malformed("event.not_for_partners", type=envelope.type[:100])  # noqa: TRY301 (parked right below)
            consumer = self._consumers.get(envelope.type)
            if consumer is None and envelope.type.startswith("partner."):
                raise Malformed("event.unknown_type", type=envelope.type[:100])  # noqa: TRY301 (parked right below)
            if consumer is None:  # a binding of an older version of this service
                self._count(envelope.type, "ignored")
                return delivery.done()
            piece = self._piece(envelope, consumer)
        except Malformed as error:
            return self._later(self._refuse(delivery, error, _peek(delivery.body)))
        with suppress(Busy):  # stopping: unacknowledged, it comes back after the restart
            self._writer.enqueue(piece)
            piece.future.add_done_callback(lambda future: self._settled(delivery, envelope, future))
        return None

    def _piece(self, envelope: Envelope, consumer: Consumer) -> Piece:
        event = envelope.event()

        def run(work: Work) -> Awaitable[Any]:
            return consumer.handle(work, event)

        return Piece(
            run,
            why=envelope.type,
            actor=envelope.source,
            correlation=envelope.correlationid,
            causation=envelope.id,
            traceparent=envelope.traceparent,
            inbox=inbox_id(envelope),
            needs=(*consumer.needs(event), *(((consumer.receipt, inbox_id(envelope)),) if consumer.receipt else ())),
        )

    def _settled(self, delivery: Delivery, envelope: Envelope, future: "asyncio.Future[Any]") -> None:
        if future.cancelled():
            return
        error = future.exception()
        if error is None:
            again = future.result() is DUPLICATE
            self._count(envelope.type, "duplicate" if again else "handled")
            if not again:  # what comes again, perhaps from the journal, has no effect whose time could be taken
                late = (self._clock.now() - envelope.time).total_seconds()
                self._metrics.critical_time.labels(envelope.type).observe(max(0.0, late))
            delivery.done()
        elif isinstance(error, DomainError) and not isinstance(error, NotYet | Busy):
            self._later(self._refuse(delivery, error, (inbox_id(envelope), envelope.type)))
        else:
            self._later(self._retry(delivery, envelope, error))

    def _count(self, kind: str, result: str) -> None:
        key = (kind if kind in self._consumers else "other", result)
        if key not in self._counters:  # looking a labelled counter up costs more than counting
            self._counters[key] = self._metrics.events.labels(*key)
        self._counters[key].inc()

    def _later(self, doing: Any) -> None:
        task = asyncio.ensure_future(doing)
        self._retrying.add(task)
        task.add_done_callback(self._retrying.discard)

    async def _retry(self, delivery: Delivery, envelope: Envelope, error: BaseException) -> None:
        """Move it to the next tier: publish there, confirmed, then acknowledge here (the inbox absorbs a double)."""
        tried = _tried(delivery)
        code = error.code if isinstance(error, DomainError) else type(error).__name__
        params = error.params if isinstance(error, DomainError) else {"error": str(error)[:500]}
        if tried >= len(self._topology.tiers):
            return await self._park(delivery, code, params, (inbox_id(envelope), envelope.type))
        self._count(envelope.type, "retried")
        log.info("event.retried", type=envelope.type, event_id=envelope.id, reason=code, attempt=tried + 1)
        headers = {"x-attempt": tried + 1, "x-error": code, "x-first-failed-at": self._first_at(delivery).isoformat()}
        # only our own headers go along: an old x-death makes RabbitMQ 3.10 drop the message
        message = Outgoing(uuid7(), "", self._topology.retry(tried), delivery.body, headers)
        while message.id not in (await self._publisher.publish([message])).confirmed:
            await asyncio.sleep(0.5)
        delivery.done()
        return None

    async def _refuse(self, delivery: Delivery, error: DomainError, event: tuple[str, str]) -> None:
        """Park what does not fit or what a rule refused; a partner is to hear of it (INT-12)."""
        partner = delivery.exchange == self._topology.partner_exchange or event[1].startswith("partner.")
        await self._park(delivery, error.code, error.params, event, self._refused if partner else None)

    async def _park(
        self, delivery: Delivery, reason: str, params: Any, event: tuple[str, str], tell: Refused | None = None
    ) -> None:
        self._count(event[1], "parked")
        log.warning("event.parked", type=event[1], event_id=event[0], reason=reason)
        message = parking.ParkedMessage(
            id=parking.parked_id(event[0]),
            queue=self._topology.queue,
            event_id=event[0],
            event_type=event[1],
            reason=reason,
            params=params,
            attempts=_tried(delivery) + 1,
            first_at=self._first_at(delivery),
            last_at=self._clock.now(),
            body=delivery.body,
        )

        async def park(work: Work) -> None:
            await parking.park(work, message)
            if tell:
                await tell(work, message)

        piece = Piece(park, "park", self._topology.service, correlation=uuid7())
        self._writer.enqueue(piece)
        await piece.future
        delivery.done()

    def _first_at(self, delivery: Delivery) -> datetime:
        try:
            return _AWARE.validate_python(delivery.headers.get("x-first-failed-at"))
        except ValidationError:  # not there, or not ours
            return self._clock.now()


_AWARE = TypeAdapter(Moment)


def _tried(delivery: Delivery) -> int:
    """How often it was tried before; a header that a partner made up counts for nothing."""
    stated = delivery.headers.get("x-attempt")
    return stated if isinstance(stated, int) and stated > 0 else 0


def inbox_id(envelope: Envelope) -> str:
    """Ours are unique by id; a partner's by source and id (CloudEvents 1.0, section 3.1)."""
    return f"{envelope.source}|{envelope.id}" if envelope.type.startswith("partner.") else envelope.id


def _peek(body: bytes) -> tuple[str, str]:
    """The id and type of a message that may be anything; a digest where it has no id."""
    try:
        envelope = Envelope.model_validate_json(body)
    except ValidationError:
        return hashlib.sha256(body).hexdigest(), "unknown"
    return inbox_id(envelope), envelope.type
