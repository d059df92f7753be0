"""Letters and documents that no other record has, and one view of all correspondence (INT-16). Pure."""

from datetime import UTC, datetime
from typing import Annotated, ClassVar, Literal, NamedTuple
from zoneinfo import ZoneInfo

from pydantic import Field, StringConstraints

from aftersales.common.aggregate import Aggregate
from aftersales.common.fields import shared_fields
from aftersales.common.terms import Term
from aftersales.intake.archive.domain.contact import CustomerId
from aftersales.intake.vocabulary import Channel, RequestNumber
from aftersales.values import Code, ForgivingForm, Line, Moment, Serial, Value, Words
from aftersales.values.errors import DomainError
from aftersales.values.personal import HIDDEN_TEXT, MASKED_NAME

Direction = Literal["in", "out"]
"""`in`: somebody wrote to us; `out`: we wrote to somebody."""
EntrySource = Literal["record", "request", "contact", "reply", "message"]
"""Where the entry is stored: a record of its own, a request, a further contact, a reply, or a message."""
WRITTEN: tuple[Channel, ...] = ("letter", "email", "web", "message", "chat", "social", "suggestion_box")
"""The channels on which people write."""
EnclosureId = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$")]


class CorrespondenceForm(ForgivingForm):
    """A letter, e-mail or document for the archive, which is no contact about a request."""

    direction: Direction
    """`in`: it came to us; `out`: we sent it."""
    channel: Channel
    """The way it came or went."""
    subject: Line
    """The subject, in one line."""
    at: Moment | None = None
    """The time at which it came or was sent; the default is now."""
    text: Words = ""
    """The text, or a summary of it."""
    reference: Line | None = None
    """The number that the sender gave it."""
    customer: CustomerId | None = None
    """The customer who wrote or was written to; the default is that of the request."""
    branch: Code | None = None
    """The branch that it is filed at; the default is that of the request or the customer."""
    request: RequestNumber | None = None
    """The request that it is about."""
    serial: Serial | None = None
    """The product that it is about."""
    line: Term | None = None
    """The product line that it is about, in any word of the catalogue; the default is that of product or request."""
    files: Annotated[tuple[EnclosureId, ...], Field(max_length=20)] = ()
    """The ids of scans and attachments among the files of the customer."""


class CorrespondenceTopic(NamedTuple):
    """What a letter is about, as the archive knows it."""

    branch: str
    customer: str | None
    serial: str
    line: str


class Correspondence(Aggregate):
    """A letter, e-mail or document of which there is no other record; its id is its number (`CO-…`)."""

    COLLECTION: ClassVar[str] = "correspondence"

    direction: Direction
    channel: Channel
    subject: Annotated[str, HIDDEN_TEXT]
    at: datetime
    text: Annotated[str, HIDDEN_TEXT] = ""
    reference: str | None = None
    customer: str | None = None
    request: str | None = None
    serial: str = ""
    line: str = ""
    """The code of the product line; empty if it is about none."""
    files: tuple[str, ...] = ()
    recorded_at: datetime
    recorded_by: str


class FileShown(Value):
    id: str
    """The id, for `GET /files/{id}`."""
    name: str


class CorrespondenceEntry(Value):
    """One letter, e-mail, message or document, wherever it is stored."""

    source: EntrySource
    """The kind of document that has it."""
    id: str
    """The number or id of that document."""
    at: datetime
    local: str
    """The same in the branch's local time."""
    direction: Direction
    channel: Channel
    channel_words: str
    branch: str
    customer: str | None
    customer_name: Annotated[str, MASKED_NAME]
    request: str | None
    serial: str
    line: str
    line_words: str
    subject: Annotated[str, HIDDEN_TEXT]
    """The subject, or the text of a contact or message."""
    files: tuple[FileShown, ...]
    by: str
    """The person who recorded it; empty if a program did."""


def record_correspondence(
    number: str, form: CorrespondenceForm, topic: CorrespondenceTopic, by: str, now: datetime
) -> Correspondence:
    """File the letter. Raises `DomainError` for a time in the future."""
    at = form.at or now
    if at > now:
        raise DomainError("correspondence.in_future", at=at.isoformat())
    said = shared_fields(form, Correspondence) | topic._asdict() | {"at": at}
    return Correspondence(id=number, recorded_at=now, recorded_by=by, **said)


def span_of_period(period: str, zone: str) -> tuple[datetime, datetime]:
    """Return the beginning and the end of a year (`2026`) or a month (`2026-11`) in this zone."""
    year, _, month = period.partition("-")
    first = datetime(int(year), int(month or 1), 1, tzinfo=ZoneInfo(zone))
    following = first.year * 12 + first.month - 1 + (1 if month else 12)
    last = first.replace(year=following // 12, month=following % 12 + 1)
    return first.astimezone(UTC), last.astimezone(UTC)
