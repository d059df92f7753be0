"""What each account may do at RabbitMQ: regular expressions of names, and of routing keys on topic exchanges. Pure."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from aftersales.common.amqp.topology import Topology
from aftersales.common.events import PARTNER, PRODUCERS

PARTNERS_READER = "intake"
"""The service that receives partners' events."""
NOTHING, ANYTHING = "^$", ".*"


@dataclass(frozen=True, slots=True)
class BrokerGrant:
    """The rights of one RabbitMQ user (RabbitMQ's documentation, "Access Control")."""

    configure: str
    """The names of the queues and exchanges that it may declare and delete."""
    write: str
    """Those that it may publish to, or bind (a queue)."""
    read: str
    """Those that it may consume, or bind to (an exchange)."""
    topics: Mapping[str, tuple[str, str]]
    """For topic exchanges: the routing keys that it may write, and read."""
    limits: Mapping[str, int] = field(default_factory=dict)
    """The most connections and channels."""


def service_topology(service: str, bus: str) -> Topology:
    """Return the names of a service, without those of its retry queues, which depend on its settings."""
    return Topology(bus, service, (), (), partners=service == PARTNERS_READER)


def grant_service(service: str, bus: str) -> BrokerGrant:
    """A service owns what begins with its name, publishes its own types, and reads the events of all."""
    names = service_topology(service, bus)
    own = f"{_literal(names.prefix)}[.].*"
    sources = [names.events, names.journal, *([names.partner_exchange] if names.partners else [])]
    return BrokerGrant(
        configure=f"^{own}$",
        write=_any(own, _literal(names.events)),
        read=_any(own, *map(_literal, sources)),
        topics={names.events: (f"^{_literal(service)}[.]", ANYTHING)},
    )


def grant_partner(partner: str, bus: str) -> BrokerGrant:
    """A partner publishes partners' types, and binds queues of its own to what intake answers (docs/partners.md)."""
    names = service_topology(PARTNERS_READER, bus)
    own = f"{_literal(partner)}[.].*"
    return BrokerGrant(
        configure=f"^{own}$",
        write=_any(own, _literal(names.partner_exchange)),
        read=_any(own, _literal(names.events)),
        topics={
            names.partner_exchange: (f"^{_literal(PARTNER)}", NOTHING),
            names.events: (NOTHING, f"^{PARTNERS_READER}[.]partner_message_"),
        },
        limits={"max-connections": 10, "max-channels": 100},
    )


def shared_bindings() -> Iterator[str]:
    """Yield the keys by which the journal takes the events of all services."""
    yield from (f"{producer}.#" for producer in PRODUCERS)


def _literal(name: str) -> str:
    """Return a regular expression of this name; of the characters of names only the point has another meaning."""
    return name.replace(".", "[.]")


def _any(*patterns: str) -> str:
    return f"^({'|'.join(patterns)})$"
