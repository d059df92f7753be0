"""Every event of the house: who publishes it, and who listens. Read from what the services declare."""

from collections.abc import Iterable
from dataclasses import dataclass

from aftersales.common.amqp import Topology
from aftersales.common.events import Event
from aftersales.common.events.partner import PRODUCES as PARTNERS_PRODUCE
from aftersales.common.service import Service
from aftersales.common.settings import ServiceSettings
from aftersales.dispatch.main import build_service as dispatch
from aftersales.dispatch.settings import Settings as DispatchSettings
from aftersales.feedback.main import build_service as feedback
from aftersales.feedback.settings import Settings as FeedbackSettings
from aftersales.intake.main import build_service as intake
from aftersales.intake.settings import Settings as IntakeSettings
from aftersales.inventory.main import build_service as inventory
from aftersales.inventory.settings import Settings as InventorySettings

PARTNERS = "partners"
"""The producer of what comes from outside."""
SETTINGS: dict[str, type[ServiceSettings]] = {
    "intake": IntakeSettings,
    "dispatch": DispatchSettings,
    "inventory": InventorySettings,
    "feedback": FeedbackSettings,
}


@dataclass(frozen=True)
class Contract:
    """One event type between its producer and its consumers."""

    kind: type[Event]
    producer: str
    consumers: tuple[str, ...]

    @property
    def type(self) -> str:
        return self.kind.TYPE


def services() -> tuple[Service, ...]:
    """The four, with the settings they have here; events do not depend on them."""
    return intake(), dispatch(), inventory(), feedback()


def catalogue(of: Iterable[Service]) -> tuple[Contract, ...]:
    """All events, in the order in which their producers declare them. Raises `LookupError` for a loose end."""
    declared = tuple(of)
    listeners: dict[str, list[str]] = {}
    for service in declared:
        for consumer in service.consumers:
            listeners.setdefault(consumer.kind.TYPE, []).append(service.name)
    produced = [(kind, service.name) for service in declared for kind in service.produces]
    produced += [(kind, PARTNERS) for kind in PARTNERS_PRODUCE]
    if missing := sorted(set(listeners) - {kind.TYPE for kind, _ in produced}):
        raise LookupError(
            f"nobody publishes {', '.join(missing)}, but {listeners[missing[0]][0]} listens: "
            "add the event to its producer's PRODUCES, or take the row out of consumers.py"
        )
    return tuple(Contract(kind, who, tuple(listeners.get(kind.TYPE, ()))) for kind, who in produced)


def topology(service: str) -> Topology:
    """The names of exchanges and queues under the default bus."""
    bus: str = ServiceSettings.model_fields["bus"].default
    return Topology(bus=bus, service=service, keys=(), tiers=())
