"""Where the time comes from. Everything else gets `now` as a value; only this file asks the machine."""

from datetime import UTC, datetime
from typing import Protocol


class Clock(Protocol):
    """A source of aware UTC time in whole milliseconds (MongoDB stores no finer)."""

    def now(self) -> datetime: ...


def to_millis(at: datetime) -> datetime:
    """Cut `at` down to the millisecond, so that a stored time equals the one it was made from."""
    return at.replace(microsecond=at.microsecond // 1000 * 1000)


class SystemClock:
    def now(self) -> datetime:
        return to_millis(datetime.now(UTC))
