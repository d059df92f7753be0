"""What each service takes and keeps, as its own composition root declares."""

from collections.abc import Callable
from functools import cache

from aftersales.common.aggregate import Aggregate
from aftersales.common.heartbeat import HeartbeatState
from aftersales.common.runtime import ServiceMark
from aftersales.common.service import Service
from aftersales.dispatch.main import build_service as dispatch
from aftersales.feedback.main import build_service as feedback
from aftersales.intake.main import build_service as intake
from aftersales.inventory.main import build_service as inventory

_SERVICES: dict[str, Callable[[], Service]] = {
    "intake": intake,
    "dispatch": dispatch,
    "inventory": inventory,
    "feedback": feedback,
}


@cache
def consumed_by(name: str) -> frozenset[str]:
    """Event types that others publish and this service listens to; what partners send comes another way."""
    types = (consumer.kind.TYPE for consumer in _SERVICES[name]().consumers)
    return frozenset(type for type in types if not type.startswith("partner."))


@cache
def clocked_in(name: str) -> tuple[str, ...]:
    """Collections whose documents carry clocks."""
    return tuple(kind.COLLECTION for kind in _SERVICES[name]().clocked)


@cache
def unaudited_in(name: str) -> frozenset[str]:
    """Collections whose changes leave no audit entry."""
    kinds: tuple[type[Aggregate], ...] = (HeartbeatState, ServiceMark, *_SERVICES[name]().indexes)
    return frozenset(kind.COLLECTION for kind in kinds if not kind.AUDITED)
