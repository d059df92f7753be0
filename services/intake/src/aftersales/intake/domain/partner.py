"""What became of each partner event (INT-12): a receipt that the partner can read."""

import json
from datetime import datetime
from typing import Any, ClassVar, Literal

from pydantic import Field

from aftersales.common.aggregate import Aggregate
from aftersales.common.events import Event
from aftersales.common.events.intake import Param, PartnerMessageRefused, WrongField

UNKNOWN = "unknown"
"""The source of what cannot be read."""
Outcome = Literal["accepted", "duplicate", "refused"]


class PartnerMessage(Aggregate):
    """The outcome of one event; its id is `<source>|<event id>`, so that the same event again is this one."""

    COLLECTION: ClassVar[str] = "partner_messages"
    AUDITED: ClassVar[bool] = False  # it is itself a record of what happened

    branch: str = "-"
    source: str
    message: str
    type: str
    state: Outcome
    code: str = ""
    params: dict[str, Any] = Field(default_factory=dict)
    at: datetime


def refuse(known: PartnerMessage | None, message: PartnerMessage) -> tuple[PartnerMessage, tuple[Event, ...]]:
    """Record the refusal and tell it, once: the same message may be delivered again. What was accepted stays so."""
    if known and (known.state != "refused" or (known.code, known.params) == (message.code, message.params)):
        return known, ()
    plain = {name: value for name, value in message.params.items() if name != "errors"}
    event = PartnerMessageRefused(
        source=message.source,
        id=message.message,
        type=message.type,
        code=message.code,
        params=tuple(Param(name=name, value=str(value)) for name, value in plain.items()),
        errors=tuple(WrongField(**wrong) for wrong in message.params.get("errors", ())),
        at=message.at,
    )
    return (known or message).but(code=message.code, params=message.params, at=message.at), (event,)


def sender(body: bytes, digest: str) -> tuple[str, str]:
    """Source and id of a message that may be anything, as far as it says them."""
    try:
        said = json.loads(body)
    except (ValueError, RecursionError):
        return UNKNOWN, digest
    said = said if isinstance(said, dict) else {}
    source, id = (_name(said.get(name)) for name in ("source", "id"))
    return source or UNKNOWN, id or digest


def _name(said: Any) -> str:
    return said if isinstance(said, str) and len(said) <= 256 and said.isprintable() else ""
