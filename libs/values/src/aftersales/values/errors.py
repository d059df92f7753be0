"""Errors as codes and parameters; text is added at the edge (`messages/`)."""

from typing import Any, ClassVar


class DomainError(Exception):
    """A rule refused a command. HTTP answers 409; a delivered event becomes a dead letter with the code."""

    status = 409
    transient: ClassVar[bool] = False
    """Whether the same input may be accepted later; such a refusal is not stored for the Idempotency-Key."""

    def __init__(self, code: str, **params: Any) -> None:
        super().__init__(code, params)
        self.code = code
        self.params = params


class NotFound(DomainError):
    """The thing does not exist, or the caller may not see it. HTTP answers 404."""

    status = 404


class Forbidden(DomainError):
    """The caller may not do this. HTTP answers 403."""

    status = 403


class Gone(DomainError):
    """The thing was archived. HTTP answers 410; an event becomes a dead letter, for replay after restoration."""

    status = 410


class Malformed(DomainError):
    """The input cannot be read or does not fit its form. HTTP answers 422; an event is a dead letter without retry."""

    status = 422


class NotYet(DomainError):
    """An event arrived before the one on which it depends; it is retried later (retry tiers)."""

    transient = True


class PreconditionFailed(DomainError):
    """`If-Match` does not hold (RFC 9110, section 13.1.1). HTTP answers 412."""

    status = 412
    transient = True


class TooMany(DomainError):
    """The caller sends too many requests. HTTP answers 429; the parameter `seconds` is also its Retry-After."""

    status = 429
    transient = True


class Busy(DomainError):
    """The service cannot accept more now. HTTP answers 503 with Retry-After."""

    status = 503
    transient = True


class Unavailable(Exception):
    """MongoDB or RabbitMQ cannot be reached: wait and try again; this does not count as an attempt."""


class Conflict(Exception):
    """A document or key on which this commit relied was changed or used meanwhile: run again on fresh state."""
