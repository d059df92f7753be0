"""Outgoing messages: those of one commit are a parcel, which is one row of the outbox."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from aftersales.common.mongo import Document

_PARCEL_BYTES = 4_000_000
PUBLISH_ATTEMPTS = 8
"""How often a message may find no queue before it becomes a dead letter, within eleven minutes."""


@dataclass(slots=True)  # not frozen, like a delivery: there is one per message
class Outgoing:
    """A message to publish. `id` (a UUIDv7, so ids are in order of creation) is also the AMQP message id."""

    id: str
    exchange: str
    key: str
    body: bytes
    headers: Document = field(default_factory=dict)


@dataclass(slots=True)
class Parcel:
    """Messages of one commit, in one row of the outbox; a row for each would cost more than the rest of the commit."""

    id: str
    at: datetime
    messages: list[Outgoing]
    tries: int = 0
    """How often the broker has refused the remaining messages."""
    unanswered: set[str] = field(default_factory=set)
    confirmed: list[str] = field(default_factory=list)
    returned: list[str] = field(default_factory=list)

    @property
    def sent(self) -> bool:
        """Whether the broker has confirmed all of it."""
        return len(self.confirmed) == len(self.messages)

    @property
    def hopeless(self) -> bool:
        """Whether no attempt is left and no remaining message has a queue, so that waiting cannot help."""
        return self.tries + 1 >= PUBLISH_ATTEMPTS and all(message.id in self.returned for message in self.left)

    @property
    def left(self) -> list[Outgoing]:
        """The messages that the broker has not confirmed."""
        return [message for message in self.messages if message.id not in self.confirmed]

    @property
    def size(self) -> int:
        """Bytes of the bodies."""
        return sum(len(message.body) for message in self.messages)

    def row(self) -> Document:
        fields = Outgoing.__slots__
        messages = [{name: getattr(message, name) for name in fields} for message in self.messages]
        return {"_id": self.id, "at": self.at, "messages": messages}


def pack_parcels(messages: Sequence[Outgoing], at: datetime) -> list[Parcel]:
    """Return one parcel, or several if a row would be too large."""
    parcels: list[Parcel] = []
    room = -1
    for message in messages:
        room -= len(message.body)
        if room < 0:
            parcels.append(Parcel(message.id, at, []))
            room = _PARCEL_BYTES - len(message.body)
        parcels[-1].messages.append(message)
    return parcels


def from_row(row: Mapping[str, Any]) -> Parcel:
    messages = [Outgoing(**message) for message in row["messages"]]
    return Parcel(row["_id"], row["at"], messages, row.get("tries", 0))
