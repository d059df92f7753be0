"""How often somebody may ask: a bucket of tokens by key, in this process only. Pure but for its own memory."""

import math
from datetime import datetime, timedelta
from ipaddress import IPv6Address, ip_address


class Throttle:
    """`calls` at once, and again one each `per / calls` (the generic cell rate algorithm: one time by key).

    With more than `keys` of them the one that asked longest ago is forgotten.
    """

    def __init__(self, calls: int, per: timedelta, keys: int = 10_000) -> None:
        self._slack, self._step, self._keys = per - per / calls, per / calls, keys
        self._full_at: dict[str, datetime] = {}
        """When each bucket will be full again, in the order of asking."""

    def take(self, key: str, now: datetime) -> int:
        """Take a token: 0, or, when there is none, the seconds until there is one."""
        full_at = max(self._full_at.get(key, now), now)
        late = full_at - now - self._slack
        if late > timedelta(0):
            return math.ceil(late.total_seconds())
        self._full_at.pop(key, None)
        self._full_at[key] = full_at + self._step
        if len(self._full_at) > self._keys:
            del self._full_at[next(iter(self._full_at))]
        return 0


def network(address: str) -> str:
    """Name whom to count as one caller: who has one IPv6 address has 2**64 of them. What is no address stands alone."""
    try:
        known = ip_address(address)
    except ValueError:
        return address[:64]
    if isinstance(known, IPv6Address):
        return str(known.ipv4_mapped or IPv6Address(int(known) >> 64 << 64))
    return str(known)
