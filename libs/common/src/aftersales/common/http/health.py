"""The state of a service's parts, for the three probes `/livez`, `/readyz` and `/healthz` (ADR 9)."""

from aftersales.common.runtime import Runtime

SERVES_HTTP = frozenset({"running", "prepared", "mongodb"})
"""Parts without which no read or command can be answered; events need all parts."""

_DELIVERY_SECONDS = 10
"""Maximum age of the oldest unfinished delivery; most take less than a second."""


async def check_parts(runtime: Runtime) -> dict[str, bool]:
    """Return whether each part works; the keys are the parts' names."""
    return {
        "running": not runtime.failed,
        "prepared": runtime.prepared,
        "mongodb": await runtime.mongo.answers(),
        "rabbitmq": runtime.bus.ready,
        "publishing": not runtime.bus.blocked,
        "deliveries": runtime.bus.oldest_delivery < _DELIVERY_SECONDS,
        "live": runtime.live.up,
    }
