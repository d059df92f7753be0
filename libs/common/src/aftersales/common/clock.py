"""Where the time comes from. Everything else gets `now` as a value; only this file asks the machine."""

from datetime import UTC, datetime
from typing import Protocol

from aftersales.values import to_millis


class Clock(Protocol):
    """A source of aware UTC time in whole milliseconds (MongoDB stores no finer)."""

    def now(self) -> datetime: ...


class SystemClock:
    def now(self) -> datetime:
        return to_millis(datetime.now(UTC))
