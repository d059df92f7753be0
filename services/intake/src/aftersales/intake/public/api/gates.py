"""Limits for callers without a login (INT-11)."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Annotated

from fastapi import Depends, Request

from aftersales.common.http.throttle import Throttle
from aftersales.engine import RequestContext
from aftersales.values.errors import TooMany

_MINUTE, _HOUR = timedelta(minutes=1), timedelta(hours=1)
WHOLE_PHONE = 8
"""The number of digits of a whole phone number: eight, as in a Chinese landline number without area code."""
_WHOLE_TRIES = 10
"""The factor by which more wrong whole phones than short tails are accepted from one address."""


@dataclass(frozen=True)
class _Gates:
    """Limits for anonymous callers, in each process separately (ADR 10 explains why that is enough)."""

    lookups: Throttle
    tries_by_caller: Throttle
    tries_by_number: Throttle
    whole_tries: Throttle
    complaints: Throttle
    prices: Throttle
    reading: asyncio.Lock = field(default_factory=asyncio.Lock)
    """Held while the page's information is read, so that it is read once for all callers."""

    def begin_try(self, context: RequestContext, number: str, digits: str) -> Callable[[], None]:
        """Count a try at a request's phone, and return a function that uncounts it, to call when the phone was right.

        Raises `TooMany`. After too many wrong short tails the whole phone is required, which cannot be guessed: nobody
        can lock a customer out by guessing.
        """
        whole = len(digits) >= WHOLE_PHONE
        short = [(self.tries_by_caller, context.client), (self.tries_by_number, number)]
        taken: list[tuple[Throttle, str]] = []

        def give_back() -> None:
            for throttle, key in taken:
                throttle.give_back(key)

        for throttle, key in [(self.whole_tries, context.client)] if whole else short:
            if seconds := throttle.take(key, context.now):
                give_back()
                if whole:
                    raise TooMany("public.too_many", seconds=seconds)
                raise TooMany("public.whole_phone", seconds=seconds)
            taken.append((throttle, key))
        return give_back


async def _gates(request: Request, context: RequestContext) -> _Gates:
    state = request.app.state
    if not hasattr(state, "gates"):
        given = context.settings
        state.gates = _Gates(
            lookups=Throttle(given.public_lookups, _MINUTE),
            tries_by_caller=Throttle(given.public_tries, _HOUR),
            tries_by_number=Throttle(given.public_tries, _HOUR),
            whole_tries=Throttle(given.public_tries * _WHOLE_TRIES, _HOUR),
            complaints=Throttle(given.public_complaints, _HOUR),
            prices=Throttle(given.public_lookups, _MINUTE),
        )
    gates: _Gates = state.gates
    return gates


Gates = Annotated[_Gates, Depends(_gates)]


def pass_gate(throttle: Throttle, context: RequestContext, key: str) -> None:
    """Count a call. Raises `TooMany`."""
    if seconds := throttle.take(key, context.now):
        raise TooMany("public.too_many", seconds=seconds)
