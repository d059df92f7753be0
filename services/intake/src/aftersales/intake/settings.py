"""Intake's settings, in addition to those of every service."""

from datetime import timedelta
from typing import Annotated, Literal

from pydantic import Field, SecretStr, StringConstraints

from aftersales.engine import Port, ServiceSettings
from aftersales.values import Code

from .archive.domain.standing import ClassWeights
from .office.domain import meeting
from .office.domain.meeting import Topic
from .requests.domain.link import RequestLinks

PartnerUser = Annotated[str, StringConstraints(max_length=255)]
PartnerSource = Annotated[str, StringConstraints(min_length=1, max_length=256)]


class Settings(ServiceSettings):
    http_port: Port = 8101
    heartbeat_every: timedelta = timedelta(seconds=15)
    """The interval between heartbeats through all four services."""
    meeting_length: timedelta = timedelta(hours=1)
    """ALL-8: the length of a weekly meeting, into which its agenda must fit, if the service policy sets none."""
    meeting_minutes: dict[Topic, int] = {  # noqa: RUF012 (a field, copied per instance)
        "complaint": 8,
        "reopened": 6,
        "repeated_fault": 6,
        "frequent_fault": 4,
    }
    """ALL-8: the minutes for one case of each kind in that meeting."""
    class_weights: ClassWeights = ClassWeights()
    """INT-3: the weights of size, spend, importance and loyalty, and the lowest means of the classes A and B."""
    confirm_every: timedelta = timedelta(days=365)
    """INT-16: the interval after which a customer's data must be confirmed again."""

    partners: dict[PartnerUser, tuple[PartnerSource, ...]] = {}  # noqa: RUF012 (a field, copied per instance)
    """INT-12: RabbitMQ users of partners, each with the sources that its events may name; `*` at the end matches
    anything. The user of `AFTERSALES_AMQP_URL` may name any source. Any user may name the sources of the empty name
    (docs/partners.md)."""

    duplicate_within: timedelta = timedelta(hours=72)
    """The longest time between two possible duplicates: requests with the same fault of the same person or product."""

    max_file: int = Field(default=20_000_000, ge=1)
    """INT-2: the largest photo or file of a customer in bytes; not less than `max_body`."""
    export_most: int = Field(default=100_000, ge=1)
    """The largest number of requests in one exported file."""
    public_lookups: int = Field(default=30, ge=1)
    """INT-11: look-ups of requests without a login a minute, from one address; as many of prices."""
    public_tries: int = Field(default=10, ge=1)
    """INT-11: wrong tries an hour with a short part of the phone, for one request and from one address. After that the
    whole phone is required, with ten times as many wrong tries from one address."""
    public_complaints: int = Field(default=5, ge=1)
    """INT-11: complaints an hour from one address."""
    service_phone: str = ""
    """INT-11: the phone for all questions about service, shown at the top of the public page, unless the identity has
    one (`PUT /identity`)."""
    complaint_phone: str = ""
    """INT-11: headquarters' complaint phone (投诉电话), shown on the public page."""
    complaint_phones: dict[Code, str] = {}  # noqa: RUF012 (a field, copied per instance)
    """INT-11: the complaint phones of branches, by branch code."""
    public_url: str = Field(default="", pattern=r"^(https?://\S+)?$")
    """INT-17: the address of the public page, such as `https://service.example/public/`, for the QR code on request
    forms; empty: no code."""
    price_list: str = Field(default="", pattern=r"^(https?://.*|/.*)?$")
    """INT-11: the address of another price list; the public page shows our own and links to it."""

    gateways: dict[Literal["email", "message"], Literal["file", "webhook", "smtp"]] = {}  # noqa: RUF012 (a field, copied per instance)
    """INT-1: the gateway of each channel to customers; the desk uses all other channels. `message` is SMS or WeChat."""
    message_file: str = "messages.jsonl"
    """The file to which the gateway `file` appends each message as a line of JSON, for development and the demo."""
    webhook_url: str = Field(default="", pattern=r"^(https?://.*)?$")
    """The address to which the gateway `webhook` posts each message as JSON (docs/notices.md)."""
    webhook_secret: SecretStr = SecretStr("")
    """The key of the signature in `X-Aftersales-Signature`."""
    smtp_url: SecretStr = SecretStr("")
    """The mail server of the gateway `smtp`: `smtp://user:password@host:587` (with STARTTLS if offered), or `smtps://`."""
    mail_from: str = ""
    """The sender's address of e-mails."""
    gateway_timeout: timedelta = timedelta(seconds=10)
    """The longest time for handing one message to a gateway."""

    @property
    def request_links(self) -> RequestLinks:
        return RequestLinks(self.link_signer, self.public_url)

    def meeting_policy(self, lasts: timedelta | None = None) -> meeting.MeetingPolicy:
        """Return the length of a meeting, that of the service policy if it has one, and of its items."""
        return meeting.MeetingPolicy(length=lasts or self.meeting_length, minutes=self.meeting_minutes)
