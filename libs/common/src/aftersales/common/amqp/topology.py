"""Exchanges and queues as data, the same on RabbitMQ 3.10 and 4.x (traps: docs/adr and the tests)."""

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
    """What one service needs. `bus` prefixes all names, so that several systems can share a broker."""

    bus: str
    service: str
    keys: tuple[str, ...]
    """The event types that the service listens to."""
    tiers: tuple[timedelta, ...]
    partners: bool = False
    """Whether the service also takes what partners send in."""

    @property
    def journaled(self) -> tuple[str, ...]:
        """What the keys of events in the journal begin with: whoever publishes here, and nobody else."""
        return tuple(sorted({*PRODUCERS, self.service, *(key.partition(".")[0] for key in self.keys)}))

    @property
    def events(self) -> str:
        """The topic exchange of all events; the routing key is the event's type."""
        return f"{self.bus}.events"

    @property
    def journal(self) -> str:
        """A stream of every event of ours: none is unroutable, and a new reader can start from the past."""
        return f"{self.bus}.journal"

    @property
    def partner_exchange(self) -> str:
        """Where partner systems publish to."""
        return f"{self.bus}.partners"

    @property
    def queue(self) -> str:
        return f"{self._prefix}.events"

    @property
    def dead(self) -> str:
        """Where RabbitMQ moves what it delivered too often without an answer."""
        return f"{self._prefix}.dead"

    def retry(self, tier: int) -> str:
        return f"{self._prefix}.retry.{int(self.tiers[tier].total_seconds() * 1000)}ms"

    @property
    def _prefix(self) -> str:
        return self.service if self.bus == "aftersales" else f"{self.bus}.{self.service}"


def _quorum(**arguments: Any) -> dict[str, Any]:
    return {"x-queue-type": "quorum"} | {name.replace("_", "-"): value for name, value in arguments.items()}


def _dead_lettering_to(queue: str) -> dict[str, Any]:
    """At-least-once dead lettering, which needs `reject-publish`; the default may lose."""
    return {
        "x_dead_letter_exchange": "",
        "x_dead_letter_routing_key": queue,
        "x_dead_letter_strategy": "at-least-once",
        "x_overflow": "reject-publish",
    }


async def declare_topology(channel: AbstractChannel, topology: Topology) -> None:
    """Make what is missing; a difference from what is there raises (406) rather than passing unseen.

    Our own queue comes first, so that one that was seen a moment ago can hardly vanish before it and be made unseen.
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
    await journal.unbind(events, "#")  # of before 0.2: it took what partners publish here by mistake, too
    await channel.declare_queue(topology.dead, durable=True, arguments=_quorum(x_delivery_limit=_NO_LIMIT))
    for tier, wait in enumerate(topology.tiers):
        arguments = _quorum(x_message_ttl=int(wait.total_seconds() * 1000), **_dead_lettering_to(topology.queue))
        await channel.declare_queue(topology.retry(tier), durable=True, arguments=arguments)
    for key in topology.keys:
        await queue.bind(events, key)
    if topology.partners:
        await queue.bind(partners, "#")
        await queue.bind(events, f"{PARTNER}#")  # the wrong exchange, which their receipts tell them


async def queue_exists(connection: AbstractConnection, queue: str) -> bool:
    """Whether there is such a queue (on a channel of its own: RabbitMQ closes it when there is none).

    A queue whose node is down is answered with 404 as well, but exists: that raises.
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
    """Remove everything of these (tests and benches)."""
    for topology in topologies:
        retries = [topology.retry(tier) for tier in range(len(topology.tiers))]
        for queue in (topology.queue, topology.dead, topology.journal, *retries):
            await channel.queue_delete(queue)
        await channel.exchange_delete(topology.events)
        await channel.exchange_delete(topology.partner_exchange)
