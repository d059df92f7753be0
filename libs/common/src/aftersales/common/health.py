"""The state of a service's parts, for the three probes `/livez`, `/readyz` and `/healthz` (ADR 9)."""

import asyncio
from typing import TYPE_CHECKING

from aftersales.common.errors import Unavailable
from aftersales.common.mongo import Mongo

if TYPE_CHECKING:
    from aftersales.common.runtime import Runtime

SERVES_HTTP = frozenset({"running", "prepared", "mongodb"})
"""Parts without which neither a read nor a command can be answered; events need all parts."""

_DATABASE_SECONDS = 2
_DELIVERY_SECONDS = 10
"""How old the oldest unfinished delivery may become: mostly it takes less than a second."""


async def check(runtime: "Runtime") -> dict[str, bool]:
    """Return whether each part works; the keys are the parts' names."""
    return {
        "running": not runtime.failed,
        "prepared": runtime.prepared,
        "mongodb": await answers(runtime.mongo),
        "rabbitmq": runtime.bus.ready,
        "publishing": not runtime.bus.blocked,
        "deliveries": runtime.bus.oldest_delivery < _DELIVERY_SECONDS,
    }


async def answers(mongo: Mongo) -> bool:
    """Whether a primary answers, within less than the 3 s that orchestrators usually grant a probe."""
    try:
        await asyncio.wait_for(mongo.ping(), _DATABASE_SECONDS)
    except (Unavailable, TimeoutError):
        return False
    return True
