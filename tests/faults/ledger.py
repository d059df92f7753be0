"""What the load knows for certain: everything it sent, and everything it was answered."""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any


@dataclass
class Attempt:
    """A request somebody tried to register, by HTTP or as a partner; `serial` finds it again in the database."""

    serial: str
    channel: str
    number: str | None = None
    """Its number, once it was accepted over HTTP."""
    accepted_at: datetime | None = None

    @property
    def accepted(self) -> bool:
        return self.accepted_at is not None


@dataclass
class Command:
    """Something sent with an Idempotency-Key; `status` is the final answer, None when there never was one."""

    key: str
    service: str
    method: str
    path: str
    body: Any = None
    status: int | None = None
    version: int | None = None
    """Of the document in the answer."""
    tries: int = 0
    replayed: bool = False
    """Whether the service said that it had answered this key before."""

    @property
    def accepted(self) -> bool:
        return self.status is not None and self.status < 300


@dataclass
class Ledger:
    attempts: dict[str, Attempt] = field(default_factory=dict)
    commands: dict[str, Command] = field(default_factory=dict)
    malformed: set[str] = field(default_factory=set)
    """Ids under which messages that mean nothing must be parked at intake."""
    retries: int = 0
    """How often a connection broke or a service answered 503."""
    problems: list[str] = field(default_factory=list)
    """Answers nobody should ever get (a 500, or a 422 to a form that is right)."""

    @property
    def accepted(self) -> list[Attempt]:
        return [attempt for attempt in self.attempts.values() if attempt.accepted]


def utc_now() -> datetime:
    return datetime.now(UTC)
