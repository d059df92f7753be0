"""Event contracts: the envelope (CloudEvents 1.0) and the registry of types. Pure: no I/O, no clock."""

from datetime import datetime, timedelta
from typing import Annotated, Any, ClassVar, Literal
from uuid import NAMESPACE_URL, uuid5

from pydantic import (
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    ValidationError,
)
from pydantic_core import PydanticKnownError, from_json, to_json

from aftersales.policy.sla.model import Seconds
from aftersales.values.errors import Malformed

PRODUCERS = ("intake", "dispatch", "inventory", "feedback")
"""Our services, which publish events; the event types of each begin with its name."""
PARTNER = "partner."
"""The first part of the types of partners' events."""


def _rfc3339(given: Any) -> Any:
    """Refuse a number, which Pydantic would read as seconds since 1970."""
    if isinstance(given, datetime) or (isinstance(given, str) and given[4:5] == "-"):
        return given
    raise PydanticKnownError("datetime_type")


AttributeText = Annotated[str, StringConstraints(min_length=1, max_length=256)]
Instant = Annotated[AwareDatetime, BeforeValidator(_rfc3339)]
"""A point in time in the notation of RFC 3339, with its offset from UTC."""


_JSON_TYPE = (
    r'^application/([A-Za-z0-9.+-]+\+)?[Jj][Ss][Oo][Nn]( *; *[Cc][Hh][Aa][Rr][Ss][Ee][Tt]="?[Uu][Tt][Ff]-8"?)?$'
)
"""The media types of JSON in UTF-8."""


class Event(BaseModel):
    """A fact that other services may act on.

    The wire name is a constant, never the class's name. Unknown fields are ignored on arrival, so a producer may add
    optional ones within a version (any other change needs a new version).
    """

    model_config = ConfigDict(frozen=True, extra="ignore")
    TYPE: ClassVar[str]

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if "TYPE" in cls.__dict__:
            if cls.TYPE in REGISTRY:
                raise TypeError(f"two events are named {cls.TYPE}")
            REGISTRY[cls.TYPE] = cls


REGISTRY: dict[str, type[Event]] = {}
"""Every event type by its wire name."""


class Part(BaseModel):
    """A value inside an event. Like events, it ignores unknown fields."""

    model_config = ConfigDict(frozen=True, extra="ignore")


class Envelope(BaseModel):
    """A CloudEvents 1.0 event in structured JSON mode, with our extension attributes."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    specversion: Literal["1.0"]
    id: AttributeText
    """Unique for its source. An event with the same id is the same event."""
    source: AttributeText
    """The publisher: `/aftersales/<service>`, or the partner's own name."""
    type: AttributeText
    subject: AttributeText
    """The document that the event is about."""
    time: Instant
    """The time of its commit, with the offset from UTC."""
    datacontenttype: Literal["application/json"] = "application/json"
    correlationid: AttributeText
    """The same id for all events of a customer contact, up to the KPI."""
    causationid: str = ""
    """The id of the event, or the correlation id of the call, that caused this event."""
    sequence: int = Field(default=0, ge=0, strict=True)
    """The version of the aggregate named by `subject`."""
    branch: str = ""
    """The branch of the document named by `subject`."""
    traceparent: str | None = None
    """W3C Trace Context of the call that caused the first event."""
    data: dict[str, Any]

    def event(self) -> Event:
        """Return the event inside. Raises `Malformed` if its type is unknown or its data does not fit."""
        kind = REGISTRY.get(self.type)
        if kind is None:
            raise Malformed("event.unknown_type", type=self.type[:100])
        try:
            return kind.model_validate(self.data)
        except ValidationError as error:
            raise Malformed("event.data_malformed", type=self.type, errors=describe_errors(error)) from error


