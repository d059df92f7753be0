"""Intake's knobs, over those of every service."""

from datetime import timedelta

from aftersales.common.settings import ServiceSettings


class Settings(ServiceSettings):
    http_port: int = 8101
    heartbeat_every: timedelta = timedelta(seconds=15)
    """How often a beat is sent through all four services."""
    duplicate_within: timedelta = timedelta(hours=72)
    """How near to each other two requests with the same fault of the same person or product may be the same one."""
