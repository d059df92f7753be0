"""Every kind of fault by name: what `--only` takes and the report shows."""

from collections.abc import Awaitable, Callable
from functools import partial

from faults.chaos import Chaos
from faults.kinds import brokers, databases, deliveries, services
from faults.rig import SERVICES

Kind = Callable[[Chaos], Awaitable[None]]


def _each(what: str, do: Callable[[Chaos, str], Awaitable[None]]) -> dict[str, Kind]:
    return {f"{what} {service}": partial(_to, do, service) for service in SERVICES}


def _to(do: Callable[[Chaos, str], Awaitable[None]], service: str, chaos: Chaos) -> Awaitable[None]:
    return do(chaos, service)


ALWAYS: dict[str, Kind] = {
    **_each("kill -9", services.kill),
    **_each("SIGTERM", services.terminate),
    **_each("SIGSTOP", services.freeze),
    "kill -9 all services": services.kill_all,
    "kill -9 all services without RabbitMQ": services.crash_in_an_outage,
    "kill -9 RabbitMQ": brokers.kill,
    "restart RabbitMQ": brokers.restart,
    "SIGSTOP RabbitMQ": brokers.freeze,
    "memory alarm": brokers.raise_memory_alarm,
    "SIGTERM all without RabbitMQ": brokers.end_services_without,
    "cut half a frame": lambda chaos: brokers.cut(chaos, "half"),
    "cut before the confirm": lambda chaos: brokers.cut(chaos, "deaf"),
    "cut all connections": brokers.cut_everything,
    "kill -9 mongod": databases.kill,
    "restart mongod": databases.restart,
    "SIGSTOP mongod": databases.freeze,
    "SIGTERM all without MongoDB": databases.end_services_without,
    "step down": databases.step_down,
    "cut connections without MongoDB": databases.lose_connections_without,
    "twice and shuffled": deliveries.twice_and_shuffled,
    "consumers cancelled": deliveries.cancel_consumers,
    "queue deleted": deliveries.delete_queue,
    "retry queue deleted": deliveries.delete_retry_queue,
    "poison": deliveries.send_poison,
    "failing timers": deliveries.fail_timers,
}
"""What can be done to one server of each kind and to several."""
SEVERAL: dict[str, Kind] = {
    "kill -9 one broker": brokers.kill_one,
    "SIGSTOP one broker": brokers.freeze_one,
    "kill -9 two of three brokers": brokers.lose_quorum,
    "kill -9 the primary": databases.kill_primary,
    "SIGSTOP the primary": databases.freeze_primary,
    "kill -9 two of three mongods": databases.lose_majority,
    "kill -9 one replica of each": services.kill_one_of_each,
    "SIGSTOP one replica of each": services.freeze_one_of_each,
}
"""What takes three brokers, three mongods and two replicas of each service."""
KINDS = ALWAYS | SEVERAL

__all__ = ["ALWAYS", "KINDS", "SEVERAL", "Kind"]