class PartnerEnvelope(BaseModel):
    """A CloudEvents 1.0 event from a partner. Attributes that are not named here are allowed and ignored."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    specversion: Literal["1.0"]
    id: AttributeText
    """Unique for its source. An event with the same id is the same event."""
    source: AttributeText
    """The partner's system; the partner's RabbitMQ user must be allowed to name it (docs/partners.md)."""
    type: AttributeText
    subject: AttributeText | None = None
    """The partner's own reference, such as an order number; it is stored on the service request."""
    time: Instant
    """The time when it happened, with the offset from UTC."""
    datacontenttype: Annotated[str, StringConstraints(pattern=_JSON_TYPE)] = "application/json"
    correlationid: AttributeText | None = None
    """The same id for all events of a customer contact, up to the KPI; if missing, derived from `source` and `id`."""
    traceparent: str | None = None
    """W3C Trace Context of the call that caused the first event."""
    data: dict[str, Any]

    def envelope(self) -> Envelope:
        """Return the same event with the attributes that ours always have."""
        made = self.correlationid or str(uuid5(NAMESPACE_URL, to_json([self.source, self.id]).decode()))
        known = self.model_dump(include={"specversion", "id", "source", "type", "time", "traceparent", "data"})
        return Envelope.model_construct(**known, subject=self.subject or self.id, correlationid=made)


def decode_envelope(body: bytes) -> Envelope:
    """Return the envelope of a message. Raises `Malformed`."""
    try:
        return Envelope.model_validate_json(body)
    except ValidationError as error:
        if not type_of(body).startswith(PARTNER):
            raise Malformed("event.malformed", errors=describe_errors(error)) from error
    try:
        return PartnerEnvelope.model_validate_json(body).envelope()
    except ValidationError as error:
        raise Malformed("event.malformed", errors=describe_errors(error)) from error


def type_of(body: bytes) -> str:
    """Return the `type` that a message states, even if the rest is malformed; empty if it states none."""
    try:
        stated = from_json(body)
    except ValueError:
        return ""
    kind = stated.get("type") if isinstance(stated, dict) else None
    return kind if isinstance(kind, str) and len(kind) <= 256 else ""


def describe_errors(error: ValidationError) -> list[dict[str, str]]:
    """Return the wrong fields with their reasons, without their (perhaps personal) values."""
    details = error.errors(include_input=False, include_context=False, include_url=False)
    return [{"field": ".".join(map(str, d["loc"])), "problem": d["msg"]} for d in details[:20]]


class Heartbeat(Event):
    """A heartbeat that travels through all four services in turn and so detects a blocked path."""

    started_at: datetime


class DueChanged(Event):
    """The stage of a document that is due next, or its deadline, changed (ALL-3)."""

    subject: str
    """The number of the document that carries the clocks."""
    request: str
    branch: str
    revision: int
    """The version of the document; of two events about it, the higher one holds."""
    stage: str | None = None
    """The stage that is due next; null: nothing is due any more."""
    due_at: datetime | None = None
    """Its deadline; null while its clock is paused."""
    at_risk_at: datetime | None = None
    """The time from which it is at risk."""


class SlaMark(Event):
    """A stage's clock passed a mark (ALL-3)."""

    subject: str
    """The number of the document that carries the clock."""
    request: str
    branch: str
    stage: str
    deadline: datetime
    at: datetime
    mark: str = ""
    """The mark: a share of the target such as `80%`, `breach`, or the role of the ladder's level."""
    owner: str = ""
    """The owner of the promise."""
    mover: str = ""
    """Whose move it is, a person or a role; empty means the owner's."""
    target: Seconds = timedelta()
    """The length of the promise, which decides how soon people are told; 0 in older events."""


class ErasedCollection(Part):
    """What an erasure removed from one collection (ALL-6)."""

    collection: str
    documents: int
    """The number of documents that had personal data of the customer."""
    fields: int
    """The number of fields that were emptied; of documents that were deleted, all in one."""


class PersonalDataErased(Event):
    """A service has erased a customer's personal data, or had none (ALL-6)."""

    customer: str
    branch: str
    collections: tuple[ErasedCollection, ...]
    """What it erased; empty if it had nothing."""
    at: datetime
