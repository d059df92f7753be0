"""Outcomes of partner events (INT-12): receipts that the partner can read."""

import json
from contextlib import suppress
from datetime import datetime
from typing import Any, ClassVar, Literal, NamedTuple

from pydantic import Field

from aftersales.common.aggregate import Aggregate
from aftersales.common.events import Event, decode_envelope
from aftersales.common.events.intake import Param, PartnerMessageAccepted, PartnerMessageRefused, WrongField
from aftersales.common.partners import Sender, sender_of
from aftersales.values.errors import DomainError, Malformed

UNKNOWN = "unknown"
"""The source of unreadable messages."""
ReceiptOutcome = Literal["accepted", "duplicate", "refused"]


class MessageEffect(NamedTuple):
    """The effect of an event: a service request, the sale of a product, or a parcel, which may already be known."""

    request: str | None = None
    serial: str | None = None
    waybill: str | None = None
    duplicate: bool = False


class PartnerMessage(Aggregate):
    """The outcome of one event. Its id stands for partner, source and event id, so a repeated event has the same.

    A refused event with other content under an accepted id has a receipt of its own.
    """

    COLLECTION: ClassVar[str] = "partner_messages"
    AUDITED: ClassVar[bool] = False  # it is a record of events itself

    branch: str = "-"
    partner: str = ""
    """The RabbitMQ user who published it; empty if unknown."""
    source: str
    message: str
    reference: str = ""
    type: str
    digest: str = ""
    """A digest of type and data; of the whole body if unreadable."""
    state: ReceiptOutcome
    request: str | None = None
    serial: str | None = None
    waybill: str | None = None
    code: str = ""
    params: dict[str, Any] = Field(default_factory=dict)
    at: datetime


ReceiptDecision = tuple[PartnerMessage, tuple[Event, ...]]


def known_of(receipts: tuple[PartnerMessage | None, ...], sender: Sender) -> PartnerMessage | None:
    """Return the receipt of this event. Receipts from before 0.2 have ids that another event's may equal."""
    return next((one for one in receipts if one and (one.source, one.message) == (sender.source, sender.id)), None)


def is_done(known: PartnerMessage | None, sender: Sender) -> bool:
    """Return whether the event has had its effect. Raises `DomainError` for another content under its id."""
    if known is None or known.state == "refused":
        return False
    if known.digest not in {"", sender.digest}:
        raise DomainError("partner.other_content", id=sender.id, at=known.at.isoformat())
    return True


def accept_message(
    known: PartnerMessage | None, sender: Sender, kind: str, done: MessageEffect, at: datetime
) -> ReceiptDecision:
    """Record the effect, and publish it for the partner."""
    about = {"partner": sender.user, "source": sender.source, "type": kind, "reference": sender.reference}
    receipt = PartnerMessage(
        id=known.id if known else sender.event,
        version=known.version if known else 0,
        message=sender.id,
        digest=sender.digest,
        state="duplicate" if done.duplicate else "accepted",
        request=done.request,
        serial=done.serial,
        waybill=done.waybill,
        at=at,
        **about,
    )
    return receipt, (PartnerMessageAccepted(id=sender.id, **about, **done._asdict(), at=at),)


def refuse_message(known: PartnerMessage | None, message: PartnerMessage) -> ReceiptDecision:
    """Record and publish the refusal once, since a message may be delivered again. An accepted event stays accepted."""
    if known and (known.state != "refused" or (known.code, known.params) == (message.code, message.params)):
        return known, ()
    plain = {name: value for name, value in message.params.items() if name != "errors"}
    event = PartnerMessageRefused(
        source=message.source,
        id=message.message,
        type=message.type,
        partner=message.partner,
        code=message.code,
        params=tuple(Param(name=name, value=str(value)) for name, value in plain.items()),
        errors=tuple(WrongField(**wrong) for wrong in message.params.get("errors", ())),
        at=message.at,
    )
    changes = {name: getattr(message, name) for name in ("code", "params", "at", "digest", "type", "reference")}
    return (known or message).but(**changes), (event,)


def stated_sender(body: bytes, user: str, digest: str) -> Sender:
    """Return the sender as far as a possibly unreadable message states it; `digest` replaces a missing id."""
    with suppress(Malformed):
        return sender_of(decode_envelope(body), user)
    try:
        said = json.loads(body)
    except (ValueError, RecursionError):
        said = {}
    said = said if isinstance(said, dict) else {}
    source, id, reference = (_name(said.get(name)) for name in ("source", "id", "subject"))
    return Sender(user, source or UNKNOWN, id or digest, reference, digest)


def _name(said: Any) -> str:
    """Return text that can be stored and searched for, else ""."""
    return said if isinstance(said, str) and len(said) <= 256 and said.isprintable() else ""
