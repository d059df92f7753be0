"""Runs by name: which faults, how many, on how many servers, under how many requests."""

import random
from collections.abc import Sequence
from dataclasses import dataclass

from faults.kinds import ALWAYS, SEVERAL


@dataclass(frozen=True)
class Plan:
    """Each kind once, then again, in another order each time."""

    kinds: Sequence[str]
    rounds: int
    requests: int
    """How many at least."""
    servers: int = 1
    """How many mongods, and as many brokers."""
    replicas: int = 1
    """Of each service."""
    gap: float = 0.3
    """Seconds between two requests on average."""

    def faults(self, seed: int) -> list[str]:
        chance, kinds = random.Random(seed), list(self.kinds)
        planned: list[str] = []
        while len(planned) < self.rounds:
            planned += chance.sample(kinds, len(kinds))
        return planned[: self.rounds]


_OF_ONE_PROCESS = ("kill -9 intake", "SIGTERM dispatch", "kill -9 inventory", "SIGTERM feedback", "SIGSTOP intake")
_OF_ALL = (
    *_OF_ONE_PROCESS,
    "kill -9 all services without RabbitMQ",
    "kill -9 RabbitMQ",
    "restart RabbitMQ",
    "SIGSTOP RabbitMQ",
    "memory alarm",
    "cut before the confirm",
    "cut half a frame",
    "cut all connections",
    "SIGSTOP mongod",
    "step down",
    "twice and shuffled",
    "consumers cancelled",
    "queue deleted",
    "retry queue deleted",
    "poison",
)
PLANS = {
    "short": Plan(tuple(ALWAYS), len(ALWAYS), 600),
    "long": Plan(tuple(ALWAYS), 150, 3600, gap=0.5),
    "cluster": Plan((*SEVERAL, *_OF_ALL), 50, 1000, servers=3, replicas=2, gap=0.6),
    "rabbitmq4": Plan(_OF_ALL, len(_OF_ALL), 300),
}
"""`rabbitmq4` is for another RabbitMQ, named in AFTERSALES_RABBITMQ_SERVER; it is kept apart in the report."""
