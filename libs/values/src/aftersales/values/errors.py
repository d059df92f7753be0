"""What can go wrong, as codes and parameters; words are found at the edge (`messages/`)."""

from typing import Any, ClassVar


class DomainError(Exception):
    """A rule refused a command. HTTP answers 409; a delivered event is parked with the code."""

    status = 409
    transient: ClassVar[bool] = False
    """Whether the same input may be accepted later: no Idempotency-Key remembers such a refusal."""

    def __init__(self, code: str, **params: Any) -> None:
        super().__init__(code, params)
        self.code = code
        self.params = params


class NotFound(DomainError):
    """The thing does not exist, or the caller may not see it. HTTP answers 404."""

    status = 404


class Gone(DomainError):
    """The thing was archived. HTTP answers 410; an event about it is parked, to be replayed once it is restored."""

    status = 410


class Malformed(DomainError):
    """The input cannot be read or does not fit its form. HTTP answers 422; an event is parked at once."""

    status = 422


class NotYet(DomainError):
    """An event arrived before the one it builds on: it is tried again later (retry tiers)."""

    transient = True


class PreconditionFailed(DomainError):
    """`If-Match` does not hold (RFC 9110, section 13.1.1). HTTP answers 412."""

    status = 412
    transient = True


class TooMany(DomainError):
    """The caller asks too often. HTTP answers 429; the parameter `seconds` is also its Retry-After."""

    status = 429
    transient = True


class Busy(DomainError):
    """The service cannot take more now. HTTP answers 503 with Retry-After."""

    status = 503
    transient = True


class Unavailable(Exception):
    """MongoDB or RabbitMQ is away: wait and try again; no attempt is counted."""


class Conflict(Exception):
    """Somebody else changed a document, or used a key, that this commit relied on: run again on fresh state."""
