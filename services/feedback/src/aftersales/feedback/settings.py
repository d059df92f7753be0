"""Feedback's settings, in addition to those of every service."""

from datetime import timedelta

from pydantic import Field

from aftersales.engine import Port, ServiceSettings

from .followups.domain import Usual
from .surveys.domain import HIGHEST, LOWEST


class Settings(ServiceSettings):
    http_port: Port = 8104
    callback_after: timedelta = timedelta(hours=3)
    """FBK-1: the time from the repair to the call, if the service policy plans no calls."""
    callback_window: timedelta = timedelta(hours=1)
    """FBK-1: the longest delay of that call before the clock `callback` is breached."""
    pass_mark: float = Field(default=3.0, ge=LOWEST, le=HIGHEST)
    """FBK-2: a survey below this mean mark reopens the request, if the service policy has no survey."""

    @property
    def usual(self) -> Usual:
        return Usual(after=self.callback_after, window=self.callback_window)
