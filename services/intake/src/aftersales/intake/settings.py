"""Intake's knobs, over those of every service."""

from datetime import timedelta

from pydantic import Field

from aftersales.common.settings import ServiceSettings

from .domain import meeting
from .domain.customer import ClassWeights
from .domain.entitlement import Grant
from .domain.meeting import Topic


class Settings(ServiceSettings):
    http_port: int = 8101
    heartbeat_every: timedelta = timedelta(seconds=15)
    """How often a beat is sent through all four services."""
    meeting_length: timedelta = timedelta(hours=1)
    """ALL-8: what the agenda of a weekly meeting must fit into."""
    meeting_minutes: dict[Topic, int] = {  # noqa: RUF012 (a field, copied per instance)
        "complaint": 8,
        "reopened": 6,
        "repeated_fault": 6,
        "frequent_fault": 4,
    }
    """ALL-8: what one case of each kind takes there."""
    repeat_window: timedelta = timedelta(days=90)
    """INT-9: how long after a repair the same fault of the same product counts as a repeated one on the agenda."""
    class_weights: ClassWeights = ClassWeights()
    """INT-3: what size, spend, importance and loyalty weigh, and from which mean a customer is of class A or B."""

    duplicate_within: timedelta = timedelta(hours=72)
    """How near to each other two requests with the same fault of the same person or product may be the same one."""

    entitlements: dict[str, list[Grant]] = {  # noqa: RUF012 (a field, copied per instance)
        "e-bike": [Grant(kind="running_in", remind_within=timedelta(weeks=3), expires_within=timedelta(days=90))]
    }
    """INT-14: what the purchase of a product of each line brings with it."""
    max_file: int = Field(default=20_000_000, ge=1)
    """Bytes of a customer's photo or file at most (INT-2); not less than `max_body`."""

    def meeting_policy(self) -> meeting.Policy:
        return meeting.Policy(
            length=self.meeting_length, minutes=self.meeting_minutes, repeat_window=self.repeat_window
        )
