"""Messages from partners: their sender, their content, and the id under which each is stored (INT-12). Pure."""

import base64
import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import unquote, urlsplit

from pydantic_core import from_json, to_json

from aftersales.common.events import PARTNER, Envelope
from aftersales.values.errors import Malformed

STRUCTURED = "application/cloudevents"
PREFIXES = ("cloudevents:", "cloudevents_", "ce-", "ce_")
"""Prefixes of attributes in AMQP headers. CloudEvents' AMQP binding has the first two, SDKs for RabbitMQ and HTTP the
others."""
Sources = Mapping[str, Sequence[str]]
"""RabbitMQ users, each with the sources that it may name; a final `*` matches any ending.

Any user who may publish can name the sources of the empty user name, for clients that cannot set `user_id`.
"""


@dataclass(frozen=True, slots=True)
class Sender:
    """The sender and the identity of an event."""

    user: str
    """The RabbitMQ user who published it, as validated by the broker."""
    source: str
    id: str
    reference: str
    """The event's `subject`, which is the partner's own reference."""
    digest: str
    """The digest of type and data."""

    @property
    def event(self) -> str:
        """The hash of user, source and id, whatever the content."""
        return _hash([self.user, self.source, self.id])

    @property
    def content(self) -> str:
        """The hash of user, source, id and content; the same event sent again has the same hash."""
        return _hash([self.user, self.source, self.id, self.digest])

    @property
    def receipts(self) -> tuple[str, str]:
        """The ids under which a receipt may exist already: the current id, and that of versions before 0.2."""
        return self.event, f"{self.source}|{self.id}"


def sender_of(envelope: Envelope, user: str) -> Sender:
    digest = hashlib.sha256(to_json([envelope.type, _sorted(envelope.data)])).hexdigest()
    return Sender(user, envelope.source, envelope.id, envelope.subject, digest)


@dataclass(frozen=True, slots=True)
class Gate:
    """Checks that partners publish their own types, on their own exchange, from their own sources."""

    exchange: str
    allowed: Sources

    def admit(self, envelope: Envelope, origin: str, user: str) -> None:
        """Raise `Malformed` for an event that is not allowed from `origin`: an exchange, or empty for our own queue."""
        if not envelope.type.startswith(PARTNER):
            if origin == self.exchange:
                raise Malformed("event.not_for_partners", type=envelope.type[:100])
        elif origin == self.exchange:
            self._must_speak_for(user, envelope.source)
        elif origin:
            raise Malformed("event.wrong_exchange", exchange=self.exchange)

    def _must_speak_for(self, user: str, source: str) -> None:
        """Raise `Malformed` unless the validated user, or any user, may name this source."""
        if any(_covers(one, source) for one in self.allowed.get("", ())):
            return
        if not user:
            raise Malformed("partner.unidentified")
        if not any(_covers(one, source) for one in self.allowed.get(user, ())):
            raise Malformed("partner.source_not_theirs", user=user, source=source)


def own_user(amqp_url: str) -> str:
    """Return the RabbitMQ user of an AMQP URL; `guest` if it names none."""
    return unquote(urlsplit(amqp_url).username or "guest")


def own_sources(amqp_urls: Iterable[str]) -> Sources:
    """Return the sources of our own users, who may name any."""
    return {own_user(url): ("*",) for url in amqp_urls}


def _covers(allowed: str, source: str) -> bool:
    return source.startswith(allowed[:-1]) if allowed.endswith("*") else source == allowed


def to_structured_mode(body: bytes, headers: Mapping[str, Any], content_type: str) -> bytes:
    """Return the message in structured mode, in which it may be already.

    In binary mode, attributes are headers and the body is the data; data that is not JSON becomes `data_base64`. Raises
    `Malformed` for a batch.
    """
    if content_type.lower().startswith(f"{STRUCTURED}-batch"):
        raise Malformed("event.batch")
    attributes = {} if content_type.lower().startswith(STRUCTURED) else _attributes(headers)
    if not attributes:
        return body
    if content_type:
        attributes["datacontenttype"] = content_type
    try:
        return to_json(attributes | {"data": from_json(body, allow_inf_nan=False)})
    except ValueError:
        return to_json(attributes | {"data_base64": base64.b64encode(body).decode()})


def _attributes(headers: Mapping[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, value in headers.items():
        for prefix in PREFIXES:
            if name.lower().startswith(prefix):
                found[name[len(prefix) :].lower()] = _text(value)
    return found


def _text(value: Any) -> Any:
    """Return a header value as text, with AMQP's own types in the notation of CloudEvents."""
    if isinstance(value, bytes):
        return value.decode(errors="replace")
    if isinstance(value, datetime):
        return (value if value.tzinfo else value.replace(tzinfo=UTC)).isoformat()
    return value if isinstance(value, str) else to_json(value, serialize_unknown=True).decode()


def _sorted(value: Any) -> Any:
    """Return the same JSON value with its keys in order."""
    if isinstance(value, dict):
        return {name: _sorted(value[name]) for name in sorted(value)}
    return [_sorted(one) for one in value] if isinstance(value, list) else value


def _hash(names: list[str]) -> str:
    """Return one id for several names; JSON separates them, whatever they contain."""
    return hashlib.sha256(to_json(names)).hexdigest()
