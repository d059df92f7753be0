"""How often somebody may ask: a bucket of tokens by key, in this process only. Pure but for its own memory."""

import heapq
import math
import re
from datetime import datetime, timedelta
from ipaddress import IPv6Address, ip_address

_FORGOTTEN_AT_ONCE = 0.1


class Throttle:
    """`calls` at once, and again one each `per / calls` (the generic cell rate algorithm: one time by key).

    At most `keys` buckets are remembered. Full ones say nothing and are forgotten first, then those that miss least: a
    bucket that somebody has emptied outlasts any number of callers who took one token each.
    """

    def __init__(self, calls: int, per: timedelta, keys: int = 10_000) -> None:
        self._per, self._step, self._keys = per, per / calls, keys
        self._full_at: dict[str, datetime] = {}
        """When each bucket will be full again: `per` ahead at most, or the clock has gone back since."""

    def take(self, key: str, now: datetime) -> int:
        """Take a token: 0, or, when there is none, the seconds until there is one."""
        full_at = self._full_at.get(key, now)
        if not now <= full_at <= now + self._per:
            full_at = now
        late = full_at + self._step - now - self._per
        if late > timedelta(0):
            return math.ceil(late.total_seconds())
        self._full_at[key] = full_at + self._step
        if len(self._full_at) > self._keys:
            self._forget(now)
        return 0

    def give_back(self, key: str) -> None:
        """Return a token that `take` gave: what it was for does not count."""
        if key in self._full_at:
            self._full_at[key] -= self._step

    def _forget(self, now: datetime) -> None:
        self._full_at = {key: at for key, at in self._full_at.items() if now < at <= now + self._per}
        if len(self._full_at) > self._keys:
            some = math.ceil(self._keys * _FORGOTTEN_AT_ONCE)
            for key in heapq.nsmallest(some, self._full_at, key=self._full_at.__getitem__):
                del self._full_at[key]


_WITH_PORT = re.compile(r"\[([^\]]+)\](?::\d+)?|([^:]+):\d+")


def network_of(address: str) -> str:
    """Name whom to count as one caller: who has one IPv6 address has 2**64 of them. A port makes no difference.

    What is no address stands alone.
    """
    if matched := _WITH_PORT.fullmatch(address):
        address = matched[1] or matched[2]
    try:
        known = ip_address(address)
    except ValueError:
        return address[:64]
    if isinstance(known, IPv6Address):
        return str(known.ipv4_mapped or IPv6Address(int(known) >> 64 << 64))
    return str(known)
