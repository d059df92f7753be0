"""Time in: callbacks that are due, and their clocks."""

from aftersales.common.timers import Timer, wakes

from . import handlers
from .domain.followup import FollowUp
from .settings import Settings


def timers(settings: Settings) -> tuple[Timer, ...]:  # noqa: ARG001 (every service's table has this shape)
    return (wakes(FollowUp, handlers.wake_followup),)
