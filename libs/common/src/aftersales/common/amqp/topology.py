"""Exchanges and queues as data, the same on RabbitMQ 3.10 and 4.x (pitfalls: docs/adr and the tests)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from aio_pika.abc import AbstractChannel, AbstractConnection, AbstractQueue
from aiormq.exceptions import ChannelAccessRefused, ChannelNotFoundEntity, ChannelPreconditionFailed

from aftersales.common.events import PARTNER, PRODUCERS

JOURNAL: dict[str, Any] = {"x-queue-type": "stream", "x-max-age": "7D", "x-max-length-bytes": 2_000_000_000}
"""The arguments of the journal, which is a stream."""
_NO_LIMIT = 1_000_000


@dataclass(frozen=True, slots=True)
class Topology:
    """The queues and exchanges of one service. `bus` prefixes all names, so that systems can share a broker."""

    bus: str
    service: str
    keys: tuple[str, ...]
    """The event types that the service listens to."""
    tiers: tuple[timedelta, ...]
    partners: bool = False
    """Whether the service also receives messages from partners."""

    @property
    def journaled(self) -> tuple[str, ...]:
        """Names of the producers; the journal takes only events whose keys begin with one of them."""
        return tuple(sorted({*PRODUCERS, self.service, *(key.partition(".")[0] for key in self.keys)}))

    @property
    def events(self) -> str:
        """The topic exchange of all events; the routing key is the event's type."""
        return f"{self.bus}.events"

    @property
    def journal(self) -> str:
        """The stream of all events of the system: every event is routable, and new readers can start in the past."""
        return f"{self.bus}.journal"

    @property
    def partner_exchange(self) -> str:
        """The exchange that partner systems publish to."""
        return f"{self.bus}.partners"

    @property
    def queue(self) -> str:
        return f"{self.prefix}.events"

    @property
    def dead(self) -> str:
        """The queue for messages that RabbitMQ delivered too often without an acknowledgement."""
        return f"{self.prefix}.dead"

    def retry(self, tier: int) -> str:
        return f"{self.prefix}.retry.{int(self.tiers[tier].total_seconds() * 1000)}ms"

    @property
    def direct(self) -> str:
        """The exchange through which the service puts messages into its own queues; the key is the queue's name.

        The default exchange leads to the queues of all services, so none may publish there.
        """
        return f"{self.prefix}.direct"

    @property
    def prefix(self) -> str:
        """What the names of the service's own queues and exchange begin with, before a point."""
        return self.service if self.bus == "aftersales" else f"{self.bus}.{self.service}"


def _quorum(**arguments: Any) -> dict[str, Any]:
    return {"x-queue-type": "quorum"} | {name.replace("_", "-"): value for name, value in arguments.items()}


def _dead_lettering_to(queue: str, exchange: str) -> dict[str, Any]:
    """Return arguments for at-least-once dead lettering (needs `reject-publish`); the default may lose some."""
    return {
        "x_dead_letter_exchange": exchange,
        "x_dead_letter_routing_key": queue,
        "x_dead_letter_strategy": "at-least-once",
        "x_overflow": "reject-publish",
    }


class Declarer:
    """Declares what is missing of a topology, again and again; remembers what the broker refused."""

    def __init__(self, topology: Topology) -> None:
        self._topology = topology
        self._older: set[str] = set()
        """Queues of a version before 0.2, which send dead letters through the default exchange."""
        self._may_share = True
        """Whether the account may declare what all services share; if not, `aftersales-accounts` has declared it."""

    async def declare(self, channel: AbstractChannel) -> None:
        """Declare what is missing. Raises an error (406) if a queue or exchange exists with other arguments.

        The service's own queue comes first, so that it can hardly vanish unnoticed between the last check and here.
        """
        names = self._topology
        queue = await self._queue(channel, names.queue, leads_to=names.dead, x_delivery_limit=20)
        direct = await channel.declare_exchange(names.direct, "direct", durable=True)
        await self._share(channel)
        dead = await self._queue(channel, names.dead, x_delivery_limit=_NO_LIMIT)
        own = [queue, dead]
        for tier, wait in enumerate(names.tiers):
            ttl = int(wait.total_seconds() * 1000)
            own.append(await self._queue(channel, names.retry(tier), leads_to=names.queue, x_message_ttl=ttl))
        for one in own:
            await one.bind(direct, one.name)
        for key in names.keys:
            await queue.bind(names.events, key)
        if names.partners:
            await queue.bind(names.partner_exchange, "#")
            await queue.bind(names.events, f"{PARTNER}#")  # the wrong exchange, which the receipts report

    async def _queue(self, channel: AbstractChannel, name: str, leads_to: str = "", **arguments: Any) -> AbstractQueue:
        """Declare a queue of the service, whose dead letters go to another one."""
        exchange = "" if name in self._older else self._topology.direct
        more = _dead_lettering_to(leads_to, exchange) if leads_to else {}
        try:
            return await channel.declare_queue(name, durable=True, arguments=_quorum(**arguments, **more))
        except ChannelPreconditionFailed as error:
            if not exchange or "x-dead-letter-exchange" not in str(error):
                raise
            self._older.add(name)
            await channel.reopen()
            return await self._queue(channel, name, leads_to, **arguments)

    async def _share(self, channel: AbstractChannel) -> None:
        """Declare what all share. Raises an error (404) if it is missing and the account may not declare it."""
        names = self._topology
        if self._may_share:
            try:
                return await _declare_shared(channel, names)
            except ChannelAccessRefused:
                self._may_share = False
                await channel.reopen()
        for exchange in (names.events, names.partner_exchange):
            await channel.declare_exchange(exchange, passive=True)
        await channel.declare_queue(names.journal, passive=True)
        return None


async def _declare_shared(channel: AbstractChannel, topology: Topology) -> None:
    events = await channel.declare_exchange(topology.events, "topic", durable=True)
    await channel.declare_exchange(topology.partner_exchange, "topic", durable=True)
    journal = await channel.declare_queue(topology.journal, durable=True, arguments=JOURNAL)
    for producer in topology.journaled:
        await journal.bind(events, f"{producer}.#")
    await journal.unbind(events, "#")  # the binding before 0.2, which also took what partners publish here by mistake


async def queue_exists(connection: AbstractConnection, queue: str) -> bool:
    """Return whether a queue exists, on a channel of its own (RabbitMQ closes it if there is none).

    Raises an error if the queue's node is down, which RabbitMQ also answers with 404.
    """
    channel = await connection.channel(publisher_confirms=False)
    try:
        await channel.declare_queue(queue, passive=True)
    except ChannelNotFoundEntity as error:
        if "no queue" in str(error):
            return False
        raise
    await channel.close()
    return True


async def delete_topologies(channel: AbstractChannel, topologies: Sequence[Topology]) -> None:
    """Delete all queues and exchanges (tests and benches)."""
    for topology in topologies:
        retries = [topology.retry(tier) for tier in range(len(topology.tiers))]
        for queue in (topology.queue, topology.dead, topology.journal, *retries):
            await channel.queue_delete(queue)
        for exchange in (topology.direct, topology.events, topology.partner_exchange):
            await channel.exchange_delete(exchange)
