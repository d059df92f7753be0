"""Exchanges and queues as data, the same on RabbitMQ 3.10 and 4.x (pitfalls: docs/adr and the tests)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from aio_pika.abc import AbstractChannel, AbstractConnection
from aiormq.exceptions import ChannelNotFoundEntity

from aftersales.common.events import PARTNER, PRODUCERS

_JOURNAL_BYTES = 2_000_000_000
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
        return f"{self._prefix}.events"

    @property
    def dead(self) -> str:
        """The queue for messages that RabbitMQ delivered too often without an acknowledgement."""
        return f"{self._prefix}.dead"

    def retry(self, tier: int) -> str:
        return f"{self._prefix}.retry.{int(self.tiers[tier].total_seconds() * 1000)}ms"

    @property
    def _prefix(self) -> str:
        return self.service if self.bus == "aftersales" else f"{self.bus}.{self.service}"


def _quorum(**arguments: Any) -> dict[str, Any]:
    return {"x-queue-type": "quorum"} | {name.replace("_", "-"): value for name, value in arguments.items()}


def _dead_lettering_to(queue: str) -> dict[str, Any]:
    """Return arguments for at-least-once dead lettering (needs `reject-publish`); the default may lose some."""
    return {
        "x_dead_letter_exchange": "",
        "x_dead_letter_routing_key": queue,
        "x_dead_letter_strategy": "at-least-once",
        "x_overflow": "reject-publish",
    }


async def declare_topology(channel: AbstractChannel, topology: Topology) -> None:
    """Declare what is missing. Raises an error (406) if a queue or exchange exists with other arguments.

    The service's own queue comes first, so that it can hardly vanish unnoticed between the last check and here.
    """
    queue = await channel.declare_queue(
        topology.queue, durable=True, arguments=_quorum(x_delivery_limit=20, **_dead_lettering_to(topology.dead))
    )
    events = await channel.declare_exchange(topology.events, "topic", durable=True)
    partners = await channel.declare_exchange(topology.partner_exchange, "topic", durable=True)
    journal = await channel.declare_queue(
        topology.journal,
        durable=True,
        arguments={"x-queue-type": "stream", "x-max-age": "7D", "x-max-length-bytes": _JOURNAL_BYTES},
    )
    for producer in topology.journaled:
        await journal.bind(events, f"{producer}.#")
    await journal.unbind(events, "#")  # the binding before 0.2, which also took what partners publish here by mistake
    await channel.declare_queue(topology.dead, durable=True, arguments=_quorum(x_delivery_limit=_NO_LIMIT))
    for tier, wait in enumerate(topology.tiers):
        arguments = _quorum(x_message_ttl=int(wait.total_seconds() * 1000), **_dead_lettering_to(topology.queue))
        await channel.declare_queue(topology.retry(tier), durable=True, arguments=arguments)
    for key in topology.keys:
        await queue.bind(events, key)
    if topology.partners:
        await queue.bind(partners, "#")
        await queue.bind(events, f"{PARTNER}#")  # the wrong exchange, which the receipts report


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
        await channel.exchange_delete(topology.events)
        await channel.exchange_delete(topology.partner_exchange)
