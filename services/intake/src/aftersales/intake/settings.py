"""Intake's knobs, over those of every service."""

from datetime import timedelta

from pydantic import Field

from aftersales.common.settings import ServiceSettings
from aftersales.common.values import Code

from .domain.customer import CustomerClass
from .domain.request import Policy


class Settings(ServiceSettings):
    http_port: int = 8101
    heartbeat_every: timedelta = timedelta(seconds=15)
    """How often a beat is sent through all four services."""
    importance: dict[CustomerClass, int] = {"A": 3, "B": 2, "C": 1}  # noqa: RUF012 (a field, copied per instance)
    """INT-5: what a customer of each class weighs."""
    priority_from: tuple[int, int, int] = (6, 3, 2)
    """INT-5: the least importance x urgency for priority 1, 2 and 3; below it is 4."""

    export_most: int = Field(default=100_000, ge=1)
    """Requests in one exported file."""
    public_lookups: int = Field(default=30, ge=1)
    """INT-11: how often a minute one address may look up requests without a login."""
    public_tries: int = Field(default=10, ge=1)
    """INT-11: how often an hour one request may be looked up, so that nobody guesses its phone."""
    public_complaints: int = Field(default=5, ge=1)
    """INT-11: complaints an hour from one address."""
    complaint_phone: str = ""
    """INT-11: headquarters' complaint phone (投诉电话), as the public page shows it."""
    complaint_phones: dict[Code, str] = {}  # noqa: RUF012 (a field, copied per instance)
    """INT-11: the complaint phones of branches, by their codes."""
    price_list: str = Field(default="", pattern=r"^(https?://.*|/.*)?$")
    """INT-11: where inventory's price list (INV-15) is shown to everybody."""

    def policy(self) -> Policy:
        return Policy(importance=self.importance, priority_from=self.priority_from)
