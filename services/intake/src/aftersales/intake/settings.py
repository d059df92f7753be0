"""Intake's knobs, over those of every service."""

from datetime import timedelta

from pydantic import Field

from aftersales.common.settings import ServiceSettings

from .domain.entitlement import Grant


class Settings(ServiceSettings):
    http_port: int = 8101
    heartbeat_every: timedelta = timedelta(seconds=15)
    """How often a beat is sent through all four services."""
    entitlements: dict[str, list[Grant]] = {  # noqa: RUF012 (a field, copied per instance)
        "e-bike": [Grant(kind="running_in", remind_within=timedelta(weeks=3), expires_within=timedelta(days=90))]
    }
    """INT-14: what the purchase of a product of each line brings with it."""
    max_file: int = Field(default=20_000_000, ge=1)
    """Bytes of a customer's photo or file at most (INT-2); not less than `max_body`."""
