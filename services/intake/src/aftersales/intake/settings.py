"""Intake's knobs, over those of every service."""

from datetime import timedelta

from aftersales.common.settings import ServiceSettings

from .domain.customer import ClassWeights, CustomerClass
from .domain.request import Policy


class Settings(ServiceSettings):
    http_port: int = 8101
    heartbeat_every: timedelta = timedelta(seconds=15)
    """How often a beat is sent through all four services."""
    importance: dict[CustomerClass, int] = {"A": 3, "B": 2, "C": 1}  # noqa: RUF012 (a field, copied per instance)
    """INT-5: what a customer of each class weighs."""
    priority_from: tuple[int, int, int] = (6, 3, 2)
    """INT-5: the least importance x urgency for priority 1, 2 and 3; below it is 4."""
    class_weights: ClassWeights = ClassWeights()
    """INT-3: what size, spend, importance and loyalty weigh, and from which mean a customer is of class A or B."""

    def policy(self) -> Policy:
        return Policy(importance=self.importance, priority_from=self.priority_from)
