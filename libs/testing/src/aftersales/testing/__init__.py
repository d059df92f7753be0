"""Support for tests of every service: a manual clock, real servers, and whole services in one process."""

import asyncio
import os
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import TypeVar

T = TypeVar("T")
for _name, _value in {"DEVELOPMENT": "true", "CALLS_A_MINUTE": "1000000"}.items():
    os.environ.setdefault(f"AFTERSALES_{_name}", _value)  # for this process and the services that it starts


class ManualClock:
    """A clock that stays at one time until it is moved."""

    def __init__(self, at: datetime = datetime(2026, 11, 23, 1, 0, tzinfo=UTC)) -> None:
        self._at = at

    def now(self) -> datetime:
        return self._at

    def advance(self, **by: float) -> datetime:
        """Move the clock, for instance `advance(hours=3)`, and return the new time."""
        self._at += timedelta(**by)
        return self._at


async def eventually(found: Callable[[], Awaitable[T | None]], seconds: float = 15) -> T:
    """Poll `found` and return its first truthy result. Raises `AssertionError` after `seconds`."""
    deadline = asyncio.get_running_loop().time() + seconds
    while not (result := await found()):
        if asyncio.get_running_loop().time() > deadline:
            raise AssertionError(f"did not happen within {seconds} s; last seen: {result!r}")
        await asyncio.sleep(0.02)
    return result
