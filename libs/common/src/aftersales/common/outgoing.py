"""Messages on their way out: those of one commit are a parcel, which is one row of the outbox."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from aftersales.common.mongo import Document

_PARCEL_BYTES = 4_000_000
PUBLISH_ATTEMPTS = 8
"""How often a message may find no queue before it is parked: within eleven minutes."""


@dataclass(slots=True)  # not frozen, like a delivery: there is one a message
class Outgoing:
    """A message to publish. `id` (a UUIDv7: its order is that of creation) is also the AMQP message id."""

    id: str
    exchange: str
    key: str
    body: bytes
    headers: Document = field(default_factory=dict)


@dataclass(slots=True)
class Parcel:
    """Messages of one commit: one row of the outbox (a row each would cost more than all else in the commit)."""

    id: str
    at: datetime
    messages: list[Outgoing]
    tries: int = 0
    """How often the broker has refused what is left of it."""
    unanswered: set[str] = field(default_factory=set)
    confirmed: list[str] = field(default_factory=list)
    returned: list[str] = field(default_factory=list)

    @property
    def sent(self) -> bool:
        """Whether the broker has all of it, so that the row may go."""
        return len(self.confirmed) == len(self.messages)

    @property
    def hopeless(self) -> bool:
        """Whether all that is left has been refused too often, for want of a queue: waiting does not mend that."""
        return self.tries + 1 >= PUBLISH_ATTEMPTS and all(message.id in self.returned for message in self.left)

    @property
    def left(self) -> list[Outgoing]:
        """What the broker has not confirmed."""
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
    """One parcel, or a few: a row has its limit."""
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
