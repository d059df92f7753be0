"""The source of time. All other code receives `now` as a value; only this file reads the system clock."""

from datetime import UTC, datetime
from typing import Protocol

from aftersales.values import to_millis


class Clock(Protocol):
    """A source of aware UTC time in whole milliseconds (MongoDB stores no finer)."""

    def now(self) -> datetime: ...


class SystemClock:
    def now(self) -> datetime:
        return to_millis(datetime.now(UTC))
