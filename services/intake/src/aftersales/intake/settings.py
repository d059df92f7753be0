"""Intake's knobs, over those of every service."""

from datetime import timedelta

from aftersales.common.settings import ServiceSettings

from .domain import meeting
from .domain.customer import CustomerClass
from .domain.meeting import Topic
from .domain.request import Policy


class Settings(ServiceSettings):
    http_port: int = 8101
    heartbeat_every: timedelta = timedelta(seconds=15)
    """How often a beat is sent through all four services."""
    importance: dict[CustomerClass, int] = {"A": 3, "B": 2, "C": 1}  # noqa: RUF012 (a field, copied per instance)
    """INT-5: what a customer of each class weighs."""
    priority_from: tuple[int, int, int] = (6, 3, 2)
    """INT-5: the least importance x urgency for priority 1, 2 and 3; below it is 4."""
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

    def meeting_policy(self) -> meeting.Policy:
        return meeting.Policy(
            length=self.meeting_length, minutes=self.meeting_minutes, repeat_window=self.repeat_window
        )

    def policy(self) -> Policy:
        return Policy(importance=self.importance, priority_from=self.priority_from)
