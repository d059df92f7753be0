"""Intake's knobs, over those of every service."""

from datetime import timedelta
from typing import Annotated

from pydantic import Field, StringConstraints

from aftersales.engine import Port, ServiceSettings
from aftersales.values import Code

from .archive.domain.customer import ClassWeights
from .office.domain import meeting
from .office.domain.meeting import Topic

PartnerUser = Annotated[str, StringConstraints(max_length=255)]
PartnerSource = Annotated[str, StringConstraints(min_length=1, max_length=256)]


class Settings(ServiceSettings):
    http_port: Port = 8101
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
    class_weights: ClassWeights = ClassWeights()
    """INT-3: what size, spend, importance and loyalty weigh, and from which mean a customer is of class A or B."""

    partners: dict[PartnerUser, tuple[PartnerSource, ...]] = {}  # noqa: RUF012 (a field, copied per instance)
    """INT-12: RabbitMQ users of partners, each with the sources that its events may name; one that ends in `*` stands
    for all that begin so. The user of `AFTERSALES_AMQP_URL` may name any, and those of the empty name anybody may name
    (docs/partners.md)."""

    duplicate_within: timedelta = timedelta(hours=72)
    """How near to each other two requests with the same fault of the same person or product may be the same one."""

    max_file: int = Field(default=20_000_000, ge=1)
    """Bytes of a customer's photo or file at most (INT-2); not less than `max_body`."""
    export_most: int = Field(default=100_000, ge=1)
    """Requests in one exported file."""
    public_lookups: int = Field(default=30, ge=1)
    """INT-11: how often a minute one address may look up requests without a login."""
    public_tries: int = Field(default=10, ge=1)
    """INT-11: wrong tries an hour with a short part of the phone, for one request and from one address. Then the whole
    phone is asked for, of which ten times as many wrong ones are taken from one address."""
    public_complaints: int = Field(default=5, ge=1)
    """INT-11: complaints an hour from one address."""
    complaint_phone: str = ""
    """INT-11: headquarters' complaint phone (投诉电话), as the public page shows it."""
    complaint_phones: dict[Code, str] = {}  # noqa: RUF012 (a field, copied per instance)
    """INT-11: the complaint phones of branches, by their codes."""
    price_list: str = Field(default="", pattern=r"^(https?://.*|/.*)?$")
    """INT-11: where inventory's price list (INV-15) is shown to everybody."""

    def meeting_policy(self) -> meeting.Policy:
        return meeting.Policy(length=self.meeting_length, minutes=self.meeting_minutes)
